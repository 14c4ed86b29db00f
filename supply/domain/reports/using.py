"""Use by item: what steps and brewing took of each, and what that was worth at lot cost. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.catalog.models import Item
from supply.domain.ledger.cost import shared_out
from supply.domain.reports.figures import NOTHING, Books, by_item, total_of
from supply.domain.reports.kinds import USED, Kind


@dataclass(frozen=True, slots=True)
class ItemUse:
    """Base units and minor units: by steps, and by brewing (whose batches steps use in their turn)."""

    item: Item
    used: int
    minor: int
    brewed: int
    brewed_minor: int
    unpriced: bool


@dataclass(frozen=True, slots=True)
class Uses:
    """The lines add up to the whole, both of them."""

    lines: Sequence[ItemUse]
    minor: int
    brewed_minor: int


def uses_of(session: Session, books: Books) -> Uses:
    """What was used of each item in the days, the dearest first."""
    told = by_item(session, books, "item_id", "kind", kinds=[kind.value for kind in USED])
    ids = {item_id for (item_id, _kind), one in told.items() if one.quantity or one.worth}
    items = {item.id: item for item in session.scalars(select(Item).where(Item.id.in_(sorted(ids))))}
    used = {id_: -told.get((id_, Kind.USE.value), NOTHING) for id_ in ids}
    brewed = {id_: -told.get((id_, Kind.BREWING.value), NOTHING) for id_ in ids}
    order = sorted(ids, key=lambda id_: (-used[id_].worth, -brewed[id_].worth, items[id_].sort_key, id_))
    columns = [shared_out([part[id_].worth for id_ in order]) for part in (used, brewed)]
    lines = [
        ItemUse(
            items[id_],
            used[id_].quantity,
            minor,
            brewed[id_].quantity,
            brewed_minor,
            total_of((used[id_], brewed[id_])).unpriced,
        )
        for id_, minor, brewed_minor in zip(order, *columns, strict=True)
    ]
    return Uses(lines, *(sum(column) for column in columns))
