"""The manager's inbox: all that waits, with approval of many at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for
from marshmallow import ValidationError, fields
from sqlalchemy.orm import Session

from supply.domain.purchasing import deciding, rules
from supply.domain.purchasing.models import RequisitionStatus
from supply.domain.purchasing.rule_schemas import SetBuyingRules
from supply.domain.reports.inbox import ToDecide, inbox_of
from supply.domain.reports.stock import visits_behind
from supply.domain.waste.expired import ExpiredLot
from supply.fields import BaseSchema, some
from supply.i18n import _, lazy, plural
from supply.permissions import Actor, Permission
from supply.presenting import format_instant, format_money, format_quantity, typed_money
from supply.web.frame import named
from supply.web.pages import Pages, render, say
from supply.web.purchasing_rows import order_row
from supply.web.session import current_branch
from supply.web.stocktake_rows import title_of
from supply.web.task_rows import expired_row, task_row

bp = Pages("inbox", __name__)
bp.nav(
    label=lazy("Inbox"),
    icon="inbox",
    endpoint="inbox.show_inbox",
    permission=Permission.REQUISITION_DECIDE,
    order=5,
)
MOST = 100


class Picked(fields.Field[tuple[UUID, int]]):
    """A requisition in the version that was on the page: "<id>.<version>"."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[UUID, int]:
        try:
            told, _dot, version = str(value).partition(".")
            return UUID(told), int(version)
        except ValueError:
            raise ValidationError(str(lazy("This choice is not one of the list."))) from None


class ApprovePicked(BaseSchema):
    picked = fields.List(
        Picked(),
        required=True,
        validate=some(MOST, lazy("Tick at least one requisition.")),
        metadata={"label": lazy("Requisitions")},
    )


@bp.page("/inbox", permission=Permission.REQUISITION_DECIDE)
def show_inbox(session: Session, actor: Actor) -> str:
    inbox = inbox_of(session, actor, current_branch().id)
    done = [task.source_id for task in inbox.incidents if task.source_type == "completion"]
    behind = visits_behind(session, done)
    return render(
        "inbox/inbox.html",
        inbox=inbox,
        to_decide=[_decision_row(one) for one in inbox.to_decide],
        counts=[_count_row(row) for row in inbox.counts],
        to_send=[order_row(order) for order in inbox.to_send],
        late=[order_row(order) for order in inbox.late],
        stuck_mail=inbox.stuck_mail,
        stuck_hooks=inbox.stuck_hooks,
        expired=[_expired_row(one) for one in inbox.expired],
        incidents=[_incident_row(task_row(task, behind)) for task in inbox.incidents],
    )


def _count_row(row: Any) -> dict[str, Any]:
    """A stocktake to approve; it is looked at before."""
    when = format_instant(row.Stocktake.submitted_at, current_branch().timezone)
    return {
        "title": title_of(row.Stocktake),
        "detail": f"{row.opened_by_name} · {when}",
        "url": url_for("stocktake_ends.show_stocktake", stocktake_id=row.Stocktake.id),
        "side": _("somebody else decides") if row.own else "",
        "symbol": "count",
    }


def _expired_row(one: ExpiredLot) -> dict[str, Any]:
    """A lot that is past its use; what is done about it stands with the tasks."""
    row = expired_row(one)
    detail = f"{row['where']} · {_('until %(day)s', day=row['until'])}"
    url = url_for("tasks.list_tasks", kind="expired")
    side = {"side": row["amount"], "side_note": row["cost"]}
    return {"title": row["name"], "detail": detail, "url": url, "symbol": "trash", **side}


def _incident_row(row: dict[str, Any]) -> dict[str, Any]:
    """A broken rule opens the visit where it was broken."""
    return {**row, "url": row["visit_url"] or row["url"]}


def _decision_row(one: ToDecide) -> dict[str, Any]:
    requisition, branch = one.requisition, current_branch()
    lines = [f"{named(line.item)} {format_quantity(line.quantity, line.item)}" for line in requisition.lines]
    more = len(lines) - 4
    return {
        "number": _("Requisition %(number)s", number=requisition.number),
        "url": url_for("purchasing.show_requisition", requisition_id=requisition.id),
        "pick": f"{requisition.id}.{requisition.version}",
        "who": requisition.requester.name,
        "when": format_instant(requisition.submitted_at, branch.timezone),
        "lines": ", ".join(lines[:4]) + (f" +{more}" if more > 0 else ""),
        "price": "" if one.price_minor is None else format_money(one.price_minor, branch.currency),
        "own": one.own,
        "approved_by": ", ".join(one.approved_by),
        "needs_second": one.needs_second,
    }


@bp.action(
    "/inbox/approvals",
    permission=Permission.REQUISITION_DECIDE,
    schema=ApprovePicked,
    back="inbox.show_inbox",
)
def approve_picked(session: Session, actor: Actor, data: dict[str, Any]) -> str:
    done = deciding.approve_requisitions(session, actor, data["picked"])
    whole = [one for one in done if one.status is RequisitionStatus.APPROVED]
    orders = sum(len(one.orders) for one in whole)
    if whole:
        say(
            plural(
                "Approved: it became %(num)s purchase order.",
                "Approved: it became %(num)s purchase orders.",
                orders,
            )
        )
    if len(done) > len(whole):
        say(_("Your approval is noted. So much money takes a second person."), "info")
    return url_for("inbox.show_inbox")


@bp.page("/inbox/rules", permission=Permission.REQUISITION_DECIDE)
def show_rules(session: Session, actor: Actor) -> str:
    branch = current_branch()
    standing = rules.get_rules(session, branch.id)
    return render(
        "inbox/rules.html",
        schema=SetBuyingRules,
        rules=standing,
        blocked=typed_money(standing.blocked_step_minor, branch.currency),
        second=typed_money(standing.second_approval_minor, branch.currency),
    )


@bp.action(
    "/inbox/rules",
    permission=Permission.CATALOG_MANAGE,
    schema=SetBuyingRules,
    versioned=True,
    back="inbox.show_rules",
)
def set_rules(session: Session, actor: Actor, data: dict[str, Any], version: int) -> str:
    rules.set_rules(session, actor, data.pop("branch_id"), version=version, **data)
    say(_("Saved."))
    return url_for("inbox.show_inbox")
