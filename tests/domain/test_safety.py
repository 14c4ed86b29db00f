"""Who must not have what: the rules as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from supply.domain.treatments.models import Effect
from supply.domain.visits.safety import Line, Rule, forbidden, judge, to_replace

MASSAGE, OTHER = uuid4(), uuid4()
WORMWOOD, GINGER, WATER, OIL = uuid4(), uuid4(), uuid4(), uuid4()
PREGNANT, HEART = ["pregnancy"], ["heart-failure"]


def rule(effect: str, condition: str = "pregnancy", **facts: Any) -> Rule:
    told = {"procedure_id": MASSAGE, **facts}
    return Rule(uuid4(), 1, condition, "", "", Effect(effect), "", "", "", **told)


def line(position: int, item: UUID, guest: int | None = None, *contains: UUID) -> Line:
    return Line(position, frozenset({item, *contains}), guest)


@dataclass(frozen=True)
class Note:
    """Something on record."""

    kind: str
    guest_position: int
    rule_id: UUID | None
    rule_version: int | None = 1
    step_position: int | None = None
    condition: str = "pregnancy"


TUB = [line(1, WORMWOOD)]
OWN = [line(1, GINGER, 1), line(2, GINGER, 2)]
COUPLE = {1: [], 2: PREGNANT}
FOURTEEN = {number: PREGNANT if number % 7 == 0 else [] for number in range(1, 15)}


@pytest.mark.parametrize(
    ("against", "step", "lines", "guests", "found"),
    [
        # A rule against the treatment concerns every step and who bears its condition, whatever is used.
        (rule("consent"), 1, [], COUPLE, [((2,), ())]),
        (rule("consent"), 5, TUB, COUPLE, [((2,), ())]),
        (rule("consent"), 1, [], {1: [], 2: HEART}, []),
        (rule("consent", procedure_id=OTHER), 1, [], COUPLE, []),
        (rule("block", step_position=4), 4, [], COUPLE, [((2,), ())]),
        (rule("block", step_position=4), 3, [], COUPLE, []),
        (rule("block"), 1, [], FOURTEEN, [((7, 14), ())]),
        # A rule against an ingredient concerns who gets it: the whole party where it is shared.
        (rule("substitute", item_id=WORMWOOD), 3, TUB, COUPLE, [((2,), (1,))]),
        (rule("substitute", item_id=WORMWOOD), 3, OWN, COUPLE, []),
        (rule("substitute", item_id=GINGER), 3, OWN, COUPLE, [((2,), (2,))]),
        (rule("substitute", item_id=GINGER), 3, OWN, {1: HEART, 2: []}, []),
        (rule("substitute", item_id=GINGER), 3, OWN, {1: PREGNANT, 2: PREGNANT}, [((1, 2), (1, 2))]),
        (rule("substitute", item_id=WORMWOOD), 3, TUB, FOURTEEN, [((7, 14), (1,))]),
        (rule("block", item_id=GINGER, step_position=4), 3, OWN, COUPLE, []),
        # Without a procedure it holds in every treatment; with one only there.
        (rule("block", item_id=WORMWOOD, procedure_id=None), 3, TUB, COUPLE, [((2,), (1,))]),
        (rule("block", item_id=WORMWOOD, procedure_id=OTHER), 3, TUB, COUPLE, []),
        # What was brewed from it counts as it.
        (rule("block", item_id=GINGER), 5, [line(3, WATER, None, GINGER)], COUPLE, [((2,), (3,))]),
        (rule("warn", item_id=GINGER), 5, [line(3, WATER)], COUPLE, []),
        # An allergy is its own condition.
        (rule("substitute", "allergy:x", item_id=GINGER), 4, OWN, {1: ["allergy:x"], 2: []}, [((1,), (1,))]),
    ],
)  # fmt: skip
def test_whom_a_rule_concerns(
    against: Rule, step: int, lines: list[Line], guests: dict[int, list[str]], found: list[Any]
) -> None:
    findings = judge(MASSAGE, step, lines, guests, [against])
    assert [(one.guests, one.lines) for one in findings] == found
    assert all(one.standing == one.guests for one in findings)


CONSENT, BLOCK = rule("consent"), rule("block", step_position=4)


@pytest.mark.parametrize(
    ("against", "notes", "standing", "blocks"),
    [
        (CONSENT, [], (1, 2), True),
        (CONSENT, [Note("consent", 1, CONSENT.rule_id)], (2,), True),
        (CONSENT, [Note("consent", 1, CONSENT.rule_id), Note("consent", 2, CONSENT.rule_id)], (), False),
        # To another wording, another rule, or by an override for another step: not settled.
        (CONSENT, [Note("consent", 1, CONSENT.rule_id, 2)], (1, 2), True),
        (CONSENT, [Note("consent", 1, BLOCK.rule_id)], (1, 2), True),
        (CONSENT, [Note("override", 1, CONSENT.rule_id, step_position=3)], (1, 2), True),
        (CONSENT, [Note("override", 1, CONSENT.rule_id, step_position=4)], (2,), True),
        # A consent lifts no block; an override does; that something happened once does not.
        (BLOCK, [Note("consent", 1, BLOCK.rule_id), Note("consent", 2, BLOCK.rule_id)], (1, 2), True),
        (BLOCK, [Note("override", n, BLOCK.rule_id, step_position=4) for n in (1, 2)], (), False),
        (BLOCK, [Note("incident", n, BLOCK.rule_id, step_position=4) for n in (1, 2)], (1, 2), True),
        (rule("warn"), [], (1, 2), False),
    ],
)
def test_what_settles_a_finding(
    against: Rule, notes: list[Note], standing: tuple[int, ...], blocks: bool
) -> None:
    (finding,) = judge(MASSAGE, 4, [], {1: PREGNANT, 2: PREGNANT}, [against], notes)
    assert (finding.standing, finding.blocks) == (standing, blocks)


def test_the_gravest_comes_first_and_says_what_gives_way() -> None:
    rules = [rule("warn"), rule("substitute", item_id=WORMWOOD), rule("block"), rule("consent")]
    lines = [line(1, OIL), line(2, WORMWOOD)]
    findings = judge(MASSAGE, 3, lines, COUPLE, rules)
    assert [one.effect.value for one in findings] == ["block", "consent", "substitute", "warn"]
    assert to_replace(findings) == {2: "pregnancy"}


def test_what_may_not_be_put_in_its_place() -> None:
    rules = [
        rule("substitute", item_id=WORMWOOD, procedure_id=None),
        rule("consent", item_id=OIL),
        rule("warn", item_id=GINGER),
        rule("block", "heart-failure", item_id=WATER),
        rule("block"),
    ]
    assert forbidden(rules, PREGNANT, MASSAGE, 3) == {WORMWOOD, OIL}
    assert forbidden(rules, [*PREGNANT, *HEART], MASSAGE, 3) == {WORMWOOD, OIL, WATER}
    assert forbidden(rules, PREGNANT, OTHER, 3) == {WORMWOOD}
    assert forbidden(rules, [], MASSAGE, 3) == set()
