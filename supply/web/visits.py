"""Pages of visits: a day, planning, the visit on the tablet with its steps, adjusting, skipping, ending."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.reports.tracing import lots_of_visit
from supply.domain.visits import service as visits
from supply.domain.visits.models import SkipReason, VisitStatus
from supply.domain.visits.schemas import CompleteStep, EndVisit, ReverseCompletion, SkipStep
from supply.fields import BaseSchema, Day, Moment, Text
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission, require
from supply.web import amount_rows, brew_rows, offline_rows, safety_rows, sheet_lines, visit_rows
from supply.web.frame import named
from supply.web.pages import Pages, current_form, query, render, say
from supply.web.session import choose_locale, current_branch
from supply.web.sheets import Sheet
from supply.web.words import word

bp = Pages("visits", __name__)
bp.nav(
    label=lazy("Visits"),
    icon="calendar",
    endpoint="visits.list_visits",
    permission=Permission.STOCK_SEE,
    order=15,
    also=("visit_plans", "readiness", "safety"),
)
Target = tuple[str, dict[str, Any]]
MOST = 200
_STEP = "/visits/<uuid:visit_id>/steps/<int(min=1, max=50):position>"


class VisitDay(BaseSchema):
    day = Day(load_default=None)


class StartReading(BaseSchema):
    """The codes of the warnings that were shown, and when they were read where that waited."""

    acknowledged = Text(required=True, max_length=2500)
    happened_at = Moment(allow_none=True, load_default=None)


VISITS = Sheet("visits.list_visits", VisitDay, tuple(visit_rows.SORTS), "time", MOST)


@bp.page("/visits", permission=Permission.STOCK_SEE)
def list_visits(session: Session, actor: Actor) -> str | Response:
    branch = current_branch()
    today = clock.today(branch.timezone)
    day = query(VisitDay)["day"] or today
    view = VISITS.view(session, actor)
    rows = visits.list_visits(session, actor, branch.id, from_day=day, until_day=day, limit=MOST)
    if view.order is not None:
        rows.sort(key=visit_rows.SORTS[view.order.column], reverse=view.order.descending)
    if view.kind:
        return view.file(f"visits-{day}", _("Visits"), sheet_lines.visit_lines(rows))
    return render(
        "visits/list.html",
        items=[visit_rows.summary_row(row) for row in rows],
        day=day,
        is_today=day == today,
        before=url_for("visits.list_visits", day=day - timedelta(days=1)),
        after=url_for("visits.list_visits", day=day + timedelta(days=1)),
        view=view,
        keeps_trail=day == today,
    )


@bp.page("/visits/<uuid:visit_id>", permission=Permission.STOCK_SEE)
def show_visit(session: Session, actor: Actor, visit_id: UUID) -> str:
    view = visits.get_visit(session, actor, visit_id)
    items = visit_rows.step_items(view, actor)
    for item, step in zip(items, view.steps, strict=True):
        blocked = item["acts"] and any(one.blocks and one.lines for one in step.findings)
        lines = visits.list_offers(session, actor, visit_id, step.position) if blocked else []
        item["offers"] = safety_rows.offers(view, step, lines) if item["happened_url"] else []
        item["settled_by"] = safety_rows.settled_by(step, item["consents"], item["offers"])
    under_way = bool(visit_rows.open_steps(view))
    return render(
        "visits/show.html",
        view=view,
        items=items,
        party=visit_rows.party(view.visit.party_size),
        trail=visit_rows.last_actions(view, actor),
        facts=visit_rows.visit_facts(view),
        variances=visit_rows.variances(view),
        shortage=_shortage(view),
        against=_against(view),
        records=safety_rows.record_rows(view),
        is_today=offline_rows.is_today(view),
        may_disclose=view.visit.status is not VisitStatus.CANCELLED
        and actor.may(Permission.VISIT_PLAN, view.visit.branch_id),
        may_change=view.visit.status is VisitStatus.PLANNED
        and actor.may(Permission.VISIT_PLAN, view.visit.branch_id),
        others=view.therapist
        if under_way
        and not visit_rows.may_record(view.visit, actor)
        and actor.may(Permission.VISIT_COMPLETE_OWN, view.visit.branch_id)
        else "",
        may_end=under_way and visit_rows.may_record(view.visit, actor),
    )


@bp.page("/visits/<uuid:visit_id>/lots", permission=Permission.STOCK_SEE)
def list_lots(session: Session, actor: Actor, visit_id: UUID) -> str:
    return render(
        "visits/lots.html", visit_id=visit_id, lots=brew_rows.given(lots_of_visit(session, actor, visit_id))
    )


def _shortage(view: Any) -> dict[str, Any] | None:
    """What was short when a step was recorded as planned, and how to record it anyway."""
    form = current_form().of("visits.complete_step")
    if form.code != "stock_short":
        return None
    position = int((request.view_args or {})["position"])
    return {
        "step": named(view.step(position)),
        "offline": offline_rows.of_step(view, view.step(position)),
        "items": visit_rows.short_rows(form.details["short"]),
        "url": url_for("visits.complete_step", visit_id=view.visit.id, position=position),
        "key": form.key,
        "fields": {"consent_to_shortage": "on"}
        | ({"record_as_incident": "on"} if form.value("record_as_incident") == "on" else {}),
    }


def _against(view: Any) -> dict[str, Any] | None:
    """What stood against a step that was recorded as done, and how to record it all the same."""
    form = current_form().of("visits.complete_step")
    if form.code != "safety_block":
        return None
    position = int((request.view_args or {})["position"])
    return {
        "step": named(view.step(position)),
        "offline": offline_rows.of_step(view, view.step(position)),
        "findings": safety_rows.told_rows(form.details["findings"], choose_locale()),
        "url": url_for("visits.complete_step", visit_id=view.visit.id, position=position),
        "key": form.key,
    }


@bp.action(
    f"{_STEP}/completion",
    permission=Permission.VISIT_COMPLETE_OWN,
    schema=CompleteStep,
    back="visits.show_visit",
)
def complete_step(
    session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, position: int
) -> Target:
    done = visits.complete_step(session, actor, visit_id=visit_id, position=position, **data)
    _say_done(done)
    return _at_step(visit_id, position)


def _say_done(done: Any) -> None:
    if any(line.shortfall for line in done.lines):
        say(_("Recorded. What was missing is noted, and a count task is open."), "warning")
    else:
        say(_("Step %(number)s is recorded.", number=done.position))


def _at_step(visit_id: UUID, position: int) -> Target:
    return "visits.show_visit", {"visit_id": visit_id, "_anchor": f"step-{position}"}


@bp.page(f"{_STEP}/adjust", permission=Permission.VISIT_COMPLETE_OWN)
def adjust_step(session: Session, actor: Actor, visit_id: UUID, position: int) -> str:
    view = visits.get_visit(session, actor, visit_id)
    step = view.step(position)
    lots = amount_rows.lots_at_hand(session, view.visit.branch_id, step.lines)
    form = current_form()
    return render(
        "visits/adjust.html",
        schema=CompleteStep,
        rows=amount_rows.adjust_rows(step, view.visit.party_size, lots),
        findings=safety_rows.finding_rows(step),
        short=visit_rows.short_rows(form.details["short"]) if form.code == "stock_short" else [],
        **offline_rows.page_of_step(view, step),
    )


@bp.action(
    f"{_STEP}/adjust",
    permission=Permission.VISIT_COMPLETE_OWN,
    schema=CompleteStep,
    back="visits.adjust_step",
)
def complete_adjusted(
    session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, position: int
) -> Target:
    _say_done(visits.complete_step(session, actor, visit_id=visit_id, position=position, **data))
    return _at_step(visit_id, position)


@bp.action(
    f"{_STEP}/start",
    permission=Permission.VISIT_COMPLETE_OWN,
    schema=StartReading,
    back="visits.show_visit",
)
def start_step(session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, position: int) -> Target:
    codes = data.pop("acknowledged").split(",")
    visits.start_step(session, actor, visit_id=visit_id, position=position, acknowledged=codes, **data)
    say(_("Read and started."))
    return _at_step(visit_id, position)


@bp.action(
    f"{_STEP}/completion/reversal",
    permission=Permission.VISIT_COMPLETE_OWN,
    schema=ReverseCompletion,
    back="visits.show_visit",
)
def reverse_completion(
    session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, position: int
) -> Target:
    visits.reverse_completion(session, actor, visit_id=visit_id, position=position, **data)
    say(_("Undone. The supplies are back where they came from."))
    return _at_step(visit_id, position)


@bp.page(f"{_STEP}/skip", permission=Permission.VISIT_COMPLETE_OWN)
def skip_step(session: Session, actor: Actor, visit_id: UUID, position: int) -> str:
    view = visits.get_visit(session, actor, visit_id)
    reasons = [(reason.value, word(reason)) for reason in SkipReason if reason is not SkipReason.BROKEN_OFF]
    told = offline_rows.page_of_step(view, view.step(position))
    return render("visits/skip.html", reasons=reasons, **told)


@bp.action(
    f"{_STEP}/skip",
    permission=Permission.VISIT_COMPLETE_OWN,
    schema=SkipStep,
    back="visits.skip_step",
)
def leave_out_step(
    session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, position: int
) -> Target:
    visits.skip_step(session, actor, visit_id=visit_id, position=position, **data)
    say(_("Step %(number)s is skipped.", number=position))
    return _at_step(visit_id, position)


@bp.action(
    f"{_STEP}/skip/reversal",
    permission=Permission.VISIT_COMPLETE_OWN,
    schema=EndVisit,
    back="visits.show_visit",
)
def unskip_step(
    session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, position: int
) -> Target:
    visits.unskip_step(session, actor, visit_id=visit_id, position=position)
    say(_("Step %(number)s waits again.", number=position))
    return _at_step(visit_id, position)


@bp.page("/visits/<uuid:visit_id>/end", permission=Permission.VISIT_COMPLETE_OWN)
def end_visit(session: Session, actor: Actor, visit_id: UUID) -> str:
    view = visits.get_visit(session, actor, visit_id)
    require(actor, Permission.VISIT_COMPLETE_OWN, view.visit.branch_id)
    return render("visits/end.html", view=view, used=any(step.completion for step in view.steps))


@bp.action(
    "/visits/<uuid:visit_id>/break-off",
    permission=Permission.VISIT_COMPLETE_OWN,
    schema=EndVisit,
    back="visits.end_visit",
)
def break_off_visit(session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID) -> Target:
    visits.break_off_visit(session, actor, visit_id)
    say(_("The visit is broken off. What was used stays used."))
    return "visits.show_visit", {"visit_id": visit_id}


@bp.action(
    "/visits/<uuid:visit_id>/cancellation",
    permission=Permission.VISIT_PLAN,
    schema=EndVisit,
    back="visits.end_visit",
)
def cancel_visit(session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID) -> Target:
    visits.cancel_visit(session, actor, visit_id)
    say(_("The visit is cancelled. What was reserved is free again."))
    return "visits.show_visit", {"visit_id": visit_id}
