"""The manager's calendar: days on which demand differs, the branch is closed, or no supplier comes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.branches.service import get_branch
from supply.domain.planning.models import CalendarEntry, EntryKind
from supply.errors import Invalid, NotFound, Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

# What lies further back explains no use that the plan still looks at.
PAST_DAYS = 182


def list_entries(
    session: Session, actor: Actor, branch_id: UUID, *, since: date | None = None
) -> list[CalendarEntry]:
    """The entries that end on or after `since` (half a year back if it is not said), the earliest first."""
    require(actor, Permission.STOCK_SEE, branch_id)
    branch = get_branch(session, actor, branch_id)
    first = since or clock.today(branch.timezone) - timedelta(days=PAST_DAYS)
    query = select(CalendarEntry).where(CalendarEntry.branch_id == branch_id, CalendarEntry.last_on >= first)
    return list(session.scalars(query.order_by(CalendarEntry.first_on, CalendarEntry.id)))


def get_entry(session: Session, actor: Actor, entry_id: UUID) -> CalendarEntry:
    """An entry of one of the actor's branches. Raises NotFound."""
    entry = session.get(CalendarEntry, entry_id)
    if entry is None or not actor.belongs_to(entry.branch_id):
        raise NotFound("entry_not_found", lazy("There is no such entry in your branches' calendars."))
    require(actor, Permission.STOCK_SEE, entry.branch_id)
    return entry


def add_entry(session: Session, actor: Actor, *, branch_id: UUID, **facts: Any) -> CalendarEntry:
    """Enter kind, name, first_on, last_on and, of an event, factor_percent. Raises Invalid by field."""
    require(actor, Permission.CATALOG_MANAGE, branch_id)
    _check(facts)
    entry = CalendarEntry(id=new_id(), branch_id=branch_id, **facts)
    session.add(entry)
    session.flush()
    _record(session, actor, entry, "calendar.create", {name: [None, value] for name, value in facts.items()})
    return entry


def change_entry(
    session: Session, actor: Actor, entry_id: UUID, *, version: int, **facts: Any
) -> CalendarEntry:
    """Replace an entry's facts. Raises Stale, Invalid by field."""
    entry = _to_change(session, actor, entry_id, version)
    _check(facts)
    changes = {
        name: [getattr(entry, name), value] for name, value in facts.items() if getattr(entry, name) != value
    }
    for name, value in facts.items():
        setattr(entry, name, value)
    session.flush()
    _record(session, actor, entry, "calendar.update", changes)
    return entry


def remove_entry(session: Session, actor: Actor, entry_id: UUID, *, version: int) -> None:
    """Take an entry away; the audit keeps what it said."""
    entry = _to_change(session, actor, entry_id, version)
    told = {name: [getattr(entry, name), None] for name in ("kind", "name", "first_on", "last_on")}
    _record(session, actor, entry, "calendar.remove", told)
    session.delete(entry)
    session.flush()


def _to_change(session: Session, actor: Actor, entry_id: UUID, version: int) -> CalendarEntry:
    entry = get_entry(session, actor, entry_id)
    require(actor, Permission.CATALOG_MANAGE, entry.branch_id)
    if entry.version != version:
        raise Stale("stale", lazy("Somebody changed this meanwhile. Look at it again before you save."))
    return entry


def _check(facts: dict[str, Any]) -> None:
    if facts["last_on"] < facts["first_on"]:
        raise Invalid(
            "days_turned", lazy("The last day lies before the first. Turn them round."), field="last_on"
        )
    event = facts["kind"] is EntryKind.EVENT
    if event and facts.get("factor_percent") is None:
        raise Invalid(
            "factor_missing",
            lazy("Say how much more or less is used then: 150 is half as much again."),
            field="factor_percent",
        )
    if not event:
        facts["factor_percent"] = None


def _record(
    session: Session, actor: Actor, entry: CalendarEntry, action: str, changes: dict[str, list[Any]]
) -> None:
    audit.record(
        session,
        actor,
        action=action,
        entity="calendar",
        entity_id=entry.id,
        branch_id=entry.branch_id,
        changes=changes,
    )
