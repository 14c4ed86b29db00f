"""Who must not have what: the conditions of guests against the steps of a treatment and what they use.

Pure. Says what speaks against a step, and what of it stands in the way; what is done about it is decided
elsewhere. The rules are the spa's own, not medical advice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from supply.domain.treatments.models import Effect

_GRAVITY = {effect: rank for rank, effect in enumerate(Effect)}


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition against a step (of `procedure_id`; None: of every treatment) or an ingredient in it.

    Without `item_id` it is against the step itself. An allergy needs no written rule: its `rule_id` is None.
    """

    rule_id: UUID | None
    version: int | None
    condition: str
    name_en: str
    name_vi: str
    effect: Effect
    advice_en: str
    advice_vi: str
    source: str
    assumed: bool = False
    procedure_id: UUID | None = None
    step_position: int | None = None
    item_id: UUID | None = None

    def applies(self, procedure_id: UUID, step_position: int) -> bool:
        return self.procedure_id in (None, procedure_id) and self.step_position in (None, step_position)


@dataclass(frozen=True, slots=True)
class Line:
    """Something that a step uses: for one guest, or shared by the party. Base units, more than nothing.

    `contains` are items: its own, and those from which it was brewed.
    """

    position: int
    contains: frozenset[UUID]
    guest_position: int | None


class Record(Protocol):
    """A consent or an override as it stands on record."""

    @property
    def kind(self) -> str: ...
    @property
    def guest_position(self) -> int: ...
    @property
    def step_position(self) -> int | None: ...
    @property
    def condition(self) -> str: ...
    @property
    def rule_id(self) -> UUID | None: ...
    @property
    def rule_version(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule against one step: for these guests, because of these lines (none: the step itself).

    `standing` are the guests for whom nothing on record settles it; a warning is settled by being read.
    """

    rule: Rule
    step_position: int
    guests: tuple[int, ...]
    lines: tuple[int, ...] = ()
    standing: tuple[int, ...] = ()

    @property
    def condition(self) -> str:
        return self.rule.condition

    @property
    def effect(self) -> Effect:
        return self.rule.effect

    @property
    def blocks(self) -> bool:
        """Whether the step must not start as things are."""
        return bool(self.standing) and self.effect is not Effect.WARN


def judge(
    procedure_id: UUID,
    step_position: int,
    lines: Iterable[Line],
    guests: Mapping[int, Sequence[str]],
    rules: Iterable[Rule],
    records: Iterable[Record] = (),
) -> list[Finding]:
    """What speaks against a step for these guests ({number: condition codes}), gravest first.

    A line of the party's concerns every guest; a guest's own line only that guest. A consent settles the
    wording that it was given to, for its guest in the whole visit; an override what it names, in its step.
    """
    used = list(lines)
    kept = list(records)
    found = []
    for rule in rules:
        if not rule.applies(procedure_id, step_position):
            continue
        concerned = [number for number, codes in guests.items() if rule.condition in codes]
        touched = _touched(rule, used, concerned)
        if touched:
            numbers = tuple(sorted(touched))
            positions = tuple(sorted({position for lines in touched.values() for position in lines}))
            standing = tuple(one for one in numbers if not _settled(rule, step_position, one, kept))
            found.append(Finding(rule, step_position, numbers, positions, standing))
    return sorted(found, key=lambda finding: (-_GRAVITY[finding.effect], finding.lines))


def _touched(rule: Rule, lines: Sequence[Line], guests: Sequence[int]) -> dict[int, list[int]]:
    """{guest: lines} of the guests whom a rule concerns in a step; no lines where it concerns the step."""
    if rule.item_id is None:
        return {number: [] for number in guests}
    touched: dict[int, list[int]] = {}
    for line in lines:
        if rule.item_id in line.contains:
            for number in guests:
                if line.guest_position in (None, number):
                    touched.setdefault(number, []).append(line.position)
    return touched


def _settled(rule: Rule, step_position: int, guest: int, records: Iterable[Record]) -> bool:
    return any(
        record.guest_position == guest
        and record.condition == rule.condition
        and (record.rule_id, record.rule_version) == (rule.rule_id, rule.version)
        and (
            (record.kind == "override" and record.step_position == step_position)
            or (record.kind == "consent" and rule.effect is Effect.CONSENT)
        )
        for record in records
    )


def forbidden(rules: Iterable[Rule], conditions: Iterable[str], procedure_id: UUID, step: int) -> set[UUID]:
    """The items that must not be put before somebody of these conditions unasked: worse than a warning."""
    codes = set(conditions)
    return {
        rule.item_id
        for rule in rules
        if rule.item_id is not None
        and rule.condition in codes
        and rule.effect is not Effect.WARN
        and rule.applies(procedure_id, step)
    }


def to_replace(findings: Iterable[Finding]) -> dict[int, str]:
    """{line: condition code} of what should give way to a substitute, since nothing settles it."""
    return {
        position: finding.condition
        for finding in findings
        if finding.effect is Effect.SUBSTITUTE and finding.standing
        for position in finding.lines
    }
