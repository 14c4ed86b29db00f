"""Pages of branches for admins: branches, their storage locations and rooms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.branches import service as branches
from supply.domain.branches.models import Branch
from supply.domain.branches.schemas import (
    ChangeBranch,
    ChangeLocation,
    ChangeRoom,
    CreateBranch,
    CreateLocation,
    CreateRoom,
)
from supply.domain.ledger import service as ledger
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission, require
from supply.web.pages import NavGroup, Pages, current_form, render, say
from supply.web.session import choose_locale
from supply.web.units import told_quantity

bp = Pages("branches", __name__)
bp.nav(
    label=lazy("Branches"),
    icon="branch",
    endpoint="branches.list_branches",
    permission=Permission.BRANCH_MANAGE,
    order=90,
    group=NavGroup.SETUP,
)
Target = tuple[str, dict[str, Any]]
_MANAGE = Permission.BRANCH_MANAGE


def _managed(session: Session, actor: Actor, branch_id: UUID) -> Branch:
    """A branch for its own admins: the gate of a page knows only the branch that one works in."""
    require(actor, _MANAGE, branch_id)
    return branches.get_branch(session, actor, branch_id)


@bp.page("/branches", permission=_MANAGE)
def list_branches(session: Session, actor: Actor) -> str:
    return render(
        "branches/list.html",
        branches_list=branches.list_branches(session, actor),
        may_found=actor.branch_ids() is None,
    )


@bp.page("/branches/new", permission=_MANAGE)
def new_branch(session: Session, actor: Actor) -> str:
    return render("branches/new.html", schema=CreateBranch)


@bp.action("/branches/new", permission=_MANAGE, schema=CreateBranch, back="branches.new_branch")
def create_branch(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    branch = branches.create_branch(session, actor, **data)
    ledger.open_ledger(session, branch.id)
    say(_("%(branch)s is open. Now add its rooms.", branch=branch.name))
    return "branches.show_branch", {"branch_id": branch.id}


@bp.page("/branches/<uuid:branch_id>", permission=_MANAGE)
def show_branch(session: Session, actor: Actor, branch_id: UUID) -> str:
    return render(
        "branches/show.html",
        branch=_managed(session, actor, branch_id),
        locations=branches.list_locations(session, branch_id, closed=True),
        rooms=branches.list_rooms(session, branch_id, closed=True),
    )


@bp.page("/branches/<uuid:branch_id>/edit", permission=_MANAGE)
def edit_branch(session: Session, actor: Actor, branch_id: UUID) -> str:
    return render("branches/edit.html", schema=ChangeBranch, branch=_managed(session, actor, branch_id))


@bp.action(
    "/branches/<uuid:branch_id>/edit",
    permission=_MANAGE,
    schema=ChangeBranch,
    back="branches.edit_branch",
    versioned=True,
)
def change_branch(
    session: Session, actor: Actor, data: dict[str, Any], branch_id: UUID, version: int
) -> Target:
    ledger.keep_clock(session, actor, branch_id, timezone=data["timezone"])
    branches.update_branch(session, actor, branch_id, version=version, **data)
    return _saved(branch_id)


@bp.page("/branches/<uuid:branch_id>/locations/new", permission=_MANAGE)
def new_location(session: Session, actor: Actor, branch_id: UUID) -> str:
    branch = _managed(session, actor, branch_id)
    return render("branches/location.html", schema=CreateLocation, branch=branch, location=None)


@bp.action(
    "/branches/<uuid:branch_id>/locations/new",
    permission=_MANAGE,
    schema=CreateLocation,
    back="branches.new_location",
)
def create_location(session: Session, actor: Actor, data: dict[str, Any], branch_id: UUID) -> Target:
    branches.create_location(session, actor, branch_id, **data)
    return _saved(branch_id)


@bp.page("/branches/<uuid:branch_id>/locations/<uuid:location_id>", permission=_MANAGE)
def edit_location(session: Session, actor: Actor, branch_id: UUID, location_id: UUID) -> str:
    branch = _managed(session, actor, branch_id)
    location = branches.get_location(session, branch_id, location_id)
    standing = [
        (row[f"name_{choose_locale()}"], told_quantity(row["quantity"]))
        for row in current_form().details.get("stock", ())
    ]
    return render(
        "branches/location.html", schema=ChangeLocation, branch=branch, location=location, standing=standing
    )


@bp.action(
    "/branches/<uuid:branch_id>/locations/<uuid:location_id>",
    permission=_MANAGE,
    schema=ChangeLocation,
    back="branches.edit_location",
)
def change_location(
    session: Session, actor: Actor, data: dict[str, Any], branch_id: UUID, location_id: UUID
) -> Target:
    ledger.keep_place(session, actor, branch_id, location_id, closed=data["closed"])
    branches.update_location(session, actor, branch_id, location_id, **data)
    return _saved(branch_id)


@bp.page("/branches/<uuid:branch_id>/rooms/new", permission=_MANAGE)
def new_room(session: Session, actor: Actor, branch_id: UUID) -> str:
    branch = _managed(session, actor, branch_id)
    return render("branches/room.html", schema=CreateRoom, branch=branch, room=None)


@bp.action(
    "/branches/<uuid:branch_id>/rooms/new",
    permission=_MANAGE,
    schema=CreateRoom,
    back="branches.new_room",
)
def create_room(session: Session, actor: Actor, data: dict[str, Any], branch_id: UUID) -> Target:
    branches.create_room(session, actor, branch_id, **data)
    return _saved(branch_id)


@bp.page("/branches/<uuid:branch_id>/rooms/<uuid:room_id>", permission=_MANAGE)
def edit_room(session: Session, actor: Actor, branch_id: UUID, room_id: UUID) -> str:
    branch = _managed(session, actor, branch_id)
    room = branches.get_room(session, branch_id, room_id)
    return render("branches/room.html", schema=ChangeRoom, branch=branch, room=room)


@bp.action(
    "/branches/<uuid:branch_id>/rooms/<uuid:room_id>",
    permission=_MANAGE,
    schema=ChangeRoom,
    back="branches.edit_room",
)
def change_room(
    session: Session, actor: Actor, data: dict[str, Any], branch_id: UUID, room_id: UUID
) -> Target:
    branches.update_room(session, actor, branch_id, room_id, **data)
    return _saved(branch_id)


def _saved(branch_id: UUID) -> Target:
    say(_("Saved."))
    return "branches.show_branch", {"branch_id": branch_id}
