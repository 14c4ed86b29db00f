"""The demo spa's last hour: most levels are left to the plan, and the plan runs for the first time."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from supply import clock
from supply.cli.demo.founding import House, told
from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Holding, Lot, LotKind, Movement, MovementType, StockLevel
from supply.domain.ledger.shelf import set_policy
from supply.domain.outbox import subscribing
from supply.domain.outbox.models import Event
from supply.domain.people.machine import planner
from supply.domain.planning import deciding, drafting
from supply.domain.planning import service as planning
from supply.domain.planning.listing import open_flags
from supply.domain.purchasing.flags import asked_of
from supply.domain.recalls import service as recalls

SNOOZED_DAYS = 3


def plan(session: Session, house: House) -> None:
    """Free the levels, plan the branch; one flag can wait, the others are asked for, but for what a manager
    wants more of. A program listens, and a supplier calls a lot back."""
    _free_levels(session, house)
    _listen(session, house)
    branch = session.get_one(Branch, house.branch_id)
    planning.plan_branch(session, branch)
    _snooze_one(session, house)
    drafting.draft_requisitions(session, planner(session, branch.id), branch)
    _want_more_of_one(session, house)
    _recall_one(session, house)


def _free_levels(session: Session, house: House) -> None:
    """Of all items but a few, whose levels the managers keep in their own hands."""
    query = (
        select(StockLevel.item_id, StockLevel.policy_version)
        .join(Item, Item.id == StockLevel.item_id)
        .where(
            StockLevel.branch_id == house.branch_id,
            StockLevel.reorder_point.is_not(None),
            Item.code.not_in(told()["by_hand"]),
        )
        .order_by(Item.code)
    )
    for item_id, version in session.execute(query).all():
        set_policy(
            session,
            house.manager,
            branch_id=house.branch_id,
            item_id=item_id,
            reorder_point=None,
            par_level=None,
            version=version,
        )


def _want_more_of_one(session: Session, house: House) -> None:
    """A manager raises a level kept by hand above what is there and coming, of an item that nobody has asked
    for: whoever looks around finds a flag to ask for, on whatever day the story ends."""
    query = (
        select(StockLevel)
        .join(Item, Item.id == StockLevel.item_id)
        .where(
            StockLevel.branch_id == house.branch_id,
            StockLevel.reorder_point.is_not(None),
            Item.code.in_(told()["by_hand"]),
        )
        .order_by(Item.code.desc())
    )
    levels = session.scalars(query).all()
    asked = asked_of(session, house.branch_id, [level.item_id for level in levels])
    for level in [level for level in levels if level.item_id not in asked][:1]:
        point = max(level.on_hand + level.on_order, level.reorder_point or 0)
        set_policy(
            session,
            house.manager,
            branch_id=house.branch_id,
            item_id=level.item_id,
            reorder_point=point,
            par_level=2 * point,
            version=level.policy_version,
        )


def _listen(session: Session, house: House) -> None:
    """The booking system listens; there is none at its address, so its messages wait."""
    subscribing.create_webhook(
        session,
        house.manager,
        name="Hệ thống đặt lịch",
        url="https://booking.example/hooks/supply",
        events=[Event.FLAG_RAISED, Event.LOT_EXPIRING, Event.VISIT_COMPLETED],
        branch_ids=[house.branch_id],
    )


def _recall_one(session: Session, house: House) -> None:
    """The supplier of the newest lot that visits used up calls it back: too late for the shelf."""
    here = house.branch_id
    standing = select(Holding.lot_id).where(Holding.branch_id == here, Holding.quantity > 0)
    brewed = _took(here, MovementType.PREPARATION_OUT)
    query = select(Lot.id).where(Lot.id.in_(_took(here, MovementType.USAGE)), Lot.id.not_in(standing))
    query = query.where(Lot.kind != LotKind.PREPARED, Lot.id.not_in(brewed))
    lot_id = session.scalar(query.order_by(Lot.id.desc()).limit(1))
    if lot_id is not None:
        reason = "Nhà cung cấp báo lô này bị ẩm."
        recalls.open_recall(session, house.manager, branch_id=here, lot_id=lot_id, reason=reason)


def _took(branch_id: UUID, kind: MovementType) -> Select[UUID]:
    """The lots that such movements of a branch took of."""
    return select(Movement.lot_id).where(Movement.branch_id == branch_id, Movement.type == kind)


def _snooze_one(session: Session, house: House) -> None:
    """The last flag by name that nobody has asked for yet can wait."""
    flags = sorted(open_flags(session, house.branch_id), key=lambda flag: flag.item.sort_key)
    asked = asked_of(session, house.branch_id, [flag.item_id for flag in flags])
    free = [flag for flag in flags if flag.item_id not in asked and flag.wanted]
    if free:
        deciding.snooze_flag(
            session,
            house.manager,
            free[-1].id,
            until=clock.today(house.timezone) + timedelta(days=SNOOZED_DAYS),
            reason="Chờ kiểm kho xong rồi đặt.",
            version=free[-1].version,
        )
