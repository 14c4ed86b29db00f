"""Transfers in words: rows of the lists, what is to be packed, what came. Asks the database nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import url_for

from supply import clock
from supply.domain.catalog.models import Item
from supply.domain.catalog.units import told_amount
from supply.domain.transfers.dispatching import Packing
from supply.domain.transfers.models import Transfer, TransferParcel, TransferStatus
from supply.domain.transfers.picking import Closed
from supply.i18n import _
from supply.presenting import format_day, format_instant, format_money, format_quantity
from supply.web.forms import FormState
from supply.web.frame import named
from supply.web.session import current_branch
from supply.web.units import echo_unit, unit_options
from supply.web.words import word

_SYMBOLS = {
    TransferStatus.REQUESTED: "box",
    TransferStatus.DISPATCHED: "truck",
    TransferStatus.RECEIVED: "check",
    TransferStatus.CANCELLED: "undo",
}
_STAYS = {"quarantined": "danger", "expired": "danger", "prepared": "neutral"}


def title(transfer: Transfer) -> str:
    return _("%(sender)s to %(receiver)s", sender=transfer.from_branch.name, receiver=transfer.to_branch.name)


def _sends(transfer: Transfer) -> bool:
    """Whether the branch of the page is the one that sends."""
    return transfer.from_branch_id == current_branch().id


def groups(opened: Sequence[Transfer]) -> list[dict[str, Any]]:
    """What is open, by what is to be done about it: the lists with something in them."""
    kinds = [
        ("send", _("To send"), TransferStatus.REQUESTED, True),
        ("receive", _("To receive"), TransferStatus.DISPATCHED, False),
        ("under-way", _("On the way to others"), TransferStatus.DISPATCHED, True),
        ("asked", _("Asked for"), TransferStatus.REQUESTED, False),
    ]
    told = [
        {
            "id": name,
            "title": heading,
            "rows": [transfer_row(one) for one in opened if one.status is status and _sends(one) is sends],
        }
        for name, heading, status, sends in kinds
    ]
    return [group for group in told if group["rows"]]


def transfer_row(transfer: Transfer) -> dict[str, Any]:
    """A row of a list: the other branch, what it is about, when."""
    other = transfer.to_branch if _sends(transfer) else transfer.from_branch
    words = _("To %(branch)s") if _sends(transfer) else _("From %(branch)s")
    names = [named(line.item) for line in transfer.lines]
    kind, status = status_of(transfer)
    return {
        "title": words % {"branch": other.name},
        "url": url_for("transfers.show_transfer", transfer_id=transfer.id),
        "detail": ", ".join(names[:3]) + (f" +{len(names) - 3}" if len(names) > 3 else ""),
        "side": status,
        "side_note": format_instant(_last(transfer), current_branch().timezone),
        "symbol": "warning" if kind == "warning" else _SYMBOLS[transfer.status],
    }


def _last(transfer: Transfer) -> Any:
    """When it came into its present state."""
    instants = (transfer.cancelled_at, transfer.received_at, transfer.dispatched_at, transfer.requested_at)
    return next(instant for instant in instants if instant is not None)


def status_of(transfer: Transfer) -> tuple[str, str]:
    """The kind of its chip, and the words."""
    if transfer.status is TransferStatus.REQUESTED:
        return "info", _("offered") if transfer.offered else _("asked for")
    if transfer.status is TransferStatus.DISPATCHED and _overdue(transfer):
        return "warning", _("overdue")
    if transfer.status is TransferStatus.RECEIVED and losses(transfer):
        return "warning", _("received with a loss")
    return ("ok" if transfer.status is TransferStatus.RECEIVED else "neutral"), word(transfer.status)


def _overdue(transfer: Transfer) -> bool:
    return transfer.expected_on is not None and transfer.expected_on < clock.today(
        transfer.to_branch.timezone
    )


def facts(transfer: Transfer) -> list[tuple[str, str]]:
    """Who did what when."""
    zone = current_branch().timezone
    told = [
        (
            _("Offered") if transfer.offered else _("Asked for"),
            transfer.requested_at,
            transfer.requester.name,
        ),
        (_("Dispatched"), transfer.dispatched_at, transfer.dispatcher and transfer.dispatcher.name),
        (_("Received"), transfer.received_at, transfer.receiver and transfer.receiver.name),
        (_("Cancelled"), transfer.cancelled_at, transfer.canceller and transfer.canceller.name),
    ]
    rows = [(name, f"{format_instant(at, zone)} · {who}") for name, at, who in told if at is not None]
    if transfer.status is TransferStatus.DISPATCHED:
        rows.append((_("Will be there on"), format_day(transfer.expected_on)))
    if transfer.note:
        rows.append((_("Note"), transfer.note))
    if transfer.cancel_reason:
        rows.append((_("Reason"), transfer.cancel_reason))
    return rows


def line_rows(transfer: Transfer) -> list[dict[str, Any]]:
    """What was asked for beside what left."""
    left: dict[UUID, int] = {}
    for parcel in transfer.parcels:
        left[parcel.item_id] = left.get(parcel.item_id, 0) + parcel.quantity
    return [
        {
            "name": named(line.item),
            "url": url_for("stock.show_item", item_id=line.item_id),
            "wanted": format_quantity(line.wanted, line.item),
            "left": format_quantity(left.get(line.item_id, 0), line.item) if transfer.parcels else "–",
        }
        for line in transfer.lines
    ]


def parcel_row(parcel: TransferParcel) -> dict[str, Any]:
    """What left of a lot, what arrived of it and what was lost, at what cost."""
    here, arrival, item = current_branch().id, parcel.arrival, parcel.item
    own = parcel.branch_id == here
    lot_id = parcel.lot_id if own else None
    if arrival is not None and arrival.branch_id == here:
        lot_id = arrival.lot_id
    lost = [] if arrival is None else _lost(parcel)
    cost = arrival.loss_minor if arrival is not None and lost else None
    return {
        "name": named(item),
        "number": parcel.lot.number,
        "url": url_for("stock.show_lot", lot_id=lot_id) if lot_id else "",
        "until": format_day(parcel.lot.expires_on),
        "place": parcel.location.name if own else arrival.location.name if arrival is not None else "",
        "left": format_quantity(parcel.quantity, item),
        "arrived": "–" if arrival is None else format_quantity(arrival.arrived, item),
        "lost": ", ".join(lost),
        "cost": format_money(cost, parcel.lot.currency) if cost is not None and parcel.lot.currency else "",
    }


def _lost(parcel: TransferParcel) -> list[str]:
    arrival, item = parcel.arrival, parcel.item
    assert arrival is not None
    return [
        f"{word(reason)}: {format_quantity(quantity, item)}"
        for quantity, reason in (
            (arrival.broken, arrival.broken_reason),
            (arrival.missing, arrival.missing_reason),
        )
        if reason is not None
    ]


def losses(transfer: Transfer) -> str:
    """Everything that broke or is missing, in words; empty where it came whole."""
    lost = [(parcel, _lost(parcel)) for parcel in transfer.parcels if parcel.arrival is not None]
    return "; ".join(f"{named(parcel.item)} ({', '.join(words)})" for parcel, words in lost if words)


def packing_rows(packing: Packing, available: Mapping[UUID, int], form: FormState) -> list[dict[str, Any]]:
    """What was asked for, and each lot of it that stands closed, with what is proposed filled in."""
    numbers = {id(one): number for number, one in enumerate(packing.stock)}
    proposed = {pick.closed.holding_id: pick.quantity for pick in packing.picks}
    rows = []
    for line in packing.transfer.lines:
        item = line.item
        free = max(available.get(item.id, 0), 0)
        rows.append(
            {
                "name": named(item),
                "wanted": format_quantity(line.wanted, item),
                "available": format_quantity(free, item),
                "enough": free >= line.wanted,
                "units": unit_options(item),
                "echo": echo_unit(item),
                "lots": [
                    _lot_row(one, item, numbers[id(one)], proposed.get(one.holding_id, 0), packing, form)
                    for one in packing.stock
                    if one.lot.item_id == item.id
                ],
            }
        )
    return rows


def _lot_row(
    one: Closed, item: Item, number: int, proposed: int, packing: Packing, form: FormState
) -> dict[str, Any]:
    row, stays = f"parcels-{number}", one.stays(packing.at)
    amount, unit = told_amount(item, proposed)
    words = {
        "quarantined": _("quarantined"),
        "expired": _("expired"),
        "prepared": _("stays where it was brewed"),
    }
    return {
        "row": row,
        "path": f"parcels.{number}",
        "lot_id": one.lot.id,
        "location_id": one.location.id,
        "number": one.lot.number,
        "until": format_day(one.lot.expires_on),
        "place": one.location.name,
        "standing": format_quantity(one.quantity, item),
        "amount": form.value(f"{row}-amount", format(amount, "f") if proposed else ""),
        "unit": form.value(f"{row}-unit", unit),
        "stays": (_STAYS[stays], words[stays]) if stays else None,
    }


def arriving_row(parcel: TransferParcel, item: Item) -> dict[str, Any]:
    """A parcel to be taken in, with all of it filled in."""
    amount, unit = told_amount(item, parcel.quantity)
    return {
        "position": parcel.position,
        "name": named(item),
        "number": parcel.lot.number,
        "until": format_day(parcel.lot.expires_on),
        "sent": format_quantity(parcel.quantity, item),
        "amount": format(amount, "f"),
        "unit": unit,
        "units": unit_options(item),
        "echo": echo_unit(item),
    }
