"""Branches, their storage locations and rooms. Owns who sees which branch.

Refuses to own stock: a new branch gets its ledger from ledger.service, called by the edge that opens it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from supply import clock
from supply.alphabet import sort_key
from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.branches.models import MAX_GUESTS, Branch, Location, Room, RoomType
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from supply.i18n import lazy, lazy_ngettext
from supply.permissions import Actor, Permission, require
from supply.quantity import MINOR_DIGITS


def get_branch(session: Session, actor: Actor, branch_id: UUID) -> Branch:
    """The branch, if it is one of the actor's. Raises NotFound otherwise."""
    require(actor, Permission.STOCK_SEE, branch_id)
    return _branch(session, branch_id)


def _branch(session: Session, branch_id: UUID) -> Branch:
    branch = session.get(Branch, branch_id)
    if branch is None:
        raise NotFound("branch_not_found", lazy("There is no such branch, or it is not one of yours."))
    return branch


def list_branches(session: Session, actor: Actor, *, closed: bool = False) -> list[Branch]:
    """The actor's branches by code; closed ones only where asked for."""
    query = select(Branch).order_by(Branch.code)
    own = actor.branch_ids()
    if own is not None:
        query = query.where(Branch.id.in_(own))
    if not closed:
        query = query.where(Branch.closed_at.is_(None))
    return list(session.scalars(query))


def create_branch(
    session: Session,
    actor: Actor,
    *,
    code: str,
    name: str,
    timezone: str = "Asia/Ho_Chi_Minh",
    currency: str = "VND",
    location_name: str = "Storeroom",
) -> Branch:
    """Found a branch with its first storage location. Only an admin of all branches may.

    The caller opens its ledger in the same transaction (ledger.service.open_ledger).
    """
    require(actor, Permission.BRANCH_MANAGE)
    if actor.branch_ids() is not None:
        raise Forbidden("not_permitted", lazy("Only an admin of all branches can found a branch."))
    _check_timezone(timezone)
    if currency not in MINOR_DIGITS:
        known = ", ".join(MINOR_DIGITS)
        raise Invalid(
            "currency_unknown",
            lazy("Choose one of these currencies: %(list)s.", list=known),
            field="currency",
        )
    if session.scalar(select(Branch.id).where(Branch.code == code)) is not None:
        raise Conflict(
            "code_taken", lazy("Another branch bears this code. Choose a different one."), field="code"
        )
    branch = Branch(id=new_id(), code=code, name=name, timezone=timezone, currency=currency)
    session.add(branch)
    session.flush()
    _record(session, actor, branch, "branch.create", {"code": [None, code], "name": [None, name]})
    session.add(Location(id=new_id(), branch_id=branch.id, name=location_name, position=0))
    session.flush()
    return branch


def update_branch(
    session: Session, actor: Actor, branch_id: UUID, *, version: int, name: str, timezone: str
) -> Branch:
    """Rename a branch or move its clock, which the caller lets be moved (ledger.service.keep_clock)."""
    require(actor, Permission.BRANCH_MANAGE, branch_id)
    _check_timezone(timezone)
    branch = session.get(Branch, branch_id, with_for_update=True, populate_existing=True) or _branch(
        session, branch_id
    )
    if branch.version != version:
        raise Stale(
            "stale",
            lazy("Somebody changed this branch meanwhile. Look at it again, then repeat your change."),
            details={"version": branch.version},
        )
    changes = _set(branch, {"name": name, "timezone": timezone})
    session.flush()
    _record(session, actor, branch, "branch.update", changes)
    return branch


def list_locations(session: Session, branch_id: UUID, *, closed: bool = False) -> list[Location]:
    """Storage locations in the order of the branch; the first is where deliveries go by default."""
    query = select(Location).where(Location.branch_id == branch_id).order_by(Location.position, Location.name)
    if not closed:
        query = query.where(Location.closed_at.is_(None))
    return list(session.scalars(query))


def first_location(session: Session, branch_id: UUID) -> Location:
    """Where things go unless somebody says otherwise. Raises NotFound in a branch without any."""
    found = next(iter(list_locations(session, branch_id)), None)
    if found is None:
        raise NotFound("location_not_found", lazy("This branch has no storage location yet. Add one first."))
    return found


def get_location(session: Session, branch_id: UUID, location_id: UUID) -> Location:
    """A storage location of this branch. Raises NotFound."""
    location = session.get(Location, location_id)
    if location is None or location.branch_id != branch_id:
        raise NotFound("location_not_found", lazy("There is no such storage location in this branch."))
    return location


def create_location(
    session: Session, actor: Actor, branch_id: UUID, *, name: str, position: int = 0
) -> Location:
    require(actor, Permission.BRANCH_MANAGE, branch_id)
    _name_free(session, Location, branch_id, name, None)
    location = Location(id=new_id(), branch_id=branch_id, name=name, position=position)
    session.add(location)
    session.flush()
    _record(session, actor, location, "location.create", {"name": [None, name]})
    return location


def update_location(
    session: Session,
    actor: Actor,
    branch_id: UUID,
    location_id: UUID,
    *,
    name: str,
    position: int,
    closed: bool,
) -> Location:
    """Rename, reorder, close or reopen. The last open location stays open: deliveries need one.

    What stands there the caller asks the ledger before (ledger.service.keep_place).
    """
    require(actor, Permission.BRANCH_MANAGE, branch_id)
    session.get_one(Branch, branch_id, with_for_update=True)  # of two who close, the second counts anew
    location = get_location(session, branch_id, location_id)
    _name_free(session, Location, branch_id, name, location_id)
    if closed and location.closed_at is None and len(list_locations(session, branch_id)) == 1:
        raise Conflict(
            "last_location", lazy("A branch keeps at least one storage location. Add another first.")
        )
    changes = _set(
        location, {"name": name, "position": position, "closed_at": _closing(location.closed_at, closed)}
    )
    session.flush()
    _record(session, actor, location, "location.update", changes)
    return location


def list_rooms(session: Session, branch_id: UUID, *, closed: bool = False) -> list[Room]:
    query = select(Room).where(Room.branch_id == branch_id)
    if not closed:
        query = query.where(Room.closed_at.is_(None))
    return sorted(session.scalars(query), key=lambda room: (sort_key(room.name), room.id))


def get_room(session: Session, branch_id: UUID, room_id: UUID) -> Room:
    """A room of this branch. Raises NotFound."""
    room = session.get(Room, room_id)
    if room is None or room.branch_id != branch_id:
        raise NotFound("room_not_found", lazy("There is no such room in this branch."))
    return room


def create_room(
    session: Session,
    actor: Actor,
    branch_id: UUID,
    *,
    name: str,
    room_type: RoomType,
    max_guests: int | None = None,
    tubs: int = 1,
    seats_per_tub: int = 2,
    tub_water_kg: int | None = None,
) -> Room:
    """Add a room. max_guests defaults to what its type allows and may not exceed it."""
    require(actor, Permission.BRANCH_MANAGE, branch_id)
    _name_free(session, Room, branch_id, name, None)
    guests = _checked_guests(room_type, max_guests)
    room = Room(id=new_id(), branch_id=branch_id, name=name, room_type=room_type, max_guests=guests)
    room.tubs, room.seats_per_tub, room.tub_water_kg = tubs, seats_per_tub, tub_water_kg
    session.add(room)
    session.flush()
    _record(session, actor, room, "room.create", {"name": [None, name], "room_type": [None, room_type]})
    return room


def update_room(
    session: Session,
    actor: Actor,
    branch_id: UUID,
    room_id: UUID,
    *,
    name: str,
    room_type: RoomType,
    max_guests: int | None = None,
    tubs: int = 1,
    seats_per_tub: int = 2,
    tub_water_kg: int | None = None,
    closed: bool = False,
) -> Room:
    """Change, close or reopen a room. Visits that are planned already keep their resolved quantities."""
    require(actor, Permission.BRANCH_MANAGE, branch_id)
    room = get_room(session, branch_id, room_id)
    _name_free(session, Room, branch_id, name, room_id)
    facts = {
        "name": name,
        "room_type": room_type,
        "max_guests": _checked_guests(room_type, max_guests),
        "tubs": tubs,
        "seats_per_tub": seats_per_tub,
        "tub_water_kg": tub_water_kg,
        "closed_at": _closing(room.closed_at, closed),
    }
    changes = _set(room, facts)
    session.flush()
    _record(session, actor, room, "room.update", changes)
    return room


def _checked_guests(room_type: RoomType, max_guests: int | None) -> int:
    limit = MAX_GUESTS[room_type]
    if max_guests is not None and max_guests > limit:
        message = lazy_ngettext(
            "A room of this type holds one guest.", "A room of this type holds at most %(num)s guests.", limit
        )
        raise Invalid("too_many_guests", message, field="max_guests")
    return max_guests or limit


def _check_timezone(timezone: str) -> None:
    if timezone not in available_timezones():
        raise Invalid(
            "timezone_unknown", lazy("Write an IANA time zone, such as Asia/Ho_Chi_Minh."), field="timezone"
        )


def _name_free(
    session: Session, model: type[Location | Room], branch_id: UUID, name: str, own_id: UUID | None
) -> None:
    same: list[ColumnElement[bool]] = [model.branch_id == branch_id, func.lower(model.name) == name.lower()]
    if own_id is not None:
        same.append(model.id != own_id)
    if session.scalar(select(model.id).where(*same).limit(1)) is not None:
        raise Conflict(
            "name_taken", lazy("This name is in use in the branch. Choose a different one."), field="name"
        )


def _closing(closed_at: Any, closed: bool) -> Any:
    return (closed_at or clock.now()) if closed else None


def _set(row: Any, facts: Mapping[str, Any]) -> dict[str, list[Any]]:
    changes = {
        name: [getattr(row, name), value] for name, value in facts.items() if getattr(row, name) != value
    }
    for name, value in facts.items():
        setattr(row, name, value)
    return changes


def _record(
    session: Session, actor: Actor, row: Branch | Location | Room, action: str, changes: dict[str, list[Any]]
) -> None:
    told = {name: [_plain(before), _plain(after)] for name, (before, after) in changes.items()}
    kind, where = row.__tablename__, row.id if isinstance(row, Branch) else row.branch_id
    audit.record(session, actor, action=action, entity=kind, entity_id=row.id, branch_id=where, changes=told)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
