"""What a delivery shows of prices becomes the supplier's price, where somebody confirms it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.purchasing.asking import terms_of
from supply.domain.receiving.correcting import delivery_to_change
from supply.domain.receiving.models import Delivery, DeliveryLine
from supply.domain.receiving.pricing import per_pack
from supply.domain.suppliers.models import SupplierTerms
from supply.domain.suppliers.prices import learn_price
from supply.errors import Conflict
from supply.i18n import lazy
from supply.permissions import Actor


@dataclass(frozen=True, slots=True)
class Moved:
    """A line whose pack cost something else than the supplier's terms say now."""

    line: DeliveryLine
    terms: SupplierTerms
    price_minor: int


def moved_prices(session: Session, delivery: Delivery, lines: Collection[int] = ()) -> list[Moved]:
    """The lines (of those named, or of all) whose prices are not the supplier's. One statement at most."""
    priced = [
        line
        for line in delivery.lines
        if line.quantity and line.cost_minor is not None and (not lines or line.position in lines)
    ]
    if not priced:
        return []
    known = terms_of(session, {delivery.supplier_id}, [line.item_id for line in priced])
    found = []
    for line in priced:
        terms = known.get((delivery.supplier_id, line.item_id))
        if terms is None or terms.currency != delivery.branch.currency:
            continue
        assert line.cost_minor is not None, "lines without a cost are left out above"
        now = per_pack(line.cost_minor, line.quantity, terms.pack_quantity)
        if now != terms.price_minor:
            found.append(Moved(line, terms, now))
    return found


def confirm_prices(
    session: Session,
    actor: Actor,
    delivery_id: UUID,
    *,
    lines: Collection[int] = (),
    version: int | None = None,
) -> Delivery:
    """What packs cost in this delivery is the supplier's price from now on: of the lines named, or of all.

    Raises Conflict("no_price_moved"), NotFound, Stale.
    """
    _writer, delivery = delivery_to_change(session, actor, delivery_id, version, lines)
    moved = moved_prices(session, delivery, lines)
    if not moved:
        raise Conflict("no_price_moved", lazy("No price of this delivery differs from the supplier's."))
    for one in moved:
        learn_price(session, actor, one.line.item, one.terms, one.price_minor, delivery.id)
    return delivery
