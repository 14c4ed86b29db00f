"""What somebody did before the journey began: an order under way, items that run low. By the services."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from supply import clock
from supply.database import write_transaction
from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import StockLevel
from supply.domain.people.models import Person
from supply.domain.purchasing import deciding, sending
from supply.domain.purchasing import service as purchasing
from supply.domain.purchasing.flags import PENDING, offers_of
from supply.domain.purchasing.models import Requisition, RequisitionLine, SentBy
from supply.permissions import Actor
from tests.browser.live import MORNING, Spa

T = TypeVar("T")
KG = 1_000_000


def doing(spa: Spa, work: Callable[[Session], T]) -> T:
    with spa.app.app_context(), clock.standing_at(MORNING):
        return write_transaction(work)


def at_work(session: Session, login: str) -> Actor:
    person = session.scalars(select(Person).where(Person.login == login)).one()
    grants = frozenset((grant.role, grant.branch_id) for grant in person.grants)
    return Actor(person.id, person.name, grants)


def first_branch(session: Session) -> UUID:
    return session.scalars(select(Branch.id).order_by(Branch.code)).first()  # type: ignore[return-value]


def order_on_its_way(spa: Spa, code: str = "ginger") -> str:
    """The address of an order that the supplier has: 5 kg of an item."""

    def work(session: Session) -> UUID:
        item = session.scalars(select(Item).where(Item.code == code)).one()
        lan, ngoc, branch = at_work(session, "lan"), at_work(session, "ngoc"), first_branch(session)
        lines = [{"item_id": item.id, "amount": None, "unit": None, "supplier_id": None}]
        lines[0] |= {"amount": 5, "unit": "kg"}
        made = purchasing.raise_requisition(session, lan, branch_id=branch, lines=lines)
        purchasing.submit_requisition(session, lan, made.id)
        (order,) = deciding.approve_requisition(session, ngoc, made.id).orders
        return sending.send_order(session, ngoc, order.id, by=SentBy.PHONE).id

    return f"/purchase-orders/{doing(spa, work)}"


def run_low(spa: Spa, count: int = 2) -> None:
    """Let so many items stand below a reorder point set by hand, of which nobody has asked for any yet."""

    def work(session: Session) -> None:
        branch = first_branch(session)
        asked = (
            select(RequisitionLine.item_id)
            .join(Requisition, Requisition.id == RequisitionLine.requisition_id)
            .where(Requisition.branch_id == branch, Requisition.status.in_(PENDING))
        )
        levels = session.scalars(
            select(StockLevel)
            .where(StockLevel.branch_id == branch, StockLevel.item_id.not_in(asked))
            .order_by(StockLevel.item_id)
        ).all()
        sold = offers_of(session, [level.item_id for level in levels])
        for level in [level for level in levels if level.item_id in sold][:count]:
            point = level.on_hand + level.on_order + KG
            session.execute(
                update(StockLevel)
                .where(StockLevel.branch_id == branch, StockLevel.item_id == level.item_id)
                .values(reorder_point=point, par_level=2 * point)
            )

    doing(spa, work)
