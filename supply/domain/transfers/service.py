"""Transfers between branches: asking for one, looking at it, and giving it up before anything has left.

Sending is in dispatching, taking in is in arriving. The two parties see a transfer, nobody else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from supply import clock
from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.branches.models import Branch
from supply.domain.catalog import service as catalog
from supply.domain.transfers.models import (
    Transfer,
    TransferArrival,
    TransferLine,
    TransferParcel,
    TransferStatus,
)
from supply.errors import Conflict, Invalid, NotFound, Stale
from supply.i18n import Text, lazy
from supply.permissions import Actor, Permission, require

SOURCE = "transfer"
OPEN = (TransferStatus.REQUESTED, TransferStatus.DISPATCHED)
_WHOLE = (
    joinedload(Transfer.from_branch),
    joinedload(Transfer.to_branch),
    joinedload(Transfer.requester),
    joinedload(Transfer.dispatcher),
    joinedload(Transfer.receiver),
    joinedload(Transfer.canceller),
    selectinload(Transfer.lines).joinedload(TransferLine.item),
    selectinload(Transfer.parcels).options(
        joinedload(TransferParcel.item),
        joinedload(TransferParcel.lot),
        joinedload(TransferParcel.location),
        joinedload(TransferParcel.arrival).options(
            joinedload(TransferArrival.item), joinedload(TransferArrival.location)
        ),
    ),
)


def request_transfer(
    session: Session,
    actor: Actor,
    *,
    from_branch_id: UUID,
    to_branch_id: UUID,
    lines: Sequence[Mapping[str, Any]],
    note: str | None = None,
) -> Transfer:
    """Ask another branch for stock, or offer it some: whichever of the two the actor works in. Moves nothing.

    A line is {item_id, amount, unit}. Raises Invalid naming the field.
    """
    offered = _offers(actor, from_branch_id, to_branch_id)
    own, other = (from_branch_id, to_branch_id) if offered else (to_branch_id, from_branch_id)
    require(actor, Permission.TRANSFER_LOG, own)
    if all(branch.id != other for branch in list_partners(session, own)):
        field = "to_branch_id" if offered else "from_branch_id"
        raise Invalid("branch_unknown", lazy("Choose another open branch."), field=field)
    transfer = Transfer(
        id=new_id(),
        from_branch_id=from_branch_id,
        to_branch_id=to_branch_id,
        status=TransferStatus.REQUESTED,
        offered=offered,
        note=note,
        requested_at=clock.now(),
        requested_by=actor.person_id,
        noted_at=clock.now(),
        sent=0,
        version=1,
        lines=_lines(session, lines),
    )
    session.add(transfer)
    session.flush()
    told: dict[str, Sequence[Any]] = {"status": [None, transfer.status]}
    told["lines"] = [None, _told_lines(transfer)]
    _note(session, actor, transfer, "transfer.request", own, told, note)
    return _read(session, transfer.id)


def list_partners(session: Session, branch_id: UUID) -> list[Branch]:
    """Every other open branch by code, whoever belongs to it: whom one can ask, by name and no more."""
    query = select(Branch).where(Branch.id != branch_id, Branch.closed_at.is_(None))
    return list(session.scalars(query.order_by(Branch.code)))


def _offers(actor: Actor, from_branch_id: UUID, to_branch_id: UUID) -> bool:
    """Whether the actor speaks for the branch that sends; who works in both asks."""
    return not actor.may(Permission.TRANSFER_LOG, to_branch_id) and actor.belongs_to(from_branch_id)


def _lines(session: Session, told: Sequence[Mapping[str, Any]]) -> list[TransferLine]:
    items = catalog.items_by_id(session, [line["item_id"] for line in told])
    lines: list[TransferLine] = []
    for number, line in enumerate(told):
        item = items.get(line["item_id"])
        if item is None:
            raise Invalid("item_unknown", lazy("There is no such item."), field=f"lines.{number}.item_id")
        if any(item.id == other.item_id for other in lines):
            raise Invalid(
                "item_twice",
                lazy("This item is on the list twice. Add the two up."),
                field=f"lines.{number}.item_id",
            )
        wanted = catalog.base_quantity(item, line["amount"], line["unit"], field=f"lines.{number}.amount")
        lines.append(TransferLine(position=number + 1, item_id=item.id, wanted=wanted))
    return lines


def get_transfer(session: Session, actor: Actor, transfer_id: UUID) -> Transfer:
    """A transfer that one of the actor's branches has a part in, whole. Raises NotFound."""
    transfer = find_transfer(session, transfer_id)
    if transfer is None:
        raise not_found()
    require_party(actor, transfer, Permission.STOCK_SEE)
    return transfer


def find_transfer(session: Session, transfer_id: UUID) -> Transfer | None:
    query = select(Transfer).where(Transfer.id == transfer_id).options(*_WHOLE)
    return session.scalar(query.execution_options(populate_existing=True))


def _read(session: Session, transfer_id: UUID) -> Transfer:
    transfer = find_transfer(session, transfer_id)
    assert transfer is not None
    return transfer


def not_found() -> NotFound:
    return NotFound("transfer_not_found", lazy("There is no such transfer in your branches."))


def require_party(actor: Actor, transfer: Transfer, permission: Permission) -> None:
    """Let through whoever may in one of the two branches. Raises NotFound for everybody else's."""
    own = [one for one in (transfer.to_branch_id, transfer.from_branch_id) if actor.belongs_to(one)]
    if not own:
        raise not_found()
    allowed = [one for one in own if actor.may(permission, one)]
    require(actor, permission, (allowed or own)[0])


def list_transfers(
    session: Session,
    actor: Actor,
    branch_id: UUID,
    *,
    statuses: Collection[TransferStatus] = tuple(TransferStatus),
    limit: int = 50,
    before: UUID | None = None,
) -> list[Transfer]:
    """Transfers that the branch has a part in, newest first, whole."""
    require(actor, Permission.STOCK_SEE, branch_id)
    query = (
        select(Transfer)
        .where(
            or_(Transfer.from_branch_id == branch_id, Transfer.to_branch_id == branch_id),
            Transfer.status.in_(statuses),
        )
        .options(*_WHOLE)
        .order_by(Transfer.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Transfer.id < before)
    return list(session.scalars(query))


def cancel_transfer(
    session: Session, actor: Actor, transfer_id: UUID, *, version: int, reason: str | None = None
) -> Transfer:
    """Give it up, by either party, while nothing has left. Raises Conflict("transfer_dispatched" | …)."""
    transfer = get_transfer(session, actor, transfer_id)
    require_party(actor, transfer, Permission.TRANSFER_LOG)
    lock_transfer(session, transfer, TransferStatus.REQUESTED, version)
    transfer.status = TransferStatus.CANCELLED
    transfer.cancelled_at, transfer.cancelled_by = clock.now(), actor.person_id
    transfer.cancel_reason = reason
    takes = actor.may(Permission.TRANSFER_LOG, transfer.to_branch_id)
    own = transfer.to_branch_id if takes else transfer.from_branch_id
    return changed(session, actor, transfer, "transfer.cancel", own, TransferStatus.REQUESTED, reason)


_REFUSALS: dict[TransferStatus, Text] = {
    TransferStatus.REQUESTED: lazy("Nothing of it is on the way: it is asked for, or was called back."),
    TransferStatus.DISPATCHED: lazy("It is on the way already."),
    TransferStatus.RECEIVED: lazy("It has been received already."),
    TransferStatus.CANCELLED: lazy("It was cancelled."),
}


def lock_transfer(session: Session, transfer: Transfer, due: TransferStatus, version: int) -> None:
    """Hold the row that both parties change, after the own branch's head; it is read anew.

    Raises Conflict("transfer_<status>") where another leg is due, Stale where the form saw another state.
    """
    seen = transfer.version
    session.refresh(transfer, ["status", "version", "noted_at"], with_for_update=True)
    if transfer.status is not due:
        raise Conflict(f"transfer_{transfer.status.value}", _REFUSALS[transfer.status])
    if not seen == transfer.version == version:
        raise Stale(
            "stale",
            lazy("This transfer has changed meanwhile. Look at it again, then repeat."),
            details={"version": transfer.version},
        )


def changed(
    session: Session,
    actor: Actor,
    transfer: Transfer,
    action: str,
    branch_id: UUID,
    before: TransferStatus,
    reason: str | None = None,
    told: Mapping[str, Sequence[Any]] | None = None,
) -> Transfer:
    """The transfer in its next version, as it is read now; written down in the branch whose act it was."""
    transfer.version += 1
    session.flush()
    _note(
        session,
        actor,
        transfer,
        action,
        branch_id,
        {"status": [before, transfer.status], **(told or {})},
        reason,
    )
    return _read(session, transfer.id)


def _note(
    session: Session,
    actor: Actor,
    transfer: Transfer,
    action: str,
    branch_id: UUID,
    changes: Mapping[str, Sequence[Any]],
    reason: str | None,
) -> None:
    audit.record(
        session,
        actor,
        action=action,
        entity="transfer",
        entity_id=transfer.id,
        branch_id=branch_id,
        changes=changes,
        reason=reason,
    )


def _told_lines(transfer: Transfer) -> list[list[Any]]:
    return [[str(line.item_id), line.wanted] for line in transfer.lines]
