"""Branches, storage locations and rooms over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.cursors import sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.branches import service as branches
from supply.domain.branches.schemas import (
    BranchOut,
    ChangeBranch,
    ChangeLocation,
    ChangeRoom,
    CreateBranch,
    CreateLocation,
    CreateRoom,
    ListBranches,
    LocationOut,
    RoomOut,
)
from supply.domain.ledger import service as ledger
from supply.permissions import Actor, Permission

blp = ApiBlueprint("branches", description="Branches with their storage locations and rooms.")
_SEE, _MANAGE = Permission.STOCK_SEE, Permission.BRANCH_MANAGE
_ROOM = {"name": "Lotus", "room_type": "double", "max_guests": 2, "tubs": 1, "seats_per_tub": 2}


@blp.get(
    "/branches",
    permission=_SEE,
    query=ListBranches,
    page_of=BranchOut,
    summary="List branches",
    description="The branches that you belong to, by code; closed ones only with `closed=true`.",
)
def list_branches(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    rows = branches.list_branches(session, actor, closed=query["closed"])
    return sliced(rows, query, lambda row: (row.code, row.id))


@blp.post(
    "/branches",
    permission=_MANAGE,
    body=CreateBranch,
    out=BranchOut,
    status=201,
    etag=True,
    summary="Open a branch",
    description="With its ledger and a first storage location. Only an admin of all branches may.",
    example={"code": "Q1", "name": "District 1", "location_name": "Storeroom"},
    conflicts=("code_taken",),
)
def create_branch(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    branch = branches.create_branch(session, actor, **data)
    ledger.open_ledger(session, branch.id)
    return branch


@blp.get(
    "/branches/<uuid:branch_id>",
    permission=_SEE,
    out=BranchOut,
    etag=True,
    summary="Get a branch",
    description="One of your branches.",
)
def get_branch(session: Session, actor: Actor, branch_id: UUID) -> Any:
    return branches.get_branch(session, actor, branch_id)


@blp.put(
    "/branches/<uuid:branch_id>",
    permission=_MANAGE,
    body=ChangeBranch,
    out=BranchOut,
    etag=True,
    versioned=True,
    summary="Change a branch",
    description="Its name, and its time zone as long as nothing was posted in it. Code and currency stay: "
    "prices of the past bear them.",
    example={"name": "District 1", "timezone": "Asia/Ho_Chi_Minh"},
    conflicts=("timezone_settled",),
)
def update_branch(session: Session, actor: Actor, data: dict[str, Any], branch_id: UUID, version: int) -> Any:
    ledger.keep_clock(session, actor, branch_id, timezone=data["timezone"])
    return branches.update_branch(session, actor, branch_id, version=version, **data)


@blp.get(
    "/branches/<uuid:branch_id>/locations",
    permission=_SEE,
    query=ListBranches,
    page_of=LocationOut,
    summary="List storage locations",
    description="Where stock stands; deliveries go to the lowest position.",
)
def list_locations(session: Session, actor: Actor, query: dict[str, Any], branch_id: UUID) -> Any:
    branches.get_branch(session, actor, branch_id)
    rows = branches.list_locations(session, branch_id, closed=query["closed"])
    return sliced(rows, query, lambda row: (f"{row.position:05}{row.name}", row.id))


@blp.post(
    "/branches/<uuid:branch_id>/locations",
    permission=_MANAGE,
    body=CreateLocation,
    out=LocationOut,
    status=201,
    summary="Add a storage location",
    description="A shelf, a storeroom, a trolley of the branch.",
    example={"name": "Shelf A", "position": 1},
    conflicts=("name_taken",),
)
def create_location(session: Session, actor: Actor, data: dict[str, Any], branch_id: UUID) -> Any:
    return branches.create_location(session, actor, branch_id, **data)


@blp.put(
    "/branches/<uuid:branch_id>/locations/<uuid:location_id>",
    permission=_MANAGE,
    body=ChangeLocation,
    out=LocationOut,
    summary="Change a storage location",
    description="Rename, reorder, close or reopen. The last open one stays open, and so does one "
    "where something stands: `stock` names it.",
    example={"name": "Shelf A", "position": 1, "closed": False},
    conflicts=("name_taken", "last_location", "location_in_use"),
)
def update_location(
    session: Session, actor: Actor, data: dict[str, Any], branch_id: UUID, location_id: UUID
) -> Any:
    ledger.keep_place(session, actor, branch_id, location_id, closed=data["closed"])
    return branches.update_location(session, actor, branch_id, location_id, **data)


@blp.get(
    "/branches/<uuid:branch_id>/rooms",
    permission=_SEE,
    query=ListBranches,
    page_of=RoomOut,
    summary="List rooms",
    description="Treatment rooms by name; the type limits the party, the tubs scale what is poured.",
)
def list_rooms(session: Session, actor: Actor, query: dict[str, Any], branch_id: UUID) -> Any:
    branches.get_branch(session, actor, branch_id)
    rows = branches.list_rooms(session, branch_id, closed=query["closed"])
    return sliced(rows, query, lambda row: (row.name, row.id))


@blp.post(
    "/branches/<uuid:branch_id>/rooms",
    permission=_MANAGE,
    body=CreateRoom,
    out=RoomOut,
    status=201,
    summary="Add a room",
    description="max_guests may be left out: then the type's limit holds (1, 2, 3 or 14).",
    example=_ROOM,
    conflicts=("name_taken",),
)
def create_room(session: Session, actor: Actor, data: dict[str, Any], branch_id: UUID) -> Any:
    return branches.create_room(session, actor, branch_id, **data)


@blp.put(
    "/branches/<uuid:branch_id>/rooms/<uuid:room_id>",
    permission=_MANAGE,
    body=ChangeRoom,
    out=RoomOut,
    summary="Change a room",
    description="Change, close or reopen. Visits that are planned keep their quantities.",
    example={**_ROOM, "closed": False},
    conflicts=("name_taken",),
)
def update_room(session: Session, actor: Actor, data: dict[str, Any], branch_id: UUID, room_id: UUID) -> Any:
    return branches.update_room(session, actor, branch_id, room_id, **data)
