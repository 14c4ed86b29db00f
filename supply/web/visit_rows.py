"""Visits in the words and shapes that the templates draw. Reads nothing, decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import url_for

from supply.alphabet import person_key, sort_key
from supply.domain.treatments.rule_words import explained, rule_words
from supply.domain.visits.models import StepStatus, VisitStatus
from supply.domain.visits.views import Recorded, StepView, VisitView
from supply.domain.visits.warnings import unread
from supply.i18n import _, plural
from supply.permissions import Actor, Permission
from supply.presenting import format_clock, format_instant, format_quantity
from supply.web import offline_rows
from supply.web.frame import named
from supply.web.pages import form_key
from supply.web.safety_rows import consents, finding_rows, guests_words, instead_words, overridable
from supply.web.session import choose_locale, current_branch
from supply.web.units import told_quantity
from supply.web.words import guests_told, word

STATUS_KINDS = {
    VisitStatus.PLANNED: ("neutral", "clock"),
    VisitStatus.RUNNING: ("info", "play"),
    VisitStatus.FINISHED: ("ok", "ok"),
    VisitStatus.BROKEN_OFF: ("warning", "stop"),
    VisitStatus.CANCELLED: ("neutral", "close"),
}
LAST = 8
# A day is short by nature: its names are sorted where they are read.
SORTS: dict[str, Callable[[Any], Any]] = {
    "time": lambda row: row.planned_at,
    "treatment": lambda row: sort_key(named(row)),
    "room": lambda row: sort_key(row.room or ""),
    "therapist": lambda row: person_key(row.therapist or ""),
    "status": lambda row: sort_key(word(row.status)),
}


def party(size: int) -> str:
    return plural("1 guest", "%(num)s guests", size)


def guest_words(position: int | None) -> str:
    return "" if position is None else _("guest %(number)s", number=position)


def summary_row(row: Any) -> dict[str, Any]:
    """A visit in the list of a day."""
    kind, symbol = STATUS_KINDS[row.status]
    parts = [row.room, party(row.party_size), row.therapist, row.booking_reference]
    return {
        "title": f"{format_clock(row.planned_at, current_branch().timezone)} · {named(row)}",
        "detail": " · ".join(part for part in parts if part),
        "url": url_for("visits.show_visit", visit_id=row.id),
        "symbol": "tub",
        "side": _("%(done)s of %(all)s", done=row.steps_done, all=row.steps),
        "state": (kind, word(row.status), symbol),
    }


def visit_facts(view: VisitView) -> list[tuple[str, Any]]:
    visit = view.visit
    pairs = [
        (_("Begins"), format_instant(visit.planned_at, current_branch().timezone)),
        (_("Guests"), party(visit.party_size)),
        (_("Room"), view.room.name if view.room else ""),
        (_("Therapist"), view.therapist or ""),
        (_("Package"), named(view.package) if view.package else ""),
        (_("Amounts follow"), guests_told(view.guests)),
        (_("Booking"), visit.booking_reference or ""),
        (_("Recipe"), _("version %(number)s", number=view.recipe_number)),
        (_("Note"), visit.note or ""),
    ]
    return [(term, text) for term, text in pairs if text]


def may_record(visit: Any, actor: Actor) -> bool:
    """Whether the person may record the steps of a visit, or of a row of a list of them."""
    if actor.may(Permission.VISIT_COMPLETE_ANY, visit.branch_id):
        return True
    own = visit.therapist_id in (None, actor.person_id)
    return own and actor.may(Permission.VISIT_COMPLETE_OWN, visit.branch_id)


def open_steps(view: VisitView) -> list[StepView]:
    return [step for step in view.steps if step.open]


def step_items(view: VisitView, actor: Actor) -> list[dict[str, Any]]:
    """The steps as components/steps.html draws them. The first that waits is the one to do now."""
    waiting = open_steps(view)
    under_way = view.visit.status in (VisitStatus.PLANNED, VisitStatus.RUNNING)
    now = waiting[0].position if waiting and under_way else 0
    touch = may_record(view.visit, actor)
    return [_step_item(view, step, now, touch, actor) for step in view.steps]


def _step_item(view: VisitView, step: StepView, now: int, touch: bool, actor: Actor) -> dict[str, Any]:
    def url(name: str) -> str:
        return url_for(f"visits.{name}", visit_id=view.visit.id, position=step.position)

    done = step.completion
    blocks = any(finding.blocks for finding in step.findings)
    item = {
        "number": step.position,
        "name": named(step),
        "state": _state(step, now, blocks=blocks),
        "lines": _done_lines(view, done) if done else _planned_lines(view, step, step.position == now),
        "note": _note(step, step.position == now),
        "complete_url": url("complete_step") if touch and not done and not blocks else "",
        "complete_key": form_key(),
        "offline": offline_rows.of_step(view, step),
        "adjust_url": url("adjust_step") if touch and not done and step.lines else "",
        "skip_url": url("skip_step") if touch and step.open else "",
        # Steps whose turn has not come only say that something waits there.
        "acts": step.position == now or step.status is StepStatus.STARTED,
    }
    return item | _before(view, step, touch, actor) | (_later(view, step) if touch else {})


def _before(view: VisitView, step: StepView, touch: bool, actor: Actor) -> dict[str, Any]:
    """What speaks against a step, and what is tapped about that before it is done."""
    to_read = unread(step.findings, step.acknowledged)
    blocks = any(finding.blocks for finding in step.findings)
    starts = touch and step.status is StepStatus.PLANNED and to_read and not blocks
    overrides = overridable(step) and actor.may(Permission.SAFETY_OVERRIDE, view.visit.branch_id)
    return {
        "findings": finding_rows(step),
        "consents": consents(view, step, actor) if touch else [],
        "override_url": _of_step("safety.ask_override", view, step) if overrides else "",
        "happened_url": _of_step("visits.complete_step", view, step) if touch and blocks else "",
        "happened_key": form_key(),
        "unread": ",".join(to_read),
        "start_url": _of_step("visits.start_step", view, step) if starts else "",
        "start_key": form_key(),
        "start_offline": offline_rows.of_part(view, step, "reading", _("read and started")),
    }


def _later(view: VisitView, step: StepView) -> dict[str, Any]:
    """What may be done about a step that is settled: record it anew, take it back."""
    if step.completion:
        anew = "corrections.show_correction" if step.completion.lines else ""
        return _undo(view, step, step.completion) | {"adjust_url": anew and _of_step(anew, view, step)}
    if step.status is StepStatus.SKIPPED and view.visit.status in _REOPENABLE:
        undo_url = _of_step("visits.unskip_step", view, step)
        return {
            "undo_url": undo_url,
            "undo_key": form_key(),
            "undo_offline": offline_rows.of_undo(view, step),
        }
    return {}


def _undo(view: VisitView, step: StepView, done: Recorded) -> dict[str, Any]:
    """Taking back the completion that was seen, and no other that took its place while the tap waited."""
    return {
        "undo_url": _of_step("visits.reverse_completion", view, step),
        "undo_key": form_key(),
        "undo_fields": {"completion_id": done.id},
        "undo_offline": offline_rows.of_undo(view, step),
    }


def _of_step(endpoint: str, view: VisitView, step: StepView) -> str:
    return url_for(endpoint, visit_id=view.visit.id, position=step.position)


_REOPENABLE = (VisitStatus.PLANNED, VisitStatus.RUNNING, VisitStatus.FINISHED)


def _state(step: StepView, now: int, *, blocks: bool) -> str:
    if step.status is StepStatus.COMPLETED:
        return "done"
    if step.status is StepStatus.SKIPPED:
        return "skipped"
    if blocks and step.position == now:
        return "blocked"
    return "now" if step.position == now or step.status is StepStatus.STARTED else "waiting"


def _note(step: StepView, is_now: bool) -> str:
    """Who and when; of the step to do now, what it is for, unless there is something to heed."""
    done = step.completion
    if done:
        when = format_clock(done.happened_at, current_branch().timezone)
        return _("%(person)s at %(time)s", person=done.person, time=when)
    if step.skip_reason:
        return word(step.skip_reason)
    if step.acknowledged_by:
        return _("Warnings read by %(person)s", person=step.acknowledged_by)
    return named(step, "note") if is_now and not step.findings else ""


def _planned_lines(view: VisitView, step: StepView, is_now: bool) -> list[tuple[str, str, str]]:
    """What the recipe wants; of the step to do now, also which rule gave it."""

    def because(line: Any) -> str:
        told = is_now and (explained(line.rule) or not line.guest_position)
        return instead_words(line) or (rule_words(line.rule) if told else "")

    lines = [(line, format_quantity(line.quantity, line.item), because(line)) for line in step.lines]
    return _together(view.visit.party_size, lines)


def _together(party_size: int, told: Sequence[tuple[Any, str, str]]) -> list[tuple[str, str, str]]:
    """Guests who get the same of an item share a line: "2 × 30 ml, guests 1, 2"; all of them: "3 × 30 ml"."""
    same: dict[tuple[UUID, str, str], list[Any]] = {}
    for line, amount, note in told:
        same.setdefault((line.item.id, amount, note), []).append(line)
    rows = []
    for (_item, amount, note), lines in same.items():
        numbers = [line.guest_position for line in lines if line.guest_position]
        times = f"{len(lines)} × " if len(lines) > 1 else ""
        some = numbers and len(numbers) < party_size
        notes = [guests_words(numbers) if some else "", note]
        rows.append((named(lines[0].item), times + amount, ", ".join(filter(None, notes))))
    return rows


def _done_lines(view: VisitView, done: Recorded) -> list[tuple[str, str, str]]:
    lines = [(line, format_quantity(line.actual, line.item), _line_note(line)) for line in done.lines]
    return _together(view.visit.party_size, lines)


def _line_note(line: Any) -> str:
    notes = []
    if line.variance:
        variance = format_quantity(line.variance, line.item, signed=True)
        notes.append(_("%(variance)s against the recipe", variance=variance))
    if line.shortfall:
        notes.append(_("%(amount)s missing", amount=format_quantity(line.shortfall, line.item)))
    if line.incident:
        notes.append(_("expired lot used") if line.incident == "expired-lot" else _("quarantined lot used"))
    return ", ".join(note for note in notes if note)


def variances(view: VisitView) -> list[dict[str, str]]:
    """Where more or less was used than the recipe says."""
    return [
        {
            "step": named(step),
            "item": " · ".join(part for part in (named(line.item), guest_words(line.guest_position)) if part),
            "standard": format_quantity(line.standard, line.item),
            "actual": format_quantity(line.actual, line.item),
            "variance": format_quantity(line.variance, line.item, signed=True),
        }
        for step in view.steps
        if step.completion
        for line in step.completion.lines
        if line.variance
    ]


def last_actions(view: VisitView, actor: Actor) -> list[dict[str, Any]]:
    """What was recorded last in this visit, with Undo for what still stands."""
    touch = may_record(view.visit, actor)
    told: list[tuple[Any, StepView, Recorded | None]] = []
    for step in view.steps:
        told += [(done.recorded_at, step, done) for done in step.history]
        told += [(step.left_out_at, step, None)] if step.left_out_at else []
    told.sort(key=lambda one: one[0], reverse=True)
    return [_last_action(view, step, done, touch) for _at, step, done in told[:LAST]]


def _last_action(view: VisitView, step: StepView, done: Recorded | None, touch: bool) -> dict[str, Any]:
    recorded_at = done.recorded_at if done else step.left_out_at
    undone = done is not None and done.reversed_at is not None
    undo = _undo(view, step, done) if done else _later(view, step)
    return {
        "text": named(step) if done else _("Skipped: %(step)s", step=named(step)),
        "time": format_clock(recorded_at, current_branch().timezone),
        "by": done.person if done else step.skipped_by,
        "symbol": "check" if done else "skip",
        "undone": undone,
    } | (undo if touch and not undone else {})


def short_rows(short: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """What the ledger named as short, in words."""
    return [
        {
            "item": str(row[f"name_{choose_locale()}"]),
            **{name: told_quantity(row[name]) for name in ("needed", "available", "short")},
        }
        for row in short
    ]
