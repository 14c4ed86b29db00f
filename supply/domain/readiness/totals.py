"""What is to be done for all visits together: the fixes that were chosen, added up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from supply.domain.readiness.colouring import StepCover
from supply.domain.readiness.fixing import Fix, Remedy, Seller
from supply.quantity import pack_up

_ORDER = list(Remedy)


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing to do: `quantity` of `item_id` for so much (`covers`) that is short of `short_item_id`."""

    remedy: Remedy
    item_id: UUID
    short_item_id: UUID
    quantity: int
    covers: int
    visits: int
    in_time: bool
    cost_minor: int | None
    branch_id: UUID | None
    supplier_id: UUID | None
    arrives_on: date | None


def add_up(steps: Iterable[StepCover], sellers: Mapping[UUID, Sequence[Seller]]) -> list[ToDo]:
    """The chosen fixes joined where they are the same thing: brewing first, orders last, each by item.

    Packs are counted anew for an order, since two halves of a pack are one. `visits` counts steps' needs.
    """
    joined: dict[tuple[object, ...], list[tuple[UUID, Fix]]] = {}
    for step in steps:
        for cover in step.covers:
            if cover.fixes:
                fix = cover.fixes[0]
                key = (fix.remedy, fix.item_id, cover.dealt.item_id, fix.branch_id, fix.supplier_id)
                joined.setdefault(key, []).append((cover.dealt.item_id, fix))
    found = [_joined(parts, sellers) for parts in joined.values()]
    return sorted(
        found,
        key=lambda one: (_ORDER.index(one.remedy), one.item_id, one.short_item_id, str(one.branch_id)),
    )


def _joined(parts: Sequence[tuple[UUID, Fix]], sellers: Mapping[UUID, Sequence[Seller]]) -> ToDo:
    short_item_id, first = parts[0]
    fixes = [fix for _item, fix in parts]
    covers = sum(fix.covers for fix in fixes)
    quantity = sum(fix.quantity for fix in fixes)
    costs = [fix.cost_minor for fix in fixes]
    cost = None if None in costs else sum(part or 0 for part in costs)
    if first.remedy is Remedy.ORDER:
        seller = next(one for one in sellers[first.item_id] if one.supplier_id == first.supplier_id)
        quantity = max(pack_up(covers, seller.pack_quantity), seller.minimum_packs * seller.pack_quantity)
        packs = quantity // seller.pack_quantity
        cost = None if seller.price_minor is None else packs * seller.price_minor
    return ToDo(
        first.remedy,
        first.item_id,
        short_item_id,
        quantity,
        covers,
        len(parts),
        all(fix.in_time for fix in fixes),
        cost,
        first.branch_id,
        first.supplier_id,
        first.arrives_on,
    )
