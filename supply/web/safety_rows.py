"""What speaks against a step, in the words and shapes that the banner draws. Reads and decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from supply.domain.treatments.models import Effect
from supply.domain.visits.safety import Finding
from supply.domain.visits.views import StepView, VisitView
from supply.i18n import plural
from supply.web.frame import named
from supply.web.words import word

KINDS = {Effect.WARN: "info", Effect.SUBSTITUTE: "warning", Effect.CONSENT: "warning", Effect.BLOCK: "danger"}


def guests_words(numbers: Sequence[int]) -> str:
    told = ", ".join(map(str, numbers))
    return plural("guest %(numbers)s", "guests %(numbers)s", len(numbers), numbers=told)


def finding_rows(step: StepView) -> list[dict[str, Any]]:
    """A step's findings, gravest first."""
    return [_row(finding, step) for finding in step.findings]


def _row(finding: Finding, step: StepView) -> dict[str, Any]:
    settled = finding.effect is not Effect.WARN and not finding.blocks
    names = {named(line.item): None for line in step.lines if line.position in finding.lines}
    return {
        "code": finding.condition,
        "kind": "ok" if settled else KINDS[finding.effect],
        "effect": word(finding.effect),
        "title": f"{named(finding.rule)} · {guests_words(finding.guests)}",
        "items": ", ".join(names),
        "advice": named(finding.rule, "advice"),
        "source": finding.rule.source,
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
            key = (finding.rule.rule_id, finding.condition, finding.guests)
            known = rows.setdefault(key, {**row, "steps": [], "items": ""})
            known["steps"].append(step.position)
            parts = [part for part in (known["items"], row["items"]) if part]
            known["items"] = ", ".join(dict.fromkeys(parts))
    return sorted(rows.values(), key=lambda row: not row["blocks"])
