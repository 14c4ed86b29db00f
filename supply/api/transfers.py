"""Transfers between branches and moves within one, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply import announcing
from supply.api.cursors import identified, sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.catalog import service as catalog
from supply.domain.transfers import arriving, dispatching, moving, service
from supply.domain.transfers.models import StockMove, Transfer, TransferStatus
from supply.domain.transfers.schemas import (
    CancelTransfer,
    DispatchTransfer,
    ListTransfers,
    MoveStock,
    ProposedParcelOut,
    RecallTransfer,
    ReceiveTransfer,
    RequestTransfer,
    StockMoveOut,
    TransferOut,
    move_view,
    proposed_view,
)
from supply.domain.waste.schemas import Reversal
from supply.permissions import Actor, Permission

blp = ApiBlueprint(
    "transfers", description="Stock from branch to branch, and from place to place within one."
)

_BRANCH = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"
_OTHER = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a02"
_ITEM = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8c03"
_LOT = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8b02"
_PLACE = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8e05"


@blp.get(
    "/transfers",
    permission=Permission.STOCK_SEE,
    query=ListTransfers,
    page_of=TransferOut,
    summary="List transfers",
    description="Those that the branch sends or receives, newest first; of one status, if it is named.",
)
def list_transfers(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[Transfer], tuple[UUID] | None]:
    limit, before = query["limit"], identified(query["cursor"])
    statuses = tuple(TransferStatus) if query["status"] is None else (query["status"],)
    rows = service.list_transfers(
        session, actor, query["branch_id"], statuses=statuses, limit=limit + 1, before=before
    )
    return rows[:limit], (rows[limit - 1].id,) if len(rows) > limit else None


@blp.get(
    "/transfers/<uuid:transfer_id>",
    permission=Permission.STOCK_SEE,
    out=TransferOut,
    etag=True,
    summary="Get a transfer",
    description="What was asked for, what left, what arrived and what was lost. The two branches see it.",
)
def get_transfer(session: Session, actor: Actor, transfer_id: UUID) -> Transfer:
    return service.get_transfer(session, actor, transfer_id)


@blp.post(
    "/transfers",
    permission=Permission.TRANSFER_LOG,
    body=RequestTransfer,
    out=TransferOut,
    status=201,
    etag=True,
    summary="Ask for a transfer, or offer one",
    description="Written by the branch that needs something or by the one that has it. Nothing moves yet.",
    example={
        "from_branch_id": _OTHER,
        "to_branch_id": _BRANCH,
        "lines": [{"item_id": _ITEM, "amount": "2", "unit": "kg"}],
    },
)
def request_transfer(session: Session, actor: Actor, data: dict[str, Any]) -> Transfer:
    return service.request_transfer(session, actor, **data)


@blp.post(
    "/transfers/<uuid:transfer_id>/cancellation",
    permission=Permission.TRANSFER_LOG,
    body=CancelTransfer,
    out=TransferOut,
    versioned=True,
    etag=True,
    summary="Cancel a transfer",
    description="By either branch, while nothing of it has left.",
    example={"reason": "We found some."},
    conflicts=("transfer_dispatched", "transfer_received", "transfer_cancelled"),
)
def cancel_transfer(
    session: Session, actor: Actor, data: dict[str, Any], transfer_id: UUID, version: int
) -> Transfer:
    return service.cancel_transfer(session, actor, transfer_id, version=version, **data)


@blp.get(
    "/transfers/<uuid:transfer_id>/proposal",
    permission=Permission.TRANSFER_LOG,
    page_of=ProposedParcelOut,
    summary="List what would be sent",
    description="For the branch that sends: the first to expire of what stands closed, as much as was asked "
    "for or as there is. Opened containers and prepared batches do not travel.",
)
def propose_parcels(session: Session, actor: Actor, query: dict[str, Any], transfer_id: UUID) -> Any:
    packing = dispatching.pack(session, actor, transfer_id)
    items = {line.item_id: line.item for line in packing.transfer.lines}
    found, more = sliced(
        packing.picks, query, lambda one: (items[one.closed.lot.item_id].sort_key, one.closed.holding_id)
    )
    return [proposed_view(one, items[one.closed.lot.item_id]) for one in found], more


@blp.post(
    "/transfers/<uuid:transfer_id>/dispatch",
    permission=Permission.TRANSFER_LOG,
    body=DispatchTransfer,
    out=TransferOut,
    status=201,
    versioned=True,
    etag=True,
    summary="Dispatch a transfer",
    description="By the branch that has it: it leaves the shelf at once and is on order for the other one. "
    "Without `parcels` the first to expire are taken. A lot that has expired, is quarantined or was brewed "
    "does not travel (409 `lot_stays`).",
    example={"parcels": [{"lot_id": _LOT, "amount": "2", "unit": "kg"}], "expected_on": "2026-11-23"},
    conflicts=("stock_short", "lot_stays", "transfer_dispatched", "transfer_received", "transfer_cancelled"),
)
def dispatch_transfer(
    session: Session, actor: Actor, data: dict[str, Any], transfer_id: UUID, version: int
) -> Transfer:
    announcing.announce_soon()
    return dispatching.dispatch_transfer(session, actor, transfer_id, version=version, **data)


@blp.post(
    "/transfers/<uuid:transfer_id>/recall",
    permission=Permission.TRANSFER_LOG,
    body=RecallTransfer,
    out=TransferOut,
    status=201,
    versioned=True,
    etag=True,
    summary="Call a transfer back",
    description="By the branch that sent it, while it has not been received: it stands again where it stood, "
    "and what was asked for waits again. With `never_left` it counts as never sent, otherwise it came back "
    "now: a count of the shelf in between makes the difference.",
    example={},
    conflicts=("transfer_requested", "transfer_received", "transfer_cancelled"),
)
def recall_transfer(
    session: Session, actor: Actor, data: dict[str, Any], transfer_id: UUID, version: int
) -> Transfer:
    announcing.announce_soon()
    return dispatching.recall_transfer(session, actor, transfer_id, version=version, **data)


@blp.post(
    "/transfers/<uuid:transfer_id>/receipt",
    permission=Permission.TRANSFER_LOG,
    body=ReceiveTransfer,
    out=TransferOut,
    status=201,
    versioned=True,
    etag=True,
    summary="Receive a transfer",
    description="By the branch that it was sent to. Parcels that no line names arrived whole. Of a parcel "
    "`amount` is good and `broken` is written off as waste; what is then missing is written off as an "
    "adjustment. Both need their reason (422 `loss_reason_missing`) and are losses of this branch, at lot "
    "cost. What arrived is a lot of this branch, with the same number, expiry, supplier and cost.",
    example={
        "lines": [
            {
                "position": 1,
                "amount": "1.5",
                "unit": "kg",
                "broken": "0.3",
                "broken_reason": "damaged",
                "missing_reason": "lost",
            }
        ]
    },
    conflicts=("transfer_requested", "transfer_received", "transfer_cancelled"),
)
def receive_transfer(
    session: Session, actor: Actor, data: dict[str, Any], transfer_id: UUID, version: int
) -> Transfer:
    return arriving.receive_transfer(session, actor, transfer_id, version=version, **data)


@blp.post(
    "/transfers/<uuid:transfer_id>/receipt/reversal",
    permission=Permission.TRANSFER_LOG,
    body=Reversal,
    out=TransferOut,
    status=201,
    versioned=True,
    etag=True,
    summary="Reverse the receipt of a transfer",
    description="It is on the way again, to be received as it really came. Where something of it was used "
    "already, 409 `already_used` lists the uses.",
    example={},
    conflicts=("already_used", "transfer_requested", "transfer_dispatched", "transfer_cancelled"),
)
def reverse_transfer_receipt(
    session: Session, actor: Actor, data: dict[str, Any], transfer_id: UUID, version: int
) -> Transfer:
    return arriving.reverse_receipt(session, actor, transfer_id, version=version, **data)


@blp.post(
    "/stock-moves",
    permission=Permission.TRANSFER_LOG,
    body=MoveStock,
    out=StockMoveOut,
    status=201,
    summary="Move stock to another place",
    description="Within a branch, from one storage location to another; without an amount all of the lot "
    "that stands there. An opened container, if it is named, moves whole.",
    example={"branch_id": _BRANCH, "lot_id": _LOT, "to_location_id": _PLACE, "amount": "1", "unit": "kg"},
    conflicts=("stock_short",),
)
def move_stock(session: Session, actor: Actor, data: dict[str, Any]) -> dict[str, Any]:
    return _move(session, moving.move_stock(session, actor, **data))


@blp.get(
    "/stock-moves/<uuid:move_id>",
    permission=Permission.STOCK_SEE,
    out=StockMoveOut,
    summary="Get a move",
    description="What was moved from where to where.",
)
def get_stock_move(session: Session, actor: Actor, move_id: UUID) -> dict[str, Any]:
    return _move(session, moving.get_move(session, actor, move_id))


@blp.post(
    "/stock-moves/<uuid:move_id>/reversal",
    permission=Permission.TRANSFER_LOG,
    body=Reversal,
    out=StockMoveOut,
    status=201,
    summary="Reverse a move",
    description="It stands again where it stood.",
    example={},
    conflicts=("already_reversed", "already_used"),
)
def reverse_stock_move(session: Session, actor: Actor, data: dict[str, Any], move_id: UUID) -> dict[str, Any]:
    return _move(session, moving.reverse_move(session, actor, move_id, **data))


def _move(session: Session, move: StockMove) -> dict[str, Any]:
    return move_view(move, catalog.get_item(session, move.item_id))
