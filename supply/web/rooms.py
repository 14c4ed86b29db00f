"""“My room now”: what goes on in the room in which this device stands, and choosing another one by a tap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import url_for
from marshmallow import fields
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.branches.models import Branch, Room
from supply.domain.visits import service as visits
from supply.domain.visits.models import VisitStatus
from supply.fields import BaseSchema
from supply.i18n import _
from supply.permissions import Actor, Permission
from supply.presenting import format_clock
from supply.web import tablet_cookie
from supply.web.frame import named
from supply.web.pages import Pages, render
from supply.web.session import current_branch
from supply.web.visit_rows import may_record, summary_row
from supply.web.words import word

bp = Pages("rooms", __name__)
# More than a branch treats in a day.
MOST = 200
_COMING = (VisitStatus.RUNNING, VisitStatus.PLANNED)


class ChooseRoom(BaseSchema):
    room_id = fields.UUID(required=True)


@bp.page("/room", permission=Permission.VISIT_COMPLETE_OWN)
def show_room(session: Session, actor: Actor) -> str:
    branch = branches.get_branch(session, actor, current_branch().id)
    rooms = branches.list_rooms(session, branch.id)
    today = _today(session, actor, branch)
    here = next((room for room in rooms if room.id == tablet_cookie.told_room()), None)
    coming = {room.id: in_order(today, room.id, actor) for room in rooms}
    return render(
        "rooms/show.html",
        here=here,
        visits=[summary_row(row) for row in coming[here.id]] if here else [],
        others=[_tile(room, coming[room.id], branch) for room in rooms if room is not here],
        nowhere=[summary_row(row) for row in in_order(today, None, actor)],
    )


@bp.action(
    "/room",
    permission=Permission.VISIT_COMPLETE_OWN,
    back="rooms.show_room",
    schema=ChooseRoom,
    keyed=False,
)
def choose_room(session: Session, actor: Actor, data: dict[str, Any]) -> str:
    """The device remembers it; nothing is stored."""
    branch = branches.get_branch(session, actor, current_branch().id)
    room = branches.get_room(session, branch.id, data["room_id"])
    tablet_cookie.keep_room(room.id)
    return _visit_in(session, actor, branch, room.id) or url_for("rooms.show_room")


def landing(session: Session, actor: Actor, branch_id: UUID) -> str:
    """Where a person begins who has just tapped their name: at what goes on in the room, if they treat."""
    if not actor.may(Permission.VISIT_COMPLETE_OWN, branch_id):
        return url_for("today.show_today")
    branch, room_id = branches.get_branch(session, actor, branch_id), tablet_cookie.told_room()
    return (room_id and _visit_in(session, actor, branch, room_id)) or url_for("rooms.show_room")


def _visit_in(session: Session, actor: Actor, branch: Branch, room_id: UUID) -> str:
    first = next(iter(in_order(_today(session, actor, branch), room_id, actor)), None)
    if first is None:
        return ""
    step = first.steps - first.steps_open + 1
    return url_for("visits.show_visit", visit_id=first.id, _anchor=f"step-{step}" if step > 1 else None)


def _today(session: Session, actor: Actor, branch: Branch) -> list[Any]:
    day = clock.today(branch.timezone)
    return visits.list_visits(session, actor, branch.id, from_day=day, until_day=day, limit=MOST)


def in_order(rows: Sequence[Any], room_id: UUID | None, actor: Actor) -> list[Any]:
    """What goes on in a room (None: in none that was named) and comes to it: what the person may record
    stands first, and of that what is running."""

    def rank(row: Any) -> tuple[Any, ...]:
        others = not may_record(row, actor)
        return others, row.status is not VisitStatus.RUNNING, row.planned_at, row.id

    return sorted((row for row in rows if row.room_id == room_id and row.status in _COMING), key=rank)


def _tile(room: Room, coming: Sequence[Any], branch: Branch) -> dict[str, Any]:
    note = _("Nothing more today")
    if coming:
        begins = format_clock(coming[0].planned_at, branch.timezone)
        note = f"{begins} · {named(coming[0])} · {word(coming[0].status)}"
    return {"id": room.id, "name": room.name, "note": note}
