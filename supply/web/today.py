"""The start page: what waits for this person in this branch today. Each number opens the list behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.reports import service as reports
from supply.domain.reports.service import Today, VisitToday
from supply.i18n import _, lazy, plural
from supply.permissions import Actor, Permission
from supply.presenting import format_clock, format_day, format_number
from supply.web.beginning import first_steps
from supply.web.frame import named
from supply.web.gate import Access
from supply.web.pages import Pages, render
from supply.web.session import BranchChoice, find_current_branch

bp = Pages("today", __name__)
bp.nav(label=lazy("Today"), icon="today", endpoint="today.show_today", permission=Access.SIGNED_IN, order=10)

SHOWN = 6


@dataclass(frozen=True)
class Question:
    """A tile: what is asked, the answer, and where the list behind it is."""

    text: str
    figure: str
    url: str
    note: str
    symbol: str
    kind: str = ""
    kind_text: str = ""


@bp.page("/", permission=Access.SIGNED_IN)
def show_today(session: Session, actor: Actor) -> str:
    branch = find_current_branch()
    if branch is None or not actor.may(Permission.STOCK_SEE, branch.id):
        nowhere = first_steps(session, actor, None) if branch is None else None
        return render("today/nowhere.html", first_steps=nowhere)
    today = reports.today_of(session, actor, branch.id)
    therapist_only = not actor.may(Permission.DELIVERY_LOG, branch.id)
    plans = actor.may(Permission.VISIT_PLAN, branch.id)
    own_first = bool(today.my_visits) or (plans and therapist_only)
    return render(
        "today/today.html",
        today=today,
        # Where guests come today, the beginning is over: nobody is asked how far it has come.
        first_steps=None if today.visits else first_steps(session, actor, branch.id),
        greeting=_greeting(actor, branch),
        questions=_questions(actor, branch, today),
        reports=_reports() if actor.may(Permission.REPORT_SEE, branch.id) else (),
        own_first=own_first,
        keeps_trail=plans and therapist_only,
        my_visits=[_visit_row(entry, branch) for entry in today.my_visits],
        visits=[_visit_row(entry, branch) for entry in today.visits],
        deliveries=_delivery_rows(today, branch),
        may_receive=actor.may(Permission.DELIVERY_LOG, branch.id),
        may_plan=plans,
    )


def _greeting(actor: Actor, branch: BranchChoice) -> str:
    hour = int(format_clock(clock.now(), branch.timezone, "en")[:2])
    words = _("Good morning, %(name)s") if hour < 12 else _("Good afternoon, %(name)s")
    if hour >= 18:
        words = _("Good evening, %(name)s")
    return words % {"name": actor.name}


def _questions(actor: Actor, branch: BranchChoice, today: Today) -> list[Question]:
    asked = [_not_ready(today)]
    if actor.may(Permission.REQUISITION_DECIDE, branch.id):
        asked.append(_waiting(today))
    if actor.may(Permission.REQUISITION_REQUEST, branch.id):
        asked.append(_to_order(today))
    if actor.may(Permission.COUNT_LOG, branch.id):
        asked.append(_to_count(today))
    if actor.may(Permission.TRANSFER_LOG, branch.id) and (
        today.transfers_to_send or today.transfers_to_receive
    ):
        asked.append(_between(today))
    asked.append(_expiring(today))
    if actor.may(Permission.COUNT_APPROVE, branch.id):
        asked.append(_incidents(today))
    return asked


def _reports() -> list[tuple[str, str, str, str]]:
    """The questions whose answers are added up from the books, on pages of their own."""
    told = (
        (_("What did it cost?"), "reports.show_costs", "book", _("Treatments, steps and months")),
        (_("What is it worth?"), "reports.show_stock_value", "shelf", _("The stock, day by day")),
        (_("What was lost?"), "reports.show_shrinkage", "trash", _("Waste and what nobody recorded")),
        (
            _("Where do we use more than the recipe?"),
            "variance.show_variance",
            "scale",
            _("Who uses more or less than the recipe"),
        ),
    )
    return [(title, url_for(endpoint), symbol, note) for title, endpoint, symbol, note in told]


def _not_ready(today: Today) -> Question:
    number = today.visits_not_ready
    return Question(
        _("Which visits are not ready?"),
        format_number(number),
        url_for("readiness.show_readiness"),
        _("Something is missing, must be done first, or is on its last day.")
        if number
        else _("Everything is there for today's visits."),
        "tub",
        "warning" if number else "ok",
        _("to look at") if number else _("all well"),
    )


def _waiting(today: Today) -> Question:
    asked, counted = today.requisitions_waiting, today.stocktakes_waiting
    number = asked + counted
    notes = [
        plural("%(num)s requisition", "%(num)s requisitions", asked) if asked else "",
        plural("%(num)s stocktake", "%(num)s stocktakes", counted) if counted else "",
    ]
    return Question(
        _("What waits for me?"),
        format_number(number),
        url_for("inbox.show_inbox"),
        ", ".join(note for note in notes if note) or _("Nothing to decide."),
        "inbox",
        "info" if number else "",
        _("your turn") if number else "",
    )


def _to_order(today: Today) -> Question:
    number = len(today.to_order)
    return Question(
        _("What must be ordered?"),
        format_number(number),
        url_for("purchasing.list_flags"),
        _first_names([named(item) for item in today.to_order]) or _("Everything is above its reorder point."),
        "flag",
        "warning" if number else "ok",
        _("at or below reorder point") if number else _("all well"),
    )


def _to_count(today: Today) -> Question:
    number = today.count_tasks
    return Question(
        _("What must be counted?"),
        format_number(number),
        url_for("tasks.list_tasks", kind="count"),
        _("Shortfalls that ask what is really there.") if number else _("No shelf is in doubt."),
        "count",
        "warning" if number else "ok",
        _("to count") if number else _("all well"),
    )


def _between(today: Today) -> Question:
    """Only where something waits: a spa of one branch is never asked."""
    send, receive = today.transfers_to_send, today.transfers_to_receive
    notes = [
        plural("%(num)s transfer to send", "%(num)s transfers to send", send) if send else "",
        plural("%(num)s transfer to receive", "%(num)s transfers to receive", receive) if receive else "",
    ]
    return Question(
        _("What goes between the branches?"),
        format_number(send + receive),
        url_for("transfers.list_transfers"),
        ", ".join(note for note in notes if note),
        "transfer",
        "info",
        _("your turn"),
    )


def _expiring(today: Today) -> Question:
    late, soon = _lots(today.expired), _lots(today.expiring)
    few = plural("%(num)s lot in the next seven days", "%(num)s lots in the next seven days", soon)
    return Question(
        _("What expires?"),
        format_number(late + soon),
        url_for("stock.list_expiring"),
        few if soon else _("Nothing in the next seven days."),
        "clock",
        "danger" if late else "warning" if soon else "ok",
        plural("%(num)s expired", "%(num)s expired", late) if late else _("soon") if soon else _("all well"),
    )


def _lots(rows: Sequence[Any]) -> int:
    """How many lots there are at these places."""
    return len({row.Lot.id for row in rows})


def _incidents(today: Today) -> Question:
    number = today.incidents
    return Question(
        _("What went against a rule?"),
        format_number(number),
        url_for("tasks.list_tasks", kind="incident"),
        _("Steps done against a safety rule, or with a lot that was no longer fit.")
        if number
        else _("No open incident."),
        "warning",
        "danger" if number else "ok",
        _("to look at") if number else _("all well"),
    )


def _first_names(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    rest = len(names) - 3
    return _("%(names)s and %(rest)s more", names=shown, rest=rest) if rest > 0 else shown


def _visit_row(entry: VisitToday, branch: BranchChoice) -> dict[str, Any]:
    visit = entry.visit
    guests = plural("%(num)s guest", "%(num)s guests", visit.party_size)
    parts = [part for part in (_next_step(entry), entry.room_name, guests, entry.therapist_name) if part]
    return {
        "title": f"{format_clock(visit.planned_at, branch.timezone)} · {named(entry.procedure)}",
        "detail": " · ".join(parts),
        "url": url_for("visits.show_visit", visit_id=visit.id),
        "side": f"{entry.done}/{entry.steps}",
        "symbol": "tub",
        "status": visit.status,
    }


def _next_step(entry: VisitToday) -> str:
    if entry.next_step is None:
        return ""
    words = _("Now: step %(number)s, %(name)s") if entry.started else _("Next: step %(number)s, %(name)s")
    return words % {"number": entry.next_position, "name": named(entry.next_step)}


def _delivery_rows(today: Today, branch: BranchChoice) -> list[dict[str, Any]]:
    rows = []
    for order, supplier in today.orders_expected[:SHOWN]:
        due = clock.day_of(order.expected_at, branch.timezone)
        late = due < today.day
        rows.append(
            {
                "title": supplier.name,
                "detail": _("Order %(number)s, expected %(day)s", number=order.number, day=format_day(due)),
                "url": url_for("receiving.new_delivery", order_id=order.id),
                "symbol": "truck",
                "kind": "warning" if late else "info" if due == today.day else "neutral",
                "words": _("late") if late else _("today") if due == today.day else _("on its way"),
            }
        )
    return rows
