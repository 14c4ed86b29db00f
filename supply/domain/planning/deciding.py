"""What a person says to a flag: not now, or so much; and what they expect of an item without a history."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from supply import clock
from supply.domain.audit import service as audit
from supply.domain.branches.service import get_branch
from supply.domain.catalog import service as catalog
from supply.domain.planning.models import ItemEstimate, ReorderFlag
from supply.errors import Conflict, Invalid, NotFound, Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

LONGEST_SNOOZE = 90


def get_flag(session: Session, actor: Actor, flag_id: UUID) -> ReorderFlag:
    """A flag with its item, supplier and whoever decided on it. Raises NotFound."""
    whole = (joinedload(ReorderFlag.item), joinedload(ReorderFlag.supplier), joinedload(ReorderFlag.decider))
    query = select(ReorderFlag).options(*whole).where(ReorderFlag.id == flag_id)
    flag = session.scalar(query.execution_options(populate_existing=True))
    if flag is None or not actor.belongs_to(flag.branch_id):
        raise NotFound("flag_not_found", lazy("There is no such flag in your branches."))
    require(actor, Permission.STOCK_SEE, flag.branch_id)
    return flag


def snooze_flag(
    session: Session, actor: Actor, flag_id: UUID, *, until: date, reason: str, version: int
) -> ReorderFlag:
    """Do not ask for it before `until`. Raises Invalid, Stale, Conflict("flag_closed")."""
    flag = _to_decide(session, actor, flag_id, version)
    today = clock.today(get_branch(session, actor, flag.branch_id).timezone)
    if not today < until <= today + timedelta(days=LONGEST_SNOOZE):
        raise Invalid(
            "snooze_days",
            lazy("Choose a day after today and within %(days)s days.", days=LONGEST_SNOOZE),
            field="until",
        )
    before = flag.snoozed_until
    flag.snoozed_until, flag.snooze_reason, flag.decided_by = until, reason, actor.person_id
    _record(session, actor, flag, "flag.snooze", {"snoozed_until": [before, until]}, reason)
    return flag


def override_flag(
    session: Session,
    actor: Actor,
    flag_id: UUID,
    *,
    amount: Decimal,
    unit: str,
    reason: str,
    version: int,
) -> ReorderFlag:
    """Order another amount than the plan says; zero says nothing. Raises Invalid, Stale, Conflict."""
    flag = _to_decide(session, actor, flag_id, version)
    quantity = catalog.base_quantity(flag.item, amount, unit, field="amount")
    before = flag.wanted
    flag.override_quantity, flag.override_reason, flag.decided_by = quantity, reason, actor.person_id
    _record(session, actor, flag, "flag.override", {"quantity": [before, quantity]}, reason)
    return flag


def follow_plan(session: Session, actor: Actor, flag_id: UUID, *, version: int) -> ReorderFlag:
    """Take a snooze and an override back."""
    flag = _to_decide(session, actor, flag_id, version)
    before = flag.wanted
    flag.snoozed_until = flag.snooze_reason = flag.override_quantity = flag.override_reason = None
    flag.decided_by = actor.person_id
    _record(session, actor, flag, "flag.follow", {"quantity": [before, flag.quantity]}, None)
    return flag


def set_estimate(
    session: Session, actor: Actor, *, branch_id: UUID, item_id: UUID, amount: Decimal, unit: str
) -> ItemEstimate:
    """Say what the branch will use of an item a day, until its history says more."""
    require(actor, Permission.CATALOG_MANAGE, branch_id)
    item = catalog.get_item(session, item_id)
    daily = catalog.base_quantity(item, amount, unit, field="amount")
    estimate = session.get(ItemEstimate, (branch_id, item_id)) or ItemEstimate(
        branch_id=branch_id, item_id=item_id, daily=0
    )
    before, estimate.daily = estimate.daily, daily
    session.add(estimate)
    session.flush()
    audit.record(
        session,
        actor,
        action="estimate.set",
        entity="item",
        entity_id=item_id,
        branch_id=branch_id,
        changes={"daily": [before, daily]},
    )
    return estimate


def find_estimate(session: Session, branch_id: UUID, item_id: UUID) -> int | None:
    """What a manager expects to be used a day, in base units; None where nobody has said."""
    known = session.get(ItemEstimate, (branch_id, item_id))
    return None if known is None else known.daily


def _to_decide(session: Session, actor: Actor, flag_id: UUID, version: int) -> ReorderFlag:
    flag = get_flag(session, actor, flag_id)
    require(actor, Permission.CATALOG_MANAGE, flag.branch_id)
    if flag.closed_at is not None:
        raise Conflict("flag_closed", lazy("This flag is closed; the plan no longer asks for the item."))
    if flag.version != version:
        raise Stale("stale", lazy("The plan changed this flag meanwhile. Look at it again."))
    return flag


def _record(
    session: Session,
    actor: Actor,
    flag: ReorderFlag,
    action: str,
    changes: dict[str, list[object]],
    reason: str | None,
) -> None:
    session.flush()
    audit.record(
        session,
        actor,
        action=action,
        entity="item",
        entity_id=flag.item_id,
        branch_id=flag.branch_id,
        changes=changes,
        reason=reason,
    )
