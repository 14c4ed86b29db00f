"""Requisitions until they are handed in. Deciding on them is in deciding.py.

Every change happens under the branch's ledger lock, so two managers cannot decide at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import flag_modified

from supply.domain.audit import service as audit
from supply.domain.ledger import service as ledger
from supply.domain.ledger.service import Writer
from supply.domain.purchasing import orders
from supply.domain.purchasing.asking import Asking, read_lines, write_lines
from supply.domain.purchasing.flags import PENDING, flags_on
from supply.domain.purchasing.models import (
    Requisition,
    RequisitionApproval,
    RequisitionEditor,
    RequisitionLine,
    RequisitionStatus,
)
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from supply.i18n import lazy
from supply.ordering import Order, ordered
from supply.permissions import Actor, Permission, require

_WHOLE = (
    selectinload(Requisition.lines).joinedload(RequisitionLine.item),
    selectinload(Requisition.lines).joinedload(RequisitionLine.supplier),
    selectinload(Requisition.orders),
    # One or two of each.
    joinedload(Requisition.editors),
    joinedload(Requisition.approvals).joinedload(RequisitionApproval.person),
    joinedload(Requisition.requester),
    joinedload(Requisition.decider),
)


def list_requisitions(
    session: Session,
    actor: Actor,
    branch_id: UUID,
    *,
    statuses: Collection[RequisitionStatus] = (),
    limit: int = 50,
    after: UUID | None = None,
    order: Order | None = None,
) -> list[Requisition]:
    """Requisitions of a branch, newest first; `after` is the last id of the page before.

    An `order` is by number, status or when they were begun.
    """
    require(actor, Permission.STOCK_SEE, branch_id)
    query = select(Requisition).where(Requisition.branch_id == branch_id).options(*_WHOLE)
    if statuses:
        query = query.where(Requisition.status.in_(statuses))
    if after is not None:
        query = query.where(Requisition.id < after)
    query = query.order_by(Requisition.id.desc())
    if order is not None:
        columns = {"number": Requisition.number, "status": Requisition.status, "when": Requisition.created_at}
        query = ordered(query, order, columns, Requisition.id.desc())
    return list(session.scalars(query.limit(limit)).unique())


def get_requisition(session: Session, actor: Actor, requisition_id: UUID) -> Requisition:
    """One requisition with its lines. Raises NotFound, also for another branch's."""
    requisition = _find(session, requisition_id)
    if requisition is None or not actor.belongs_to(requisition.branch_id):
        raise _not_found()
    require(actor, Permission.STOCK_SEE, requisition.branch_id)
    return requisition


def _find(session: Session, requisition_id: UUID) -> Requisition | None:
    query = select(Requisition).where(Requisition.id == requisition_id).options(*_WHOLE)
    return session.scalars(query.execution_options(populate_existing=True)).unique().one_or_none()


def raise_requisition(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    lines: Sequence[Asking] = (),
    from_flags: bool = False,
) -> Requisition:
    """Ask for supplies: a draft of the lines, and with `from_flags` of every flag not yet asked for.

    A line is {item_id, amount?, unit?, supplier_id?}. Raises Invalid naming the field.
    """
    require(actor, Permission.REQUISITION_REQUEST, branch_id)
    writer = ledger.lock(session, actor, branch_id)
    asking = list(lines)
    if from_flags:
        named = {line["item_id"] for line in asking}
        asking += _flagged(session, writer, named)
    if not asking:
        raise Invalid(
            "nothing_to_request", lazy("Nothing is asked for: name at least one item."), field="lines"
        )
    requisition = Requisition(
        branch_id=branch_id,
        number=orders.next_number(session, Requisition, branch_id),
        requested_by=actor.person_id,
        created_at=writer.recorded_at,
        editors=[RequisitionEditor(person_id=actor.person_id)],
    )
    write_lines(requisition, read_lines(session, writer, asking))
    session.add(requisition)
    session.flush()
    return requisition


def _flagged(session: Session, writer: Writer, named: set[UUID]) -> list[Asking]:
    flags = flags_on(session, writer.branch_id, writer.today)
    return [
        {"item_id": flag.item.id}
        for flag in flags
        if flag.asked is None and flag.suggestion.quantity and flag.item.id not in named
    ]


def edit_requisition(
    session: Session, actor: Actor, requisition_id: UUID, *, lines: Sequence[Asking], version: int
) -> Requisition:
    """Replace the lines. Whoever edits counts as requester from then on. Raises Stale, Conflict."""
    writer, requisition = take_up(session, actor, requisition_id, Permission.REQUISITION_REQUEST)
    require_pending(requisition)
    require_version(requisition, version)
    write_lines(requisition, read_lines(session, writer, lines))
    _note_editor(requisition, actor)
    # Whoever approved it approved other lines.
    requisition.approvals.clear()
    # Lines alone would leave the version as it was.
    flag_modified(requisition, "status")
    session.flush()
    for line in requisition.lines:
        session.expire(line, ["supplier"])
    return requisition


def submit_requisition(
    session: Session, actor: Actor, requisition_id: UUID, *, version: int | None = None
) -> Requisition:
    """Hand a draft to the managers."""
    writer, requisition = take_up(session, actor, requisition_id, Permission.REQUISITION_REQUEST)
    if requisition.status == RequisitionStatus.SUBMITTED:
        raise Conflict("already_submitted", lazy("This requisition waits for a decision already."))
    require_pending(requisition)
    require_version(requisition, version)
    requisition.status = RequisitionStatus.SUBMITTED
    requisition.submitted_at = writer.recorded_at
    _note_editor(requisition, actor)
    session.flush()
    return requisition


def withdraw_requisition(
    session: Session, actor: Actor, requisition_id: UUID, *, version: int | None = None
) -> Requisition:
    """Take it back before anybody decides; only who raised or edited it may."""
    _writer, requisition = take_up(session, actor, requisition_id, Permission.REQUISITION_REQUEST)
    if actor.person_id not in editors_of(requisition):
        raise Forbidden("not_requester", lazy("Only who raised or edited a requisition can withdraw it."))
    require_pending(requisition)
    require_version(requisition, version)
    settle(session, actor, requisition, RequisitionStatus.WITHDRAWN, None)
    return requisition


def take_up(
    session: Session, actor: Actor, requisition_id: UUID, permission: Permission
) -> tuple[Writer, Requisition]:
    """The requisition as it is now, held under its branch's lock by somebody who may."""
    branch_id = session.scalar(select(Requisition.branch_id).where(Requisition.id == requisition_id))
    if branch_id is None or not actor.belongs_to(branch_id):
        raise _not_found()
    require(actor, permission, branch_id)
    writer = ledger.lock(session, actor, branch_id)
    requisition = _find(session, requisition_id)
    assert requisition is not None, "requisitions are never deleted"
    return writer, requisition


def settle(
    session: Session,
    actor: Actor,
    requisition: Requisition,
    status: RequisitionStatus,
    reason: str | None,
) -> None:
    before = requisition.status
    requisition.status = status
    session.flush()
    audit.record(
        session,
        actor,
        action=f"requisition.{status.value}",
        entity="requisition",
        entity_id=requisition.id,
        branch_id=requisition.branch_id,
        changes={"status": [before.value, status.value]},
        reason=reason,
    )


def require_pending(requisition: Requisition) -> None:
    if requisition.status in (RequisitionStatus.APPROVED, RequisitionStatus.REJECTED):
        raise Conflict(
            "already_decided",
            lazy("This requisition has been decided already."),
            details={
                "status": requisition.status.value,
                "decided_by": requisition.decider.name if requisition.decider else None,
            },
        )
    if requisition.status not in PENDING:
        raise Conflict("withdrawn", lazy("This requisition was withdrawn. Raise a new one."))


def require_version(requisition: Requisition, version: int | None) -> None:
    if version is not None and requisition.version != version:
        raise Stale("stale", lazy("Somebody changed this requisition meanwhile. Look at it again."))


def editors_of(requisition: Requisition) -> set[UUID]:
    return {requisition.requested_by} | {editor.person_id for editor in requisition.editors}


def _note_editor(requisition: Requisition, actor: Actor) -> None:
    if actor.person_id not in {editor.person_id for editor in requisition.editors}:
        requisition.editors.append(RequisitionEditor(person_id=actor.person_id))


def _not_found() -> NotFound:
    return NotFound("requisition_not_found", lazy("There is no such requisition in your branches."))
