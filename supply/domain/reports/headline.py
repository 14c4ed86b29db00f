"""The figures over the reports: what this month cost, what the stock is worth, what was lost, of what more
is used than the recipe says. Reads only.

Each is the whole of the report behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.ledger.cost import rounded
from supply.domain.reports.cases import Asked
from supply.domain.reports.deviation import Verdict
from supply.domain.reports.figures import by_step, open_books, total_of, whole_months
from supply.domain.reports.losses import lost_of
from supply.domain.reports.variance import Group, default_period, items_compared
from supply.domain.reports.worth import standing
from supply.permissions import Actor


@dataclass(frozen=True, slots=True)
class Headline:
    """Minor units: of the month's steps, of what stands now, of the last thirty days.

    `above`: the items of which these thirty days used more than the recipe says, the furthest from it first;
    `judged`: of how many anything can be said.
    """

    month: date
    currency: str
    cost_minor: int
    worth_minor: int
    lost_minor: int
    above: Sequence[Group]
    judged: int


def headline_of(session: Session, actor: Actor, branch_id: UUID) -> Headline:
    """Raises NotFound, Forbidden."""
    books = open_books(session, actor, branch_id, None, None)
    month = whole_months(replace(books, first=books.today))
    used = total_of(by_step(session, month, "month_on").values())
    groups = items_compared(session, actor, Asked(branch_id, *default_period(books.today)))
    return Headline(
        month=month.first,
        currency=books.branch.currency,
        cost_minor=rounded(-used.worth),
        worth_minor=rounded(total_of(standing(session, books).values()).worth),
        lost_minor=rounded(lost_of(session, books)),
        above=sorted(
            (one for one in groups if one.estimate.verdict is Verdict.MORE), key=_distance, reverse=True
        ),
        judged=sum(one.estimate.verdict is not Verdict.TOO_FEW for one in groups),
    )


def _distance(group: Group) -> float:
    return group.estimate.mean or 0.0
