"""What speaks against a step, in the words and shapes that the banner draws. Reads and decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import url_for

from supply.domain.treatments.allergies import allergen
from supply.domain.treatments.models import Effect
from supply.domain.visits.disclosing import LineOffers
from supply.domain.visits.guarding import KNOWN_LATER
from supply.domain.visits.models import RecordKind
from supply.domain.visits.safety import Finding
from supply.domain.visits.views import SafetyRecorded, StepView, VisitView
from supply.i18n import _, plural
from supply.permissions import Actor, Permission
from supply.presenting import format_clock, format_quantity
from supply.web import offline_rows
from supply.web.frame import named
from supply.web.pages import form_key
from supply.web.session import current_branch
from supply.web.words import source_words, word

KINDS = {
    Effect.WARN: "info",
    Effect.SUBSTITUTE: "warning",
    Effect.CONSENT: "warning",
    Effect.BLOCK: "danger",
}


def guests_words(numbers: Sequence[int]) -> str:
    told = ", ".join(map(str, numbers))
    return plural("guest %(numbers)s", "guests %(numbers)s", len(numbers), numbers=told)


def finding_rows(step: StepView) -> list[dict[str, Any]]:
    """A step's findings, gravest first."""
    return [_row(finding, step) for finding in step.findings]


def _row(finding: Finding, step: StepView) -> dict[str, Any]:
    settled = finding.effect is not Effect.WARN and not finding.blocks
    names = {named(line.item): None for line in step.lines if line.position in finding.lines}
    title = f"{named(finding.rule)} · {guests_words(finding.guests)}"
    return {
        "code": finding.condition,
        "kind": "ok" if settled else KINDS[finding.effect],
        "effect": word(finding.effect),
        "title": title,
        "under": (finding.effect, title),
        "items": ", ".join(names),
        "advice": named(finding.rule, "advice"),
        "source": source_words(finding.rule.source),
        "assumed": finding.rule.assumed,
        "step": finding.step_position,
        "settled": settled,
        "blocks": finding.blocks,
    }


def plan_rows(view: VisitView) -> list[dict[str, Any]]:
    """Over a whole plan each rule once, with the steps that it concerns."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for step in view.steps:
        for finding, row in zip(step.findings, finding_rows(step), strict=True):
            key = (finding.condition, finding.effect, row["advice"], finding.guests)
            known = rows.setdefault(key, {**row, "steps": [], "items": ""})
            known["steps"].append(step.position)
            parts = [part for part in (known["items"], row["items"]) if part]
            known["items"] = ", ".join(dict.fromkeys(parts))
    return sorted(rows.values(), key=lambda row: not row["blocks"])


def replaced_rows(view: VisitView) -> list[str]:
    """What a plan put in the place of what: "Step 3: Perilla leaf 150 g instead of Wormwood 100 g"."""
    return [
        _(
            "Step %(number)s: %(item)s %(amount)s instead of %(other)s %(wanted)s",
            number=step.position,
            item=named(line.item),
            amount=format_quantity(line.quantity, line.item),
            other=named(line.replaces),
            wanted=format_quantity(line.replaces_quantity or 0, line.replaces),
        )
        for step in view.steps
        for line in step.lines
        if line.replaces and line.quantity
    ]


def instead_words(line: Any) -> str:
    """Why a line is not what the recipe wanted; nothing for most."""
    if line.replaces is None:
        return ""
    if not line.quantity:
        return _("left out")
    return _("instead of %(item)s", item=named(line.replaces))


def consents(view: VisitView, step: StepView, actor: Actor) -> list[dict[str, Any]]:
    """The taps that record what somebody agrees to, one a guest and rule."""
    if not actor.may(Permission.SAFETY_CONSENT, view.visit.branch_id):
        return []
    return [
        {
            "url": url_for("safety.record_consent", visit_id=view.visit.id),
            "key": form_key(),
            "text": _("Guest %(number)s was advised and agrees", number=guest),
            "about": named(finding.rule),
            "offline": offline_rows.of_part(
                view,
                step,
                f"consent-{guest}-{finding.rule.rule_id}",
                _("guest %(number)s agreed", number=guest),
            ),
            "fields": {
                "guest_position": guest,
                "rule_id": finding.rule.rule_id,
                "rule_version": finding.rule.version,
                "step": step.position,
            },
        }
        for finding in step.findings
        if finding.effect is Effect.CONSENT
        for guest in finding.standing
    ]


def overridable(step: StepView) -> bool:
    """Whether more stands against a step than consents that can be asked for."""
    return any(one.blocks and one.effect is not Effect.CONSENT for one in step.findings)


def offers(view: VisitView, step: StepView, lines: Iterable[LineOffers]) -> list[dict[str, Any]]:
    """For each line that stands in the way: a tap for what is offered, and one that leaves it out."""
    standing = {position for one in step.findings if one.blocks for position in one.lines}
    rows = [(line, line_row(view, step, line)) for line in lines if line.position in standing]
    return [row | {"offline": _place_of(view, step, line, row["name"])} for line, row in rows]


def _place_of(view: VisitView, step: StepView, line: LineOffers, name: str) -> dict[str, str]:
    """What gives way to a rule may wait: the rule judges whatever is sent after it."""
    return offline_rows.of_part(view, step, f"line-{line.position}", name)


def settled_by(step: StepView, consents: Sequence[Any], offers: Sequence[Any]) -> str:
    """Where all taps wait that let a blocked step be done, for js/tray.js; "" where no tap here does."""
    standing = [one for one in step.findings if one.blocks]
    if not all(consents if one.effect is Effect.CONSENT else one.lines for one in standing):
        return ""
    return " ".join(tap["offline"]["place"] for tap in (*consents, *offers))


def line_row(view: VisitView, step: StepView, line: LineOffers) -> dict[str, Any]:
    """A line of a step with the taps that change what it uses."""
    url = url_for(
        "safety.replace_line", visit_id=view.visit.id, position=step.position, line_position=line.position
    )
    taps = [
        {"item_id": one.item.id, "text": f"{named(one.item)} {format_quantity(one.quantity, one.item)}"}
        for one in line.offers
    ]
    back = line.replaces if line.may_go_back else None
    guest = "" if line.guest_position is None else guests_words([line.guest_position])
    return {
        "name": " · ".join(part for part in (named(line.item), guest) if part),
        "amount": format_quantity(line.quantity, line.item) if line.quantity else _("left out"),
        "url": url,
        "taps": [{**tap, "key": form_key()} for tap in taps],
        "leave_key": form_key() if line.quantity else "",
        "replaced": line.replaces is not None,
        "back": {"item_id": back.id, "text": named(back), "key": form_key()} if back else None,
    }


def record_rows(view: VisitView) -> list[tuple[str, str]]:
    """Consents, overrides, incidents in words: (what, who and when); rules of one condition together."""
    return list(dict.fromkeys((_recorded(one), _by(one)) for one in view.records))


def _recorded(record: SafetyRecorded) -> str:
    condition = condition_words(record.condition, record.named_by)
    told = {"guest": record.guest_position, "condition": condition, "step": record.step_position}
    if record.kind is RecordKind.CONSENT:
        words = _("Guest %(guest)s agreed: %(condition)s", **told)
    elif record.kind is RecordKind.OVERRIDE:
        words = _("Step %(step)s allowed all the same: %(condition)s, guest %(guest)s", **told)
    elif record.reason == KNOWN_LATER:
        words = _("Step %(step)s done before it was known: %(condition)s, guest %(guest)s", **told)
    else:
        words = _("Step %(step)s done against a rule: %(condition)s, guest %(guest)s", **told)
    return words


def _by(record: SafetyRecorded) -> str:
    when = format_clock(record.happened_at, current_branch().timezone)
    reason = record.reason if record.kind is RecordKind.OVERRIDE else None
    parts = [_("%(person)s at %(time)s", person=record.person, time=when), reason or ""]
    if record.void:
        parts.append(_("no longer counts: the plan was changed"))
    return " · ".join(part for part in parts if part)


def condition_words(code: str, named_by: Any = None) -> str:
    """A condition in words: by what bears its names, else the code as it may be shown."""
    item = allergen(code)
    words = named(named_by) if named_by is not None else item or code.replace("-", " ")
    return _("allergy: %(item)s", item=words) if item else words


def told_rows(findings: Sequence[dict[str, Any]], locale: str) -> list[dict[str, Any]]:
    """The findings of a refusal as the banner draws them."""
    return [
        {
            "kind": KINDS[Effect(one["effect"])],
            "effect": word(Effect(one["effect"])),
            "title": f"{one[f'name_{locale}']} · {guests_words(one['standing'])}",
            "items": "",
            "advice": one[f"advice_{locale}"],
            "source": source_words(one["source"]),
        }
        for one in findings
    ]
