"""What is done to lots and policy: quarantine and release, reorder point and par."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.audit import service as audit
from supply.domain.catalog import service as catalog
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import Lot, StockLevel
from supply.domain.ledger.posting import post
from supply.domain.ledger.writer import Writer, load, lock
from supply.errors import Conflict, Invalid, Stale
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
    return block(writer, lot, reason)


def block(writer: Writer, lot: Lot, reason: str) -> Lot:
    """Quarantine a lot that is not yet, for whoever has been let through."""
    lot.quarantined_at, lot.quarantine_reason = writer.recorded_at, reason
    return _blocked(writer, lot, +1, "lot.quarantine", reason)


def release_lot(session: Session, actor: Actor, *, branch_id: UUID, lot_id: UUID, reason: str) -> Lot:
    """Unblock a lot. A manager's decision. Raises Conflict("not_quarantined")."""
    require(actor, Permission.COUNT_APPROVE, branch_id)
    writer = lock(session, actor, branch_id)
    lot = ledger.get_lot(session, branch_id, lot_id)
    if lot.quarantined_at is None:
        raise Conflict("not_quarantined", lazy("This lot is not quarantined."))
    return unblock(writer, lot, reason)


def unblock(writer: Writer, lot: Lot, reason: str) -> Lot:
    """Let a quarantined lot be used again, for whoever has been let through."""
    lot.quarantined_at = lot.quarantine_reason = None
    return _blocked(writer, lot, -1, "lot.release", reason)


def _blocked(writer: Writer, lot: Lot, sign: int, action: str, reason: str) -> Lot:
    load(writer, {lot.item_id})
    places = [place for place in writer.of_item(lot.item_id) if place.lot_id == lot.id]
    for place in places:
        place.quarantined = sign > 0
    writer.levels[lot.item_id].quarantined += sign * sum(place.quantity for place in places)
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
