"""Pages of purchase orders: what is ordered, the paper for the supplier, how it was sent, how it ended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from supply import mailing
from supply.domain.branches import service as branches
from supply.domain.outbox import service as outbox
from supply.domain.purchasing import ending, orders, sending
from supply.domain.purchasing.models import OrderStatus, PurchaseOrder, SentBy
from supply.domain.purchasing.paper import Paper, csv_of, order_number, paper_of
from supply.domain.purchasing.schemas import CancelOrder, CloseOrder, SendOrder
from supply.domain.receiving.service import list_deliveries
from supply.fields import BaseSchema, Id, Tick
from supply.i18n import _, lazy, speaking
from supply.permissions import Actor, Permission
from supply.web import sheet_lines
from supply.web.pages import Pages, query, render, say
from supply.web.purchasing_rows import ORDER_KINDS, order_row
from supply.web.receiving_rows import delivery_row
from supply.web.session import current_branch
from supply.web.sheets import Sheet

bp = Pages("orders", __name__)
PAGE = 30
Target = tuple[str, dict[str, Any]]


class OrderFilter(BaseSchema):
    open = Tick(load_default=False, metadata={"label": lazy("Still to come")})
    after = Id(load_default=None)


ORDERS = Sheet(
    "orders.list_orders", OrderFilter, ("number", "supplier", "status", "expected"), "-number", PAGE
)


@bp.page("/purchase-orders", permission=Permission.STOCK_SEE)
def list_orders(session: Session, actor: Actor) -> str | Response:
    chosen, view = query(OrderFilter), ORDERS.view(session, actor)
    found = orders.list_orders(
        session,
        actor,
        current_branch().id,
        statuses=orders.OPEN if chosen["open"] else (),
        limit=view.limit,
        after=chosen["after"],
        order=view.order,
    )
    if view.kind:
        return view.file("purchase-orders", _("Purchase orders"), sheet_lines.order_lines(found))
    view.turn(len(found), after=found[:PAGE][-1].id if found else None)
    return render(
        "purchasing/orders.html",
        rows=[order_row(one) for one in found[:PAGE]],
        only_open=chosen["open"],
        view=view,
    )


@bp.page("/purchase-orders/<uuid:order_id>", permission=Permission.STOCK_SEE)
def show_order(session: Session, actor: Actor, order_id: UUID) -> str:
    order = orders.get_order(session, actor, order_id)
    branch = branches.get_branch(session, actor, order.branch_id)
    anything_came = any(line.received for line in order.lines)
    ways = [way for way in SentBy if way is not SentBy.MAIL or (order.supplier.email and mailing.can_send())]
    return render(
        "purchasing/order.html",
        order=order,
        number=order_number(branch.code, order.number),
        kind=ORDER_KINDS[order.status],
        is_open=order.status in orders.OPEN,
        may_close=order.status is OrderStatus.RECEIVED,
        is_draft=order.status is OrderStatus.DRAFT,
        anything_came=anything_came,
        ways=ways,
        mails=outbox.list_mail(session, [order.id]),
        deliveries=[
            delivery_row(one)
            for one in list_deliveries(session, actor, order.branch_id, purchase_order_id=order.id)
        ]
        if anything_came
        else [],
    )


@bp.page("/purchase-orders/<uuid:order_id>/print", permission=Permission.STOCK_SEE)
def print_order(session: Session, actor: Actor, order_id: UUID) -> str:
    """The paper, in the supplier's language whatever the reader's."""
    _order, paper = _paper(session, actor, order_id)
    with speaking(paper.language):
        return render("purchasing/paper.html", paper=paper)


@bp.page("/purchase-orders/<uuid:order_id>/csv", permission=Permission.STOCK_SEE)
def download_order(session: Session, actor: Actor, order_id: UUID) -> Response:
    _order, paper = _paper(session, actor, order_id)
    response = Response(csv_of(paper).encode("utf-8-sig"), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{paper.number}.csv"'
    return response


def _paper(session: Session, actor: Actor, order_id: UUID) -> tuple[PurchaseOrder, Paper]:
    order = orders.get_order(session, actor, order_id)
    return order, paper_of(order, branches.get_branch(session, actor, order.branch_id))


@bp.action(
    "/purchase-orders/<uuid:order_id>/sending",
    permission=Permission.REQUISITION_DECIDE,
    schema=SendOrder,
    versioned=True,
    back="orders.show_order",
)
def send_order(session: Session, actor: Actor, data: dict[str, Any], version: int, order_id: UUID) -> Target:
    by: SentBy = data["by"]
    order = sending.send_order(
        session, actor, order_id, by=by, mail_server=mailing.can_send(), version=version
    )
    mailing.send_soon()
    words = {
        SentBy.MAIL: _("The order is on its way to %(address)s.", address=order.supplier.email or ""),
        SentBy.PRINT: _("Noted: the order went out on paper."),
        SentBy.PHONE: _("Noted: the supplier was phoned."),
    }
    say(words[by])
    return "orders.show_order", {"order_id": order_id}


@bp.action(
    "/purchase-orders/<uuid:order_id>/mails/<uuid:mail_id>/retrial",
    permission=Permission.REQUISITION_DECIDE,
    back="orders.show_order",
)
def retry_mail(session: Session, actor: Actor, order_id: UUID, mail_id: UUID) -> Target:
    outbox.retry_mail(session, actor, order_id, mail_id)
    mailing.send_soon()
    say(_("It is tried again now."))
    return "orders.show_order", {"order_id": order_id}


@bp.page("/purchase-orders/<uuid:order_id>/cancellation", permission=Permission.REQUISITION_DECIDE)
def confirm_cancellation(session: Session, actor: Actor, order_id: UUID) -> str:
    return render(
        "purchasing/cancel.html", order=orders.get_order(session, actor, order_id), schema=CancelOrder
    )


@bp.action(
    "/purchase-orders/<uuid:order_id>/cancellation",
    permission=Permission.REQUISITION_DECIDE,
    schema=CancelOrder,
    versioned=True,
    back="orders.confirm_cancellation",
)
def cancel_order(
    session: Session, actor: Actor, data: dict[str, Any], version: int, order_id: UUID
) -> Target:
    order = ending.cancel_order(session, actor, order_id, version=version, **data)
    say(_("Order %(number)s is cancelled. Tell the supplier.", number=order.number))
    return "orders.show_order", {"order_id": order_id}


@bp.page("/purchase-orders/<uuid:order_id>/closure", permission=Permission.REQUISITION_DECIDE)
def confirm_closure(session: Session, actor: Actor, order_id: UUID) -> str:
    return render(
        "purchasing/close.html", order=orders.get_order(session, actor, order_id), schema=CloseOrder
    )


@bp.action(
    "/purchase-orders/<uuid:order_id>/closure",
    permission=Permission.REQUISITION_DECIDE,
    schema=CloseOrder,
    versioned=True,
    back="orders.confirm_closure",
)
def close_order(session: Session, actor: Actor, data: dict[str, Any], version: int, order_id: UUID) -> Target:
    order = ending.close_order(session, actor, order_id, version=version, **data)
    say(_("Order %(number)s is closed.", number=order.number))
    return "orders.show_order", {"order_id": order_id}
