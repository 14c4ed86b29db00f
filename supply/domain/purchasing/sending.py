"""A draft order goes to its supplier: by mail through the outbox, or on paper or by phone, as told."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.audit import service as audit
from supply.domain.branches.models import Branch
from supply.domain.outbox import service as outbox
from supply.domain.purchasing.asking import terms_of
from supply.domain.purchasing.ending import refuse_ended
from supply.domain.purchasing.models import OrderStatus, PurchaseOrder, SentBy
from supply.domain.purchasing.orders import order_to_change
from supply.domain.purchasing.paper import csv_of, letter_of, paper_of
from supply.domain.suppliers.ordering import due, lead_days
from supply.errors import Conflict, Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission

SOURCE = "purchase-order"


def send_order(
    session: Session,
    actor: Actor,
    order_id: UUID,
    *,
    by: SentBy,
    mail_server: bool = True,
    version: int | None = None,
) -> PurchaseOrder:
    """Note that a draft went to its supplier; by mail it is queued with this very transaction.

    `mail_server`: whether this installation has one. The lead time counts from now. Raises
    Invalid("no_mail_address" | "no_mail_server") for "by", Conflict("already_ordered"), and as ending does.
    """
    writer, order = order_to_change(session, actor, order_id, Permission.REQUISITION_DECIDE, version)
    refuse_ended(order)
    if order.status is not OrderStatus.DRAFT:
        raise Conflict("already_ordered", lazy("This order is with the supplier already."))
    if by is SentBy.MAIL:
        _require_mail(order, mail_server)
    order.status, order.sent_by = OrderStatus.ORDERED, by
    order.ordered_at, order.ordered_by = writer.recorded_at, actor.person_id
    order.expected_at = due(order.supplier, _longest(session, order), writer.recorded_at, writer.timezone)
    session.flush()
    if by is SentBy.MAIL:
        _queue(session, order)
    audit.record(
        session,
        actor,
        action="purchase-order.send",
        entity="purchase-order",
        entity_id=order.id,
        branch_id=order.branch_id,
        changes={"status": [OrderStatus.DRAFT.value, order.status.value], "sent_by": [None, by.value]},
    )
    return order


def _longest(session: Session, order: PurchaseOrder) -> int:
    """The lead time of the slowest line, by the terms of now."""
    terms = terms_of(session, {order.supplier_id}, [line.item_id for line in order.lines])
    return max(
        lead_days(order.supplier, terms.get((order.supplier_id, line.item_id))) for line in order.lines
    )


def _require_mail(order: PurchaseOrder, mail_server: bool) -> None:
    if not order.supplier.email:
        raise Invalid(
            "no_mail_address",
            lazy("The supplier has no email address. Add one, or print the order."),
            field="by",
        )
    if not mail_server:
        raise Invalid(
            "no_mail_server",
            lazy("No mail server is set up here. Print the order or phone the supplier."),
            field="by",
        )


def _queue(session: Session, order: PurchaseOrder) -> None:
    paper = paper_of(order, session.get_one(Branch, order.branch_id))
    subject, body = letter_of(paper)
    assert order.supplier.email is not None
    outbox.queue_mail(
        session,
        branch_id=order.branch_id,
        source=(SOURCE, order.id),
        recipient=order.supplier.email,
        subject=subject,
        body=body,
        attachment=(f"{paper.number}.csv", csv_of(paper)),
    )
