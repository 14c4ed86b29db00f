"""What is done to lots, containers and policy: quarantine, opening, finishing, reorder point and par."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import Container, Lot, MovementType, StockLevel
from supply.domain.ledger.posting import Draft, post
from supply.domain.ledger.writer import Writer, load, lock, place_of
from supply.errors import Conflict, Invalid, NotFound, Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


def set_policy(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    item_id: UUID,
    reorder_point: int | None,
    par_level: int | None,
    version: int,
) -> StockLevel:
    """Set when an item is flagged and up to what it is ordered, base units. Raises Invalid, Stale."""
    require(actor, Permission.CATALOG_MANAGE, branch_id)
    catalog.get_item(session, item_id)
    if (reorder_point is None) != (par_level is None) or (par_level or 0) < (reorder_point or 0):
        raise Invalid(
            "par_below_reorder_point",
            lazy("Give both, and a par level that is not below the reorder point."),
            field="par_level",
        )
    lock(session, actor, branch_id)
    level = session.get(StockLevel, (branch_id, item_id))
    if level is None:
        level = StockLevel(branch_id=branch_id, item_id=item_id, policy_version=1)
        session.add(level)
    if level.policy_version != version:
        raise Stale("stale", lazy("Somebody changed this meanwhile. Look at it again before you save."))
    changes = {
        "reorder_point": [level.reorder_point, reorder_point],
        "par_level": [level.par_level, par_level],
    }
    level.reorder_point, level.par_level = reorder_point, par_level
    level.policy_version = version + 1
    session.flush()
    audit.record(
        session,
        actor,
        action="stock-policy.set",
        entity="item",
        entity_id=item_id,
        branch_id=branch_id,
        changes=changes,
    )
    return level


def quarantine_lot(session: Session, actor: Actor, *, branch_id: UUID, lot_id: UUID, reason: str) -> Lot:
    """Block a lot: no step will choose it. Raises Conflict("already_quarantined")."""
    require(actor, Permission.WASTE_LOG, branch_id)
    writer = lock(session, actor, branch_id)
    lot = ledger.get_lot(session, branch_id, lot_id)
    if lot.quarantined_at is not None:
        raise Conflict("already_quarantined", lazy("This lot is quarantined already."))
    lot.quarantined_at, lot.quarantine_reason = writer.recorded_at, reason
    return _blocked(writer, lot, +1, "lot.quarantine", reason)


def release_lot(session: Session, actor: Actor, *, branch_id: UUID, lot_id: UUID, reason: str) -> Lot:
    """Unblock a lot. A manager's decision. Raises Conflict("not_quarantined")."""
    require(actor, Permission.COUNT_APPROVE, branch_id)
    writer = lock(session, actor, branch_id)
    lot = ledger.get_lot(session, branch_id, lot_id)
    if lot.quarantined_at is None:
        raise Conflict("not_quarantined", lazy("This lot is not quarantined."))
    lot.quarantined_at = lot.quarantine_reason = None
    return _blocked(writer, lot, -1, "lot.release", reason)


def _blocked(writer: Writer, lot: Lot, sign: int, action: str, reason: str) -> Lot:
    load(writer, {lot.item_id})
    standing = sum(place.quantity for place in writer.of_item(lot.item_id) if place.lot_id == lot.id)
    writer.levels[lot.item_id].quarantined += sign * standing
    writer.changed.add(lot.item_id)
    writer.session.flush()
    post(writer, [])
    audit.record(
        writer.session,
        writer.actor,
        action=action,
        entity="lot",
        entity_id=lot.id,
        branch_id=writer.branch_id,
        changes={"quarantined": [sign < 0, sign > 0]},
        reason=reason,
    )
    return lot


def open_container(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    lot_id: UUID,
    location_id: UUID,
    quantity: int,
    room_id: UUID | None = None,
    happened_at: datetime | None = None,
) -> Container:
    """Open a bottle of a lot: its shorter life starts. Raises Conflict("stock_short")."""
    require(actor, Permission.CONTAINER_HANDLE, branch_id)
    writer = lock(session, actor, branch_id)
    lot = ledger.get_lot(session, branch_id, lot_id)
    item = catalog.get_item(session, lot.item_id)
    if room_id is not None:
        branches.get_room(session, branch_id, room_id)
    opened_at = happened_at or writer.recorded_at
    life = item.opened_life_days
    day = clock.day_of(opened_at, writer.timezone)
    container = Container(
        id=new_id(),
        branch_id=branch_id,
        lot_id=lot.id,
        room_id=room_id,
        opened_at=opened_at,
        opened_by=actor.person_id,
        use_by_on=day + timedelta(days=life) if life else None,
    )
    session.add(container)
    session.flush()
    load(writer, {item.id}, {lot.id})
    closed = place_of(writer, item.id, lot, location_id)
    opened = place_of(writer, item.id, lot, location_id, container.id, container.use_by_on)
    if closed.quantity < quantity:
        raise Conflict(
            "stock_short",
            lazy("There is less than that of this lot on the shelf."),
            details={"available": closed.quantity},
        )
    closed.quantity -= quantity
    opened.quantity += quantity
    facts: dict[str, Any] = {"happened_at": opened_at, "source_type": "container", "source_id": container.id}
    post(
        writer,
        [
            Draft(MovementType.TRANSFER_OUT, closed, -quantity, **facts),
            Draft(MovementType.TRANSFER_IN, opened, quantity, **facts),
        ],
    )
    return container


def finish_container(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    container_id: UUID,
    happened_at: datetime | None = None,
) -> Container:
    """The container is empty. What the book still holds in it becomes an adjustment, said as such."""
    require(actor, Permission.CONTAINER_HANDLE, branch_id)
    writer = lock(session, actor, branch_id)
    container = get_container(session, branch_id, container_id)
    if container.finished_at is not None:
        raise Conflict("already_finished", lazy("This container is finished already."))
    container.finished_at = happened_at or writer.recorded_at
    lot = ledger.get_lot(session, branch_id, container.lot_id)
    load(writer, {lot.item_id})
    rests = [place for place in writer.of_item(lot.item_id) if place.container_id == container.id]
    drafts = []
    for place in rests:
        quantity, place.quantity = place.quantity, 0
        drafts.append(
            Draft(
                MovementType.ADJUSTMENT,
                place,
                -quantity,
                container.finished_at,
                "container",
                container.id,
                None,
                "container-empty",
            )
        )
    session.flush()
    post(writer, drafts)
    return container


def get_container(session: Session, branch_id: UUID, container_id: UUID) -> Container:
    """A container of the branch. Raises NotFound."""
    query = select(Container).where(Container.id == container_id, Container.branch_id == branch_id)
    container = session.scalar(query)
    if container is None:
        raise NotFound("container_not_found", lazy("There is no such container in this branch."))
    return container
