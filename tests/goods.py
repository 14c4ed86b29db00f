"""Items, suppliers and policies for tests of buying: three supplies with different packs, two suppliers.

Written through the services; quantities in base units (mg, µl, thousandths of a piece).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import write_transaction
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Category
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import StockLevel
from supply.domain.ledger.shelf import set_policy
from supply.domain.purchasing import deciding
from supply.domain.purchasing import service as purchasing
from supply.domain.purchasing.models import PurchaseOrder
from supply.domain.purchasing.orders import ENDED
from supply.domain.receiving import service as receiving
from supply.domain.suppliers import service as suppliers
from supply.quantity import Dimension
from tests.cast import Cast

KG = 1_000_000
LATER = clock.today("Asia/Ho_Chi_Minh") + timedelta(days=300)  # about: no test minds a day


def this_day() -> date:
    """Today in the branches, asked anew by each test: a run may see a midnight."""
    return clock.today("Asia/Ho_Chi_Minh")


@dataclass(frozen=True, slots=True)
class Goods:
    """Ids only. Ginger: cartons of 5 kg at 250,000, at least 2; oil: bottles of 0.5 l; towels: nobody."""

    ginger: UUID
    oil: UUID
    towel: UUID
    farm: UUID
    oil_house: UUID


def stock_up(cast: Cast) -> Goods:
    """Write the goods and commit."""

    def work(session: Session) -> Goods:
        ginger = _item(session, cast, "ginger", Category.ROOT, Dimension.MASS, "kg", shelf_life_days=300)
        oil = _item(session, cast, "orange-oil", Category.ESSENTIAL_OIL, Dimension.VOLUME, "l")
        towel = _item(session, cast, "towel", Category.CONSUMABLE, Dimension.COUNT, "piece", plain=True)
        farm = suppliers.create_supplier(session, cast.manager, code="FARM", name="Farm", lead_time_days=2)
        house = suppliers.create_supplier(
            session, cast.manager, code="OIL", name="Oil house", lead_time_days=5
        )
        _terms(session, cast, farm.id, ginger, "carton", "5", "kg", 250_000, 2)
        _terms(session, cast, house.id, oil, "bottle", "0.5", "l", 180_000, 1)
        return Goods(ginger, oil, towel, farm.id, house.id)

    return write_transaction(work)


def _item(
    session: Session,
    cast: Cast,
    code: str,
    category: Category,
    dimension: Dimension,
    unit: str,
    *,
    plain: bool = False,
    shelf_life_days: int | None = None,
) -> UUID:
    return catalog.create_item(
        session,
        cast.manager,
        code=code,
        name_en=code.title(),
        name_vi=code,
        category=category,
        dimension=dimension,
        stock_unit=unit,
        usage_unit=unit,
        natural_step=Decimal(1),
        lot_required=not plain,
        expiry_required=not plain,
        shelf_life_days=shelf_life_days,
        opened_life_days=None,
    ).id


def _terms(
    session: Session,
    cast: Cast,
    supplier_id: UUID,
    item_id: UUID,
    pack: str,
    amount: str,
    unit: str,
    price: int,
    minimum: int,
) -> None:
    suppliers.set_terms(
        session,
        cast.manager,
        supplier_id,
        item_id,
        pack_name=pack,
        amount=Decimal(amount),
        unit=unit,
        price_minor=price,
        minimum_packs=minimum,
        preferred=True,
    )


def policy(cast: Cast, item_id: UUID, reorder_point: int, par_level: int) -> None:
    def work(session: Session) -> None:
        set_policy(
            session,
            cast.manager,
            branch_id=cast.branch_id,
            item_id=item_id,
            reorder_point=reorder_point,
            par_level=par_level,
            version=1,
        )

    write_transaction(work)


def line(
    item_id: UUID, amount: str, unit: str, lot: str | None = "L1", expires_on: date | None = LATER
) -> dict[str, object]:
    """A delivery line as a service reads it."""
    return {
        "item_id": item_id,
        "amount": Decimal(amount),
        "unit": unit,
        "lot_number": lot,
        "expires_on": expires_on,
    }


def use(cast: Cast, item_id: UUID, quantity: int) -> None:
    """Somebody uses so much."""

    def work(session: Session) -> None:
        writer = ledger.lock(session, cast.therapist, cast.branch_id)
        one = ledger.Use(item_id, quantity, "completion", cast.room_id, 1, clock.now())
        ledger.deduct(writer, [one])

    write_transaction(work)


def level(session: Session, cast: Cast, item_id: UUID) -> tuple[int, int]:
    """(on hand, on order) of an item."""
    row = session.execute(
        select(StockLevel.on_hand, StockLevel.on_order).where(
            StockLevel.branch_id == cast.branch_id, StockLevel.item_id == item_id
        )
    ).first()
    session.rollback()
    return (0, 0) if row is None else (row.on_hand, row.on_order)


def open_of(session: Session, cast: Cast, item_id: UUID) -> int:
    """What is still open of an item over all orders, summed afresh."""
    query = select(PurchaseOrder).where(
        PurchaseOrder.branch_id == cast.branch_id,
        PurchaseOrder.status.not_in(ENDED),
    )
    total = sum(one.open for order in session.scalars(query) for one in order.lines if one.item_id == item_id)
    session.rollback()
    return total


def ordered(cast: Cast, *lines: tuple[UUID, str, str]) -> list[UUID]:
    """Draft orders for (item, amount, unit): asked for by the storekeeper, approved by the manager."""

    def work(session: Session) -> list[UUID]:
        asked = [{"item_id": item, "amount": Decimal(amount), "unit": unit} for item, amount, unit in lines]
        made = purchasing.raise_requisition(session, cast.storekeeper, branch_id=cast.branch_id, lines=asked)
        purchasing.submit_requisition(session, cast.storekeeper, made.id)
        return [order.id for order in deciding.approve_requisition(session, cast.manager, made.id).orders]

    return write_transaction(work)


def deliver(cast: Cast, supplier_id: UUID, *lines: dict[str, object], order: UUID | None = None) -> UUID:
    """The storekeeper logs what came."""
    return write_transaction(
        lambda s: (
            receiving.log_delivery(
                s,
                cast.storekeeper,
                branch_id=cast.branch_id,
                supplier_id=supplier_id,
                lines=lines,
                purchase_order_id=order,
            ).id
        )
    )
