"""Pages of asking: flags, requisitions with the managers' inbox. What becomes of them is in orders."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, url_for
from marshmallow import fields
from sqlalchemy.orm import Session

from supply.domain.planning import listing, requesting, running
from supply.domain.purchasing import deciding
from supply.domain.purchasing import service as purchasing
from supply.domain.purchasing.flags import PENDING
from supply.domain.purchasing.models import RequisitionStatus
from supply.domain.purchasing.schemas import EditRequisition, RaiseRequisition, RejectRequisition
from supply.domain.suppliers import service as suppliers
from supply.fields import BaseSchema, Id
from supply.i18n import _, lazy, plural
from supply.paging import Cursor, encode
from supply.permissions import Actor, Permission
from supply.web import sheet_lines
from supply.web.pages import NavGroup, Pages, query, render, say
from supply.web.plan_rows import to_order_row
from supply.web.purchasing_rows import line_rows, may_decide, price_of, requisition_row
from supply.web.session import current_branch
from supply.web.sheets import Sheet

bp = Pages("purchasing", __name__)
bp.nav(
    label=lazy("Reorder"),
    icon="flag",
    endpoint="purchasing.list_flags",
    permission=Permission.REQUISITION_REQUEST,
    order=40,
    group=NavGroup.BUYING,
    also=("plan",),
)
bp.nav(
    label=lazy("Requisitions"),
    icon="inbox",
    endpoint="purchasing.list_requisitions",
    permission=Permission.REQUISITION_REQUEST,
    order=42,
    group=NavGroup.BUYING,
    also=("orders",),
)
PAGE = 30
Target = tuple[str, dict[str, Any]]


class RequisitionFilter(BaseSchema):
    status = fields.Enum(RequisitionStatus, by_value=True, load_default=None)
    after = Id(load_default=None)


class FlagFilter(BaseSchema):
    after = Cursor(str, UUID, load_default=None)


@bp.page("/flags", permission=Permission.STOCK_SEE)
def list_flags(session: Session, actor: Actor) -> str:
    branch, after = current_branch(), query(FlagFilter)["after"]
    found = listing.list_to_order(session, actor, branch.id, limit=PAGE + 1, after=after)
    shown, here = found[:PAGE], "purchasing.list_flags"
    following = encode((shown[-1].item.sort_key, shown[-1].item.id)) if len(found) > PAGE else None
    return render(
        "purchasing/flags.html",
        rows=[to_order_row(one) for one in shown],
        next_url=url_for(here, after=following) if following else None,
        first_url=url_for(here) if after else None,
        notices=len(listing.list_notices(session, actor, branch.id)),
        last=running.last_run(session, branch.id),
    )


@bp.action(
    "/requisitions",
    permission=Permission.REQUISITION_REQUEST,
    schema=RaiseRequisition,
    back="purchasing.list_flags",
)
def raise_requisition(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    made = requesting.raise_requisition(session, actor, **data)
    say(_("Requisition %(number)s is a draft. Check it, then submit it.", number=made.number))
    return "purchasing.show_requisition", {"requisition_id": made.id}


REQUISITIONS = Sheet(
    "purchasing.list_requisitions", RequisitionFilter, ("number", "status", "when"), "-number", PAGE
)


@bp.page("/requisitions", permission=Permission.STOCK_SEE)
def list_requisitions(session: Session, actor: Actor) -> str | Response:
    chosen, view = query(RequisitionFilter), REQUISITIONS.view(session, actor)
    found = purchasing.list_requisitions(
        session,
        actor,
        current_branch().id,
        statuses=[chosen["status"]] if chosen["status"] else (),
        limit=view.limit,
        after=chosen["after"],
        order=view.order,
    )
    if view.kind:
        return view.file("requisitions", _("Requisitions"), sheet_lines.requisition_lines(found))
    view.turn(len(found), after=found[:PAGE][-1].id if found else None)
    return render(
        "purchasing/requisitions.html",
        rows=[requisition_row(one) for one in found[:PAGE]],
        status=chosen["status"],
        statuses=list(RequisitionStatus),
        view=view,
    )


@bp.page("/requisitions/<uuid:requisition_id>", permission=Permission.STOCK_SEE)
def show_requisition(session: Session, actor: Actor, requisition_id: UUID) -> str:
    requisition = purchasing.get_requisition(session, actor, requisition_id)
    known = suppliers.list_suppliers(session, limit=200)
    lines = line_rows(session, requisition)
    return render(
        "purchasing/requisition.html",
        requisition=requisition,
        pending=requisition.status in PENDING,
        draft=requisition.status is RequisitionStatus.DRAFT,
        lines=lines,
        total=price_of(lines),
        suppliers=[(str(one.id), one.name) for one in known],
        own=not may_decide(requisition, actor),
        edit_schema=EditRequisition,
        reject_schema=RejectRequisition,
    )


@bp.action(
    "/requisitions/<uuid:requisition_id>",
    permission=Permission.REQUISITION_REQUEST,
    schema=EditRequisition,
    versioned=True,
    back="purchasing.show_requisition",
)
def edit_requisition(
    session: Session, actor: Actor, data: dict[str, Any], version: int, requisition_id: UUID
) -> Target:
    purchasing.edit_requisition(session, actor, requisition_id, version=version, **data)
    say(_("Saved. You count as one of its requesters now."))
    return "purchasing.show_requisition", {"requisition_id": requisition_id}


@bp.action(
    "/requisitions/<uuid:requisition_id>/submission",
    permission=Permission.REQUISITION_REQUEST,
    versioned=True,
    back="purchasing.show_requisition",
)
def submit_requisition(session: Session, actor: Actor, version: int, requisition_id: UUID) -> Target:
    purchasing.submit_requisition(session, actor, requisition_id, version=version)
    say(_("Submitted. A manager who did not edit it decides."))
    return "purchasing.show_requisition", {"requisition_id": requisition_id}


@bp.action(
    "/requisitions/<uuid:requisition_id>/withdrawal",
    permission=Permission.REQUISITION_REQUEST,
    versioned=True,
    back="purchasing.show_requisition",
)
def withdraw_requisition(session: Session, actor: Actor, version: int, requisition_id: UUID) -> Target:
    purchasing.withdraw_requisition(session, actor, requisition_id, version=version)
    say(_("Withdrawn. Nobody needs to decide on it."))
    return "purchasing.show_requisition", {"requisition_id": requisition_id}


@bp.action(
    "/requisitions/<uuid:requisition_id>/approval",
    permission=Permission.REQUISITION_DECIDE,
    versioned=True,
    back="purchasing.show_requisition",
)
def approve_requisition(session: Session, actor: Actor, version: int, requisition_id: UUID) -> Target:
    done = deciding.approve_requisition(session, actor, requisition_id, version=version)
    count = len(done.orders)
    if done.status is RequisitionStatus.APPROVED:
        say(
            plural(
                "Approved: it became %(num)s purchase order.",
                "Approved: it became %(num)s purchase orders.",
                count,
            )
        )
    else:
        say(_("Your approval is noted. So much money takes a second person."), "info")
    return "purchasing.show_requisition", {"requisition_id": requisition_id}


@bp.action(
    "/requisitions/<uuid:requisition_id>/rejection",
    permission=Permission.REQUISITION_DECIDE,
    schema=RejectRequisition,
    versioned=True,
    back="purchasing.show_requisition",
)
def reject_requisition(
    session: Session, actor: Actor, data: dict[str, Any], version: int, requisition_id: UUID
) -> Target:
    deciding.reject_requisition(session, actor, requisition_id, version=version, **data)
    say(_("Rejected, with your reason."))
    return "purchasing.show_requisition", {"requisition_id": requisition_id}
