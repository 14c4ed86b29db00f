"""What safety asks for before a step may start, as readiness tells it. Pure: the findings are safety's."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from supply.domain.readiness.covering import Cause, Hurdle
from supply.domain.treatments.models import Effect
from supply.domain.visits.safety import Finding

_CAUSES = {
    Effect.WARN: Cause.ACKNOWLEDGE,
    Effect.SUBSTITUTE: Cause.REPLACE,
    Effect.CONSENT: Cause.CONSENT,
    Effect.BLOCK: Cause.BLOCKED,
}


def hurdles_of(findings: Iterable[Finding], acknowledged: Collection[str]) -> tuple[Hurdle, ...]:
    """What is still to be settled, gravest first: nothing on record settles it, or nobody read it."""
    found = []
    for finding in findings:
        warned = finding.effect is Effect.WARN
        guests = finding.guests if warned else finding.standing
        if guests and not (warned and finding.condition in acknowledged):
            rule = finding.rule
            found.append(
                Hurdle(_CAUSES[finding.effect], finding.condition, guests, rule.name_en, rule.name_vi)
            )
    return tuple(dict.fromkeys(found))
