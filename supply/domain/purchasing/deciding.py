"""Deciding on requisitions: approve, twice where it is much money, or reject with a reason. Never one's own.

Every decision happens under the branch's ledger lock, so two managers cannot decide at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from supply.domain.audit import service as audit
from supply.domain.ledger.service import Writer
from supply.domain.outbox.models import Event
from supply.domain.outbox.telling import tell
from supply.domain.purchasing import orders
from supply.domain.purchasing.asking import price_of, terms_of
from supply.domain.purchasing.models import Requisition, RequisitionApproval, RequisitionStatus
from supply.domain.purchasing.rules import get_rules
from supply.domain.purchasing.service import (
    editors_of,
    require_pending,
    require_version,
    settle,
    take_up,
)
from supply.domain.suppliers.models import SupplierTerms
from supply.errors import Conflict, Forbidden, Invalid, NotFound, SupplyError
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


def approve_requisition(
    session: Session, actor: Actor, requisition_id: UUID, *, version: int | None = None
) -> Requisition:
    """Approve: one draft order per supplier, at the terms of now. `version` is what was looked at.

    Where the branch wants two people for so much money, the first approval is noted and it goes on waiting.
    Raises Forbidden("own_request"), Conflict("already_decided" | "not_submitted" | "approved_by_you"), Stale,
    Invalid("supplier_missing") naming the line that nobody sells yet.
    """
    writer, requisition = take_up(session, actor, requisition_id, Permission.REQUISITION_DECIDE)
    _require_decidable(requisition, actor, version)
    _require_suppliers(requisition)
    terms = _terms_now(session, requisition)
    requisition.approvals.append(
        RequisitionApproval(person_id=actor.person_id, approved_at=writer.recorded_at)
    )
    # A version of its own: the next one has seen who approved before.
    flag_modified(requisition, "status")
    session.flush()
    if len(requisition.approvals) < approvals_needed(session, requisition, terms):
        _note_first(session, actor, requisition)
    else:
        _place(session, writer, requisition, terms)
    session.expire(requisition, ["orders", "decider", "approvals"])
    return requisition


def approve_requisitions(
    session: Session, actor: Actor, wanted: Sequence[tuple[UUID, int]]
) -> list[Requisition]:
    """Approve several of one branch, each in the version that was looked at: all of them or none.

    What is refused is said of its number, under `requisitions.<index>`.
    """
    if len({requisition_id for requisition_id, _version in wanted}) < len(wanted):
        raise Invalid("named_twice", lazy("A requisition is named twice."), field="requisitions")
    ids = [requisition_id for requisition_id, _version in wanted]
    query = select(Requisition.id, Requisition.number, Requisition.branch_id).where(Requisition.id.in_(ids))
    known = {row.id: row for row in session.execute(query)}
    branches = {row.branch_id for row in known.values()}
    if len(known) < len(ids) or any(not actor.belongs_to(branch_id) for branch_id in branches):
        raise NotFound("requisition_not_found", lazy("There is no such requisition in your branches."))
    if len(branches) > 1:
        raise Invalid("one_branch", lazy("All of them must be of one branch."), field="requisitions")
    for branch_id in branches:
        require(actor, Permission.REQUISITION_DECIDE, branch_id)
    done = []
    for index, (requisition_id, version) in enumerate(wanted):
        try:
            done.append(approve_requisition(session, actor, requisition_id, version=version))
        except SupplyError as refusal:
            raise _told_of(refusal, known[requisition_id].number, index) from refusal
    return done


def _told_of(refusal: SupplyError, number: int, index: int) -> SupplyError:
    """The same refusal, saying of which of several it is."""
    message = lazy("Requisition %(number)s: %(why)s", number=number, why=refusal.message)
    field = f"requisitions.{index}"
    return type(refusal)(refusal.code, message, field=field, details=refusal.details)


def reject_requisition(
    session: Session, actor: Actor, requisition_id: UUID, *, reason: str, version: int | None = None
) -> Requisition:
    """Say no, and why. Raises as `approve_requisition` does."""
    writer, requisition = take_up(session, actor, requisition_id, Permission.REQUISITION_DECIDE)
    _require_decidable(requisition, actor, version)
    requisition.decided_by = actor.person_id
    requisition.decided_at = writer.recorded_at
    requisition.reason = reason
    settle(session, actor, requisition, RequisitionStatus.REJECTED, reason)
    session.expire(requisition, ["decider"])
    return requisition


def approvals_needed(session: Session, requisition: Requisition, terms: dict[UUID, SupplierTerms]) -> int:
    """Two above the branch's amount, and where it is set and a price is not known; else one."""
    limit = get_rules(session, requisition.branch_id).second_approval_minor
    if limit is None:
        return 1
    price = price_of((line.quantity, terms.get(line.id)) for line in requisition.lines)
    return 2 if price is None or price > limit else 1


def _terms_now(session: Session, requisition: Requisition) -> dict[UUID, SupplierTerms]:
    """By line, how its supplier sells the item now."""
    suppliers = {line.supplier_id for line in requisition.lines if line.supplier_id is not None}
    terms = terms_of(session, suppliers, [line.item_id for line in requisition.lines])
    return {
        line.id: terms[line.supplier_id, line.item_id]
        for line in requisition.lines
        if line.supplier_id is not None and (line.supplier_id, line.item_id) in terms
    }


def _note_first(session: Session, actor: Actor, requisition: Requisition) -> None:
    audit.record(
        session,
        actor,
        action="requisition.first-approval",
        entity="requisition",
        entity_id=requisition.id,
        branch_id=requisition.branch_id,
        changes={"approvals": [0, 1]},
    )


def _place(
    session: Session, writer: Writer, requisition: Requisition, terms: dict[UUID, SupplierTerms]
) -> None:
    requisition.decided_by = writer.actor.person_id
    requisition.decided_at = writer.recorded_at
    settle(session, writer.actor, requisition, RequisitionStatus.APPROVED, None)
    placed = orders.place_orders(session, writer, requisition, terms)
    tell(
        session,
        writer.listeners,
        Event.ORDER_APPROVED,
        writer.branch_id,
        [(order.id, {}) for order in placed],
        at=writer.recorded_at,
    )


def _require_suppliers(requisition: Requisition) -> None:
    for index, line in enumerate(requisition.lines):
        if line.supplier is None or not line.supplier.active:
            raise Invalid(
                "supplier_missing",
                lazy("Say first who delivers this item."),
                field=f"lines.{index}.supplier_id",
            )


def _require_decidable(requisition: Requisition, actor: Actor, version: int | None) -> None:
    if actor.person_id in editors_of(requisition):
        raise Forbidden(
            "own_request",
            lazy("You raised or edited this requisition. Another manager must decide on it."),
        )
    if requisition.status == RequisitionStatus.DRAFT:
        raise Conflict(
            "not_submitted", lazy("This requisition is still a draft. Wait until it is submitted.")
        )
    require_pending(requisition)
    require_version(requisition, version)
    if any(approval.person_id == actor.person_id for approval in requisition.approvals):
        raise Conflict("approved_by_you", lazy("You approved this already. It takes somebody else as well."))
