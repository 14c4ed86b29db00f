"""Pages of transfers between branches: what is to be sent and received, asking, sending, taking in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from supply import announcing, clock
from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.ledger import reading
from supply.domain.transfers import arriving, dispatching, service
from supply.domain.transfers.models import TransferStatus
from supply.domain.transfers.schemas import (
    CancelTransfer,
    PackTransfer,
    RecallTransfer,
    ReceiveTransfer,
    RequestTransfer,
)
from supply.domain.waste.schemas import Reversal
from supply.fields import Amount, BaseSchema, Code, Id, Tick
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission, require
from supply.web import transfer_rows
from supply.web.pages import NavGroup, Pages, current_form, query, render, say
from supply.web.receiving_rows import item_choices, packs_of
from supply.web.session import current_branch
from supply.web.units import echo_unit, fitting_units, unit_options

bp = Pages("transfers", __name__)
bp.nav(
    label=lazy("Transfers"),
    icon="transfer",
    endpoint="transfers.list_transfers",
    permission=Permission.TRANSFER_LOG,
    order=35,
    group=NavGroup.STOCK,
    also=("moves",),
)
PAGE = 20
MOST_ITEMS = 200
EMPTY_ROWS = 2
DONE = (TransferStatus.RECEIVED, TransferStatus.CANCELLED)
Target = tuple[str, dict[str, Any]]


class TransferFilter(BaseSchema):
    before = Id(load_default=None)


class TransferOf(BaseSchema):
    """What a request is to be filled in with; `give`: it is an offer."""

    give = Tick(load_default=False)
    branch_id = Id(load_default=None)
    item_id = Id(load_default=None)
    amount = Amount(load_default=None)
    unit = Code(max_length=20, load_default=None)


@bp.page("/transfers", permission=Permission.STOCK_SEE)
def list_transfers(session: Session, actor: Actor) -> str:
    branch, before = current_branch(), query(TransferFilter)["before"]
    opened = (
        [] if before else service.list_transfers(session, actor, branch.id, statuses=service.OPEN, limit=200)
    )
    done = service.list_transfers(session, actor, branch.id, statuses=DONE, limit=PAGE + 1, before=before)
    following = done[PAGE - 1].id if len(done) > PAGE else None
    return render(
        "transfers/list.html",
        groups=transfer_rows.groups(opened),
        done=[transfer_rows.transfer_row(one) for one in done[:PAGE]],
        next_url=following and url_for("transfers.list_transfers", before=following),
        first_url=url_for("transfers.list_transfers") if before else None,
    )


@bp.page("/transfers/new", permission=Permission.TRANSFER_LOG)
def new_transfer(session: Session, actor: Actor) -> str:
    """Asking another branch, or offering it something; both may come filled in."""
    branch, told = current_branch(), query(TransferOf)
    require(actor, Permission.TRANSFER_LOG, branch.id)
    item = catalog.get_item(session, told["item_id"]) if told["item_id"] else None
    items = catalog.list_items(session, limit=MOST_ITEMS)
    return render(
        "transfers/new.html",
        schema=RequestTransfer,
        give=told["give"],
        partners=[(str(one.id), one.name) for one in service.list_partners(session, branch.id)],
        partner_id=str(told["branch_id"] or ""),
        item=item,
        amount="" if told["amount"] is None else format(told["amount"], "f"),
        unit=told["unit"] or (item.stock_unit if item else ""),
        item_units=unit_options(item) if item else [],
        echo=echo_unit(item) if item else "",
        items=item_choices(items),
        units=packs_of(session, None, items),
        fits=fitting_units(items),
        rows=range(1 if item else 0, max(len(current_form().rows("lines")), EMPTY_ROWS)),
    )


@bp.action(
    "/transfers/new",
    permission=Permission.TRANSFER_LOG,
    schema=RequestTransfer,
    back="transfers.new_transfer",
)
def request_transfer(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    transfer = service.request_transfer(session, actor, **data)
    if transfer.offered:
        say(_("Written down. Send it as soon as it is packed."))
    else:
        say(_("Asked for. %(branch)s sees it under its transfers.", branch=transfer.from_branch.name))
    return "transfers.show_transfer", {"transfer_id": transfer.id}


@bp.page("/transfers/<uuid:transfer_id>", permission=Permission.STOCK_SEE)
def show_transfer(session: Session, actor: Actor, transfer_id: UUID) -> str:
    transfer = service.get_transfer(session, actor, transfer_id)
    return render(
        "transfers/show.html",
        transfer=transfer,
        title=transfer_rows.title(transfer),
        status=transfer_rows.status_of(transfer),
        facts=transfer_rows.facts(transfer),
        lines=transfer_rows.line_rows(transfer),
        parcels=[transfer_rows.parcel_row(parcel) for parcel in transfer.parcels],
        sends=actor.may(Permission.TRANSFER_LOG, transfer.from_branch_id),
        receives=actor.may(Permission.TRANSFER_LOG, transfer.to_branch_id),
        schema=CancelTransfer,
    )


@bp.action(
    "/transfers/<uuid:transfer_id>/cancellation",
    permission=Permission.TRANSFER_LOG,
    schema=CancelTransfer,
    versioned=True,
    back="transfers.show_transfer",
)
def cancel_transfer(
    session: Session, actor: Actor, data: dict[str, Any], version: int, transfer_id: UUID
) -> Target:
    service.cancel_transfer(session, actor, transfer_id, version=version, **data)
    say(_("Cancelled. Nothing has moved."))
    return "transfers.list_transfers", {}


@bp.page("/transfers/<uuid:transfer_id>/dispatch", permission=Permission.TRANSFER_LOG)
def prepare_dispatch(session: Session, actor: Actor, transfer_id: UUID) -> str:
    packing = dispatching.pack(session, actor, transfer_id)
    transfer = packing.transfer
    if transfer.status is not TransferStatus.REQUESTED:
        return str(show_transfer(session, actor, transfer_id))
    today = clock.today(transfer.from_branch.timezone)
    wanted = [line.item_id for line in transfer.lines]
    available = reading.available_of(session, transfer.from_branch_id, wanted, today)
    return render(
        "transfers/dispatch.html",
        transfer=transfer,
        title=transfer_rows.title(transfer),
        schema=PackTransfer,
        lines=transfer_rows.packing_rows(packing, available, current_form()),
    )


@bp.action(
    "/transfers/<uuid:transfer_id>/dispatch",
    permission=Permission.TRANSFER_LOG,
    schema=PackTransfer,
    versioned=True,
    back="transfers.prepare_dispatch",
)
def dispatch_transfer(
    session: Session, actor: Actor, data: dict[str, Any], version: int, transfer_id: UUID
) -> Target:
    announcing.announce_soon()
    transfer = dispatching.dispatch_transfer(session, actor, transfer_id, version=version, **data)
    say(
        _(
            "On the way to %(branch)s. It stands on no shelf until it is received.",
            branch=transfer.to_branch.name,
        )
    )
    return "transfers.show_transfer", {"transfer_id": transfer_id}


@bp.action(
    "/transfers/<uuid:transfer_id>/recall",
    permission=Permission.TRANSFER_LOG,
    schema=RecallTransfer,
    versioned=True,
    back="transfers.show_transfer",
)
def recall_transfer(
    session: Session, actor: Actor, data: dict[str, Any], version: int, transfer_id: UUID
) -> Target:
    announcing.announce_soon()
    dispatching.recall_transfer(session, actor, transfer_id, version=version, **data)
    say(_("It stands on your shelf again, and waits to be sent or cancelled."))
    return "transfers.show_transfer", {"transfer_id": transfer_id}


@bp.page("/transfers/<uuid:transfer_id>/receipt", permission=Permission.TRANSFER_LOG)
def prepare_receipt(session: Session, actor: Actor, transfer_id: UUID) -> str:
    transfer = service.get_transfer(session, actor, transfer_id)
    require(actor, Permission.TRANSFER_LOG, transfer.to_branch_id)
    if transfer.status is not TransferStatus.DISPATCHED:
        return str(show_transfer(session, actor, transfer_id))
    items = catalog.items_by_id(session, [parcel.item_id for parcel in transfer.parcels])
    places = branches.list_locations(session, transfer.to_branch_id)
    return render(
        "transfers/receive.html",
        transfer=transfer,
        title=transfer_rows.title(transfer),
        schema=ReceiveTransfer,
        parcels=[transfer_rows.arriving_row(parcel, items[parcel.item_id]) for parcel in transfer.parcels],
        places=[(str(place.id), place.name) for place in places],
    )


@bp.action(
    "/transfers/<uuid:transfer_id>/receipt",
    permission=Permission.TRANSFER_LOG,
    schema=ReceiveTransfer,
    versioned=True,
    back="transfers.prepare_receipt",
)
def receive_transfer(
    session: Session, actor: Actor, data: dict[str, Any], version: int, transfer_id: UUID
) -> Target:
    transfer = arriving.receive_transfer(session, actor, transfer_id, version=version, **data)
    losses = transfer_rows.losses(transfer)
    say(_("Received: it stands on your shelf."))
    if losses:
        say(_("Written off: %(losses)s.", losses=losses), "warning")
    return "transfers.show_transfer", {"transfer_id": transfer_id}


@bp.action(
    "/transfers/<uuid:transfer_id>/receipt-reversal",
    permission=Permission.TRANSFER_LOG,
    schema=Reversal,
    versioned=True,
    back="transfers.show_transfer",
)
def reverse_receipt(
    session: Session, actor: Actor, data: dict[str, Any], version: int, transfer_id: UUID
) -> Target:
    arriving.reverse_receipt(session, actor, transfer_id, version=version, **data)
    say(_("Undone: it is on the way again, to be received as it really came."))
    return "transfers.show_transfer", {"transfer_id": transfer_id}
