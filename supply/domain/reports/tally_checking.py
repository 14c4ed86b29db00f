"""Proof of the totals that reports begin with: recomputed from the movements, what differs is named."""

from __future__ import annotations

from collections.abc import Iterator
from math import isclose
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.branches.models import Branch
from supply.domain.ledger.checking import Difference
from supply.domain.reports.case_tallying import KEY, add_up_cases, by_span
from supply.domain.reports.shares import COUNTS, nothing
from supply.domain.reports.tally_models import TallyCase, TallyItem, TallyStep, TallyValue
from supply.domain.reports.tallying import KEYS, Sums, add_up, heads_of
from supply.domain.visits.models import Completion


def check_tallies(session: Session) -> Iterator[Difference]:
    """Memory grows with the totals, not with the ledger."""
    for branch in session.scalars(select(Branch).order_by(Branch.code)).all():
        until, last = heads_of(session, branch.id)
        if until > last:
            yield Difference(branch.code, "totals", "up to", f"#{until}", f"#{last}")
        tally = add_up(session, branch, 0, min(until, last))
        yield from _compare(session, branch, TallyItem, tally.items, ("quantity", "whole", "rest"))
        yield from _compare(session, branch, TallyValue, tally.values(), ("whole", "rest"))
        yield from _compare(session, branch, TallyStep, tally.steps, ("whole", "rest"))
        yield from _compare_cases(session, branch)


def _compare(
    session: Session, branch: Branch, model: Any, computed: Sums, columns: tuple[str, ...]
) -> Iterator[Difference]:
    names = KEYS[model]
    query = select(*(getattr(model, name) for name in (*names, *columns))).where(model.branch_id == branch.id)
    left = {key: tuple(sums[-len(columns) :]) for key, sums in computed.items()}
    nothing = (0,) * len(columns)
    for row in session.execute(query):
        key, stored = tuple(row[: len(names)]), tuple(row[len(names) :])
        expected = left.pop(key, nothing)
        if stored != expected:
            yield _difference(branch, model, key, stored, expected)
    for key, expected in left.items():
        if any(expected):
            yield _difference(branch, model, key, "missing", expected)


def _compare_cases(session: Session, branch: Branch) -> Iterator[Difference]:
    """The same of what completions used against their recipes. Shares are no whole numbers: nearly equal."""
    cells = add_up_cases(session, branch, Completion.tallied.is_(True), signed=False)
    left = dict(by_span(cells))
    columns: list[Any] = [getattr(TallyCase, name) for name in (*KEY, *COUNTS)]
    for row in session.execute(select(*columns).where(TallyCase.branch_id == branch.id)):
        key, stored = tuple(row[: len(KEY)]), list(row[len(KEY) :])
        expected = left.pop(key, nothing())
        if not all(map(_near, stored, expected)):
            yield _difference(branch, TallyCase, key, stored, expected)
    for key, expected in left.items():
        if any(expected):
            yield _difference(branch, TallyCase, key, "missing", expected)


def _near(one: Any, other: Any) -> bool:
    return one == other or (isinstance(one, float) and isclose(one, other, rel_tol=1e-9, abs_tol=1e-6))


def _difference(branch: Branch, model: Any, key: Any, stored: Any, expected: Any) -> Difference:
    name = " ".join(str(part) for part in key)
    return Difference(branch.code, model.__tablename__, name, str(stored), str(expected))
