"""Standard against actual over the API, with what was found in containers, and the completions behind it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock
from supply.api.cursors import identified
from supply.api.endpoint import ApiBlueprint
from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.reports.cases import Asked, list_cases
from supply.domain.reports.variance import variance_of
from supply.domain.reports.variance_schemas import (
    AskVariance,
    ListVarianceCases,
    VarianceCaseOut,
    VarianceOut,
    asked_of,
    case_view,
    variance_view,
)
from supply.domain.reports.weighed import weighed_of
from supply.permissions import Actor, Permission, require

blp = ApiBlueprint("variance", description="Standard against actual, and what can be told from chance.")


def _asked(session: Session, actor: Actor, query: dict[str, Any]) -> Asked:
    require(actor, Permission.VARIANCE_SEE, query["branch_id"])
    branch = branches.get_branch(session, actor, query["branch_id"])
    return asked_of(query, clock.today(branch.timezone))


@blp.get(
    "/variance",
    permission=Permission.VARIANCE_SEE,
    query=AskVariance,
    out=VarianceOut,
    summary="Compare use with the recipes",
    description="Completions that stand, by the day they were done, of at most a year. A case is a "
    "completion (by item: each of its items); its value is the share by which the standard was exceeded. "
    "Means have a t interval of 95 % for the whole table; below 20 cases nothing is concluded, and nobody is "
    "ranked on noise. `by=branch` compares all branches in which you may see it.",
)
def get_variance(session: Session, actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    asked = _asked(session, actor, query)
    told = variance_of(session, actor, asked, query["by"])
    return variance_view(asked, query["by"], told, weighed_of(session, actor, asked))


@blp.get(
    "/variance/cases",
    permission=Permission.VARIANCE_SEE,
    query=ListVarianceCases,
    page_of=VarianceCaseOut,
    summary="List the completions behind a comparison",
    description="The last done first. `apart` lists those with a shortfall, an incident, or something "
    "that the recipe lacks: they are not compared.",
)
def list_variance_cases(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[dict[str, Any]], tuple[UUID] | None]:
    limit, before = query["limit"], identified(query["cursor"])
    asked = _asked(session, actor, query)
    rows = list_cases(session, actor, asked, apart=query["apart"], limit=limit + 1, before=before)
    item = catalog.get_item(session, asked.item_id) if asked.item_id else None
    more = (rows[limit - 1].completion.id,) if len(rows) > limit else None
    return [case_view(row, item) for row in rows[:limit]], more
