"""Pages of opened containers: which stand where, opening, topping up, moving, weighing, finishing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.containers import finishing, reading, reopening, service, weighing_in
from supply.domain.containers.models import FinishReason
from supply.domain.containers.schemas import (
    FinishContainer,
    MoveContainer,
    OpenContainer,
    ReopenContainer,
    TopUpContainer,
    WeighIn,
)
from supply.fields import BaseSchema, Id, Tick
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission, require
from supply.presenting import format_quantity
from supply.web import container_rows
from supply.web.frame import named
from supply.web.pages import NavGroup, Pages, query, render, say
from supply.web.session import current_branch
from supply.web.units import echo_unit, unit_options
from supply.web.words import word

bp = Pages("containers", __name__)
bp.nav(
    label=lazy("Opened bottles"),
    icon="bottle",
    endpoint="containers.list_containers",
    permission=Permission.CONTAINER_HANDLE,
    order=58,
    group=NavGroup.STOCK,
)
Target = tuple[str, dict[str, Any]]
MOST = 200
_SEE, _HANDLE = Permission.STOCK_SEE, Permission.CONTAINER_HANDLE
_ONE = "/containers/<uuid:container_id>"


class ContainerFilter(BaseSchema):
    item_id = Id(load_default=None)
    finished = Tick(load_default=False)


@bp.page("/containers", permission=_SEE)
def list_containers(session: Session, actor: Actor) -> str:
    branch = current_branch()
    chosen = query(ContainerFilter)
    today = clock.today(branch.timezone)
    rows = reading.list_containers(session, actor, branch.id, limit=MOST, **chosen)
    gone = [row for row in rows if not chosen["finished"] and row.expired(today)]
    return render(
        "containers/list.html",
        chosen=chosen,
        item=rows[0].item if rows and chosen["item_id"] else None,
        expired=[container_rows.list_row(row, today) for row in gone],
        rooms=container_rows.by_room([row for row in rows if row not in gone], today),
    )


@bp.page(_ONE, permission=_SEE)
def show_container(session: Session, actor: Actor, container_id: UUID) -> str:
    branch = current_branch()
    opened = reading.get_opened(session, actor, branch.id, container_id)
    checks = reading.list_checks(session, actor, branch.id, container_id=container_id)
    tare = opened.tare_mg
    return render(
        "containers/show.html",
        opened=opened,
        item=opened.item,
        marks=container_rows.marks(opened, clock.today(branch.timezone)),
        facts=container_rows.facts(opened),
        checks=[container_rows.check_row(row) for row in checks],
        in_use=opened.container.finished_at is None,
        may_reopen=_may_reopen(actor, opened),
        weighable=container_rows.weighable(opened.item),
        tare=None if tare is None else container_rows.grams(tare),
        rooms=[(str(room.id), room.name) for room in branches.list_rooms(session, branch.id)],
        units=unit_options(opened.item),
        echo=echo_unit(opened.item),
        schemas={"weigh": WeighIn, "top_up": TopUpContainer, "move": MoveContainer},
    )


def _may_reopen(actor: Actor, opened: reading.Opened) -> bool:
    """What was thrown away with it is undone only by who may throw away."""
    container = opened.container
    needed = {_HANDLE} if container.finish_reason == FinishReason.EMPTY else {_HANDLE, Permission.WASTE_LOG}
    return container.finished_at is not None and all(actor.may(one, container.branch_id) for one in needed)


@bp.action(
    "/stock/items/<uuid:item_id>/containers",
    permission=_HANDLE,
    schema=OpenContainer,
    back="stock.show_item",
)
def open_of_item(session: Session, actor: Actor, data: dict[str, Any], item_id: UUID) -> Target:
    return _opened(session, actor, {**data, "item_id": item_id})


@bp.action(
    "/stock/lots/<uuid:lot_id>/containers",
    permission=_HANDLE,
    schema=OpenContainer,
    back="stock.show_lot",
)
def open_of_lot(session: Session, actor: Actor, data: dict[str, Any], lot_id: UUID) -> Target:
    return _opened(session, actor, {**data, "lot_id": lot_id})


def _opened(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    container = service.open_container(session, actor, **data)
    opened = reading.get_opened(session, actor, container.branch_id, container.id)
    amount, number = format_quantity(opened.filled, opened.item), opened.lot.number
    say(
        _("Opened: %(amount)s of lot %(number)s. It is used first from now on.", amount=amount, number=number)
    )
    return _to(container.id)


def _to(container_id: UUID) -> Target:
    return "containers.show_container", {"container_id": container_id}


@bp.action(f"{_ONE}/top-ups", permission=_HANDLE, schema=TopUpContainer, back="containers.show_container")
def top_up(session: Session, actor: Actor, data: dict[str, Any], container_id: UUID) -> Target:
    service.top_up(session, actor, container_id, **data)
    say(_("Poured in. It keeps the use-by of what was in it first."))
    return _to(container_id)


@bp.action(f"{_ONE}/room", permission=_HANDLE, schema=MoveContainer, back="containers.show_container")
def move_container(session: Session, actor: Actor, data: dict[str, Any], container_id: UUID) -> Target:
    container = service.move_container(session, actor, container_id, **data)
    opened = reading.get_opened(session, actor, container.branch_id, container_id)
    room = opened.room
    say(_("It stands in %(room)s now.", room=room.name) if room else _("It stands in no room now."))
    return _to(container_id)


@bp.action(f"{_ONE}/weigh-ins", permission=_HANDLE, schema=WeighIn, back="containers.show_container")
def weigh_in(session: Session, actor: Actor, data: dict[str, Any], container_id: UUID) -> Target:
    check = weighing_in.weigh_in(session, actor, container_id, **data)
    item = reading.get_opened(session, actor, check.branch_id, container_id).item
    found = format_quantity(check.found, item)
    difference = format_quantity(check.difference, item, signed=True)
    say(
        _("Weighed: %(found)s left, %(difference)s against the book.", found=found, difference=difference)
        if check.difference
        else _("Weighed: %(found)s left, as the book says.", found=found)
    )
    return _to(container_id)


@bp.page(f"{_ONE}/finish", permission=_HANDLE)
def ask_finish(session: Session, actor: Actor, container_id: UUID) -> str:
    branch = current_branch()
    require(actor, _HANDLE, branch.id)
    opened = reading.get_opened(session, actor, branch.id, container_id)
    expired = opened.expired(clock.today(branch.timezone))
    reasons = list(FinishReason)
    if opened.remaining and not actor.may(Permission.WASTE_LOG, branch.id):
        # Throwing something away is the storeroom's.
        reasons = [FinishReason.EMPTY]
    return render(
        "containers/finish.html",
        opened=opened,
        item=opened.item,
        schema=FinishContainer,
        reasons=[(reason.value, word(reason)) for reason in reasons],
        reason=(FinishReason.EXPIRED if expired and len(reasons) > 1 else FinishReason.EMPTY).value,
    )


@bp.action(f"{_ONE}/finish", permission=_HANDLE, schema=FinishContainer, back="containers.ask_finish")
def finish_container(session: Session, actor: Actor, data: dict[str, Any], container_id: UUID) -> Target:
    before = reading.get_opened(session, actor, data["branch_id"], container_id)
    rest, item = before.remaining, before.item
    finishing.finish_container(session, actor, container_id, **data)
    amount = format_quantity(rest, item)
    if not rest:
        say(_("Finished."))
    elif data["reason"] is FinishReason.EMPTY:
        say(_("Finished. The %(amount)s that the book still held are taken off.", amount=amount))
    else:
        say(_("Finished. Thrown away: %(amount)s of %(item)s.", amount=amount, item=named(item)))
    return "containers.list_containers", {}


@bp.action(f"{_ONE}/reopening", permission=_HANDLE, schema=ReopenContainer, back="containers.show_container")
def reopen_container(session: Session, actor: Actor, data: dict[str, Any], container_id: UUID) -> Target:
    container = reopening.reopen_container(session, actor, container_id, **data)
    opened = reading.get_opened(session, actor, container.branch_id, container_id)
    amount = format_quantity(opened.remaining, opened.item)
    say(_("In use again: the book holds %(amount)s in it.", amount=amount))
    return _to(container_id)
