"""Stock for tests, put there through the ledger: items, deliveries, uses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id, read_snapshot, write_transaction
from supply.domain.catalog.models import Category, Item
from supply.domain.ledger import service as ledger
from supply.domain.ledger.checking import check_ledger
from supply.domain.ledger.models import Lot, StockLevel
from supply.permissions import Actor
from supply.quantity import Dimension
from tests.cast import Cast


def add_item(session: Session, code: str, *, opened_life_days: int | None = None) -> UUID:
    """An item by mass, written directly; the caller commits."""
    item = Item(
        code=code,
        name_en=code.title(),
        name_vi=code.title(),
        category=Category.HERB,
        dimension=Dimension.MASS,
        stock_unit="g",
        usage_unit="g",
        natural_step=1_000,
        opened_life_days=opened_life_days,
        search_key=code,
        sort_key=code,
    )
    session.add(item)
    session.flush()
    return item.id


def stock(
    cast: Cast,
    item_id: UUID,
    quantity: int,
    *,
    number: str = "L1",
    expires_on: date | None = None,
    actor: Actor | None = None,
) -> tuple[UUID, UUID]:
    """Put a lot on the shelf of the main branch and commit: (delivery id, lot id)."""

    (put,) = stock_all(cast, [item_id], quantity, number=number, expires_on=expires_on, actor=actor)
    return put


def stock_all(
    cast: Cast,
    item_ids: Collection[UUID],
    quantity: int,
    *,
    number: str = "L1",
    expires_on: date | None = None,
    actor: Actor | None = None,
) -> list[tuple[UUID, UUID]]:
    """The same of several items, a delivery each, in one transaction."""

    def work(session: Session) -> list[tuple[UUID, UUID]]:
        writer = ledger.lock(session, actor or cast.storekeeper, cast.branch_id)
        lots = ledger.obtain_lots(writer, [ledger.LotFacts(one, number, expires_on) for one in item_ids])
        receipts = [
            ledger.Receipt(one, lot.id, cast.location_id, quantity, "delivery", new_id(), 1, clock.now())
            for one, lot in zip(item_ids, lots, strict=True)
        ]
        ledger.receive(writer, receipts, lots)
        return [(receipt.source_id, receipt.lot_id) for receipt in receipts]

    return write_transaction(work)


def use(
    cast: Cast,
    wanted: Sequence[tuple[UUID, int]],
    *,
    consent: bool = False,
    happened_at: datetime | None = None,
    lot_id: UUID | None = None,
) -> tuple[UUID, list[ledger.Deducted]]:
    """Use items as one completed step would, and commit: (completion id, what was deducted)."""

    def work(session: Session) -> tuple[UUID, list[ledger.Deducted]]:
        writer = ledger.lock(session, cast.therapist, cast.branch_id)
        source, when = new_id(), happened_at or clock.now()
        uses = [
            ledger.Use(item_id, quantity, "completion", source, line, when, lot_id=lot_id)
            for line, (item_id, quantity) in enumerate(wanted, 1)
        ]
        return source, ledger.deduct(writer, uses, consent=consent)

    return write_transaction(work)


def undo(cast: Cast, source_type: str, source_id: UUID) -> list[ledger.Reversed]:
    def work(session: Session) -> list[ledger.Reversed]:
        writer = ledger.lock(session, cast.therapist, cast.branch_id)
        return ledger.reverse(writer, source_type, source_id, happened_at=clock.now())

    return write_transaction(work)


def on_hand(cast: Cast, item_id: UUID) -> int:
    def look(session: Session) -> int:
        level = session.get(StockLevel, (cast.branch_id, item_id))
        return level.on_hand if level else 0

    return read_snapshot(look)


def lot_of(session: Session, lot_id: UUID) -> Lot:
    return session.get_one(Lot, lot_id)


def differences() -> list[str]:
    """What `flask supply check` would name of the ledger; empty where everything agrees."""
    return read_snapshot(lambda session: [str(difference) for difference in check_ledger(session)])
