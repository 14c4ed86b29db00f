"""What bottles and bags really held against the book, by item, over a period. Reads only.

A case is a container that was weighed or finished as empty: how much more was used than the book knew, as a
share of what was ever put into it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.catalog.models import Item
from supply.domain.containers.models import ContainerCheck
from supply.domain.containers.reading import FILLED
from supply.domain.ledger.models import Container
from supply.domain.reports.cases import Asked, period_of, places_of
from supply.domain.reports.deviation import Estimate, Verdict, estimates, sample_of
from supply.permissions import Actor


@dataclass(frozen=True, slots=True)
class Weighed:
    """An item's checks together; `difference` is found minus expected, base units."""

    item: Item
    estimate: Estimate
    difference: int


def weighed_of(session: Session, actor: Actor, asked: Asked) -> list[Weighed]:
    """By item, those that can be told from chance first, else by name. Costs the checks of the period."""
    shares: dict[UUID, list[float]] = defaultdict(list)
    sums: dict[UUID, int] = defaultdict(int)
    items: dict[UUID, Item] = {}
    for place in places_of(session, actor, asked):
        begins, ends = period_of(place, asked)
        query = (
            select(ContainerCheck, Item, FILLED.label("filled"))
            .join(Container, Container.id == ContainerCheck.container_id)
            .join(Item, Item.id == ContainerCheck.item_id)
            .where(
                ContainerCheck.branch_id == place.id,
                ContainerCheck.undone_at.is_(None),
                ContainerCheck.happened_at >= begins,
                ContainerCheck.happened_at < ends,
            )
        )
        if asked.item_id is not None:
            query = query.where(ContainerCheck.item_id == asked.item_id)
        for row in session.execute(query):
            check = row.ContainerCheck
            items[check.item_id] = row.Item
            sums[check.item_id] += check.difference
            shares[check.item_id].append(-check.difference / row.filled if row.filled else 0.0)
    return _judged(items, sums, shares)


def _judged(items: dict[UUID, Item], sums: dict[UUID, int], shares: dict[UUID, list[float]]) -> list[Weighed]:
    judged: Sequence[Estimate] = estimates(sample_of(shares[item_id]) for item_id in items)
    rows = [
        Weighed(item, estimate, sums[item_id])
        for (item_id, item), estimate in zip(items.items(), judged, strict=True)
    ]
    order = list(Verdict)
    return sorted(rows, key=lambda row: (order.index(row.estimate.verdict), row.item.sort_key))
