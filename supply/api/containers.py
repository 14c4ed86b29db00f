"""Opened containers over the API: open, top up, move, weigh, finish; and what was found in them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock
from supply.api.cursors import identified
from supply.api.endpoint import ApiBlueprint
from supply.domain.branches import service as branches
from supply.domain.containers import finishing, reading, reopening, service, weighing_in
from supply.domain.containers.schemas import (
    ContainerCheckOut,
    ContainerOut,
    FinishContainer,
    ListContainerChecks,
    ListContainers,
    MoveContainer,
    OpenContainer,
    ReopenContainer,
    TopUpContainer,
    WeighIn,
    check_view,
    container_view,
)
from supply.domain.ledger.models import Container
from supply.permissions import Actor, Permission

blp = ApiBlueprint(
    "containers", description="Opened bottles, jars and bags: used first, with a shorter life of their own."
)
_SEE, _HANDLE = Permission.STOCK_SEE, Permission.CONTAINER_HANDLE
_BRANCH = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"
_ITEM = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8b02"
_ROOM = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8b03"


@blp.get(
    "/containers",
    permission=_SEE,
    query=ListContainers,
    page_of=ContainerOut,
    summary="List opened containers",
    description="Those in use, the last opened first; of one room or one item, if named. What has "
    "expired stays on the list until somebody finishes it, though no step chooses it.",
)
def list_containers(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[dict[str, Any]], tuple[UUID] | None]:
    limit, before = query.pop("limit"), identified(query.pop("cursor"))
    branch_id = query.pop("branch_id")
    rows = reading.list_containers(session, actor, branch_id, limit=limit + 1, before=before, **query)
    today = clock.today(branches.get_branch(session, actor, branch_id).timezone)
    more = (rows[limit - 1].container.id,) if len(rows) > limit else None
    return [container_view(row, today) for row in rows[:limit]], more


@blp.get(
    "/containers/<uuid:container_id>",
    permission=_SEE,
    out=ContainerOut,
    summary="Get a container",
    description="What the book holds in it, where it stands, until when it may be used. Read it before you "
    "finish it: what remains then is taken off.",
)
def get_container(session: Session, actor: Actor, container_id: UUID) -> dict[str, Any]:
    return _view(session, actor, reading.find_branch(session, actor, container_id), container_id)


def _view(session: Session, actor: Actor, branch_id: UUID, container_id: UUID) -> dict[str, Any]:
    opened = reading.get_opened(session, actor, branch_id, container_id)
    return container_view(opened, clock.today(branches.get_branch(session, actor, branch_id).timezone))


def _told(session: Session, actor: Actor, container: Container) -> dict[str, Any]:
    return _view(session, actor, container.branch_id, container.id)


@blp.post(
    "/containers",
    permission=_HANDLE,
    body=OpenContainer,
    out=ContainerOut,
    status=201,
    summary="Open a container",
    description="A bottle, jar or bag is opened: it is used first, and its shorter life starts. With an item "
    "alone the lot that is to be used first gives one of the item's own unit, or its rest.",
    example={"branch_id": _BRANCH, "item_id": _ITEM, "room_id": _ROOM},
    conflicts=("stock_short", "nothing_to_open", "lot_unusable"),
)
def open_container(session: Session, actor: Actor, data: dict[str, Any]) -> dict[str, Any]:
    return _told(session, actor, service.open_container(session, actor, **data))


@blp.post(
    "/containers/<uuid:container_id>/top-ups",
    permission=_HANDLE,
    body=TopUpContainer,
    out=ContainerOut,
    status=201,
    summary="Top up a container",
    description="Pours more of the container's own lot into it. It keeps the use-by of what was in it first. "
    "Another lot is refused: once poured together, a recall could not tell them apart.",
    example={"branch_id": _BRANCH, "amount": "250", "unit": "ml"},
    conflicts=("other_lot", "lot_unusable", "stock_short", "already_finished"),
)
def top_up(session: Session, actor: Actor, data: dict[str, Any], container_id: UUID) -> dict[str, Any]:
    return _told(session, actor, service.top_up(session, actor, container_id, **data))


@blp.put(
    "/containers/<uuid:container_id>/room",
    permission=_HANDLE,
    body=MoveContainer,
    out=ContainerOut,
    summary="Take a container to another room",
    description="Says where it is used from now on; null is the storeroom. No stock moves by it.",
    example={"branch_id": _BRANCH, "room_id": _ROOM},
    conflicts=("already_finished",),
)
def move_container(
    session: Session, actor: Actor, data: dict[str, Any], container_id: UUID
) -> dict[str, Any]:
    return _told(session, actor, service.move_container(session, actor, container_id, **data))


@blp.post(
    "/containers/<uuid:container_id>/weigh-ins",
    permission=_HANDLE,
    body=WeighIn,
    out=ContainerCheckOut,
    status=201,
    summary="Weigh a container",
    description="Gross minus tare, for a volume divided by the item's density, is what is left: exact until "
    "it is rounded, half up, to the base unit (1 mg, 1 µl). The difference to the book is posted as an "
    "adjustment with the reason `weigh-in` and counts as variance.",
    example={"branch_id": _BRANCH, "gross": "612.5", "tare": "210", "unit": "g"},
    conflicts=("weighing_contradicted", "already_finished"),
)
def weigh_in(session: Session, actor: Actor, data: dict[str, Any], container_id: UUID) -> dict[str, Any]:
    check = weighing_in.weigh_in(session, actor, container_id, **data)
    rows = reading.list_checks(session, actor, check.branch_id, container_id=container_id)
    return check_view(next(row for row in rows if row.ContainerCheck.id == check.id))


@blp.post(
    "/containers/<uuid:container_id>/finish",
    permission=_HANDLE,
    body=FinishContainer,
    out=ContainerOut,
    status=201,
    summary="Finish a container",
    description="`empty`: what the book still holds in it becomes an adjustment and counts as variance. Any "
    "other reason throws the rest away at its cost, which needs `waste:log` where there is a rest.",
    example={"branch_id": _BRANCH, "reason": "empty"},
    conflicts=("already_finished",),
)
def finish_container(
    session: Session, actor: Actor, data: dict[str, Any], container_id: UUID
) -> dict[str, Any]:
    return _told(session, actor, finishing.finish_container(session, actor, container_id, **data))


@blp.post(
    "/containers/<uuid:container_id>/finish/reversal",
    permission=_HANDLE,
    body=ReopenContainer,
    out=ContainerOut,
    status=201,
    summary="Take a finished container back into use",
    description="It was finished by a slip: what was taken off as a difference or thrown away then is in it "
    "again, by movements of its own, and no longer counts as variance. Undoing waste needs `waste:log`.",
    example={"branch_id": _BRANCH},
    conflicts=("not_finished",),
)
def reopen_container(
    session: Session, actor: Actor, data: dict[str, Any], container_id: UUID
) -> dict[str, Any]:
    return _told(session, actor, reopening.reopen_container(session, actor, container_id, **data))


@blp.get(
    "/container-checks",
    permission=_SEE,
    query=ListContainerChecks,
    page_of=ContainerCheckOut,
    summary="List what was found in containers",
    description="Weighings, and what the book still held in those that were finished as empty; newest first.",
)
def list_container_checks(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[dict[str, Any]], tuple[UUID] | None]:
    limit, before = query["limit"], identified(query["cursor"])
    rows = reading.list_checks(
        session,
        actor,
        query["branch_id"],
        container_id=query.get("container_id"),
        limit=limit + 1,
        before=before,
    )
    more = (rows[limit - 1].ContainerCheck.id,) if len(rows) > limit else None
    return [check_view(row) for row in rows[:limit]], more
