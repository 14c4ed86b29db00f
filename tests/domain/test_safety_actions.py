"""What is done about a safety rule: substitutes, consents, overrides, disclosures, incidents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import read_snapshot, write_transaction
from supply.domain.audit.models import AuditEntry
from supply.domain.catalog.models import Item
from supply.domain.preparation import recipes
from supply.domain.tasks import service as tasks
from supply.domain.treatments import contraindications
from supply.domain.treatments.models import Contraindication, Effect
from supply.domain.visits import service as visits
from supply.domain.visits.models import RecordKind, SkipReason
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale, SupplyError
from supply.permissions import Actor
from tests.brewing import brew
from tests.cast import Cast
from tests.treatments import MUCH, complete, differences, do, level, look, noon, open_spa, plan

GRAM = ML = 1_000
LITRE = 1_000 * ML
DOCTOR = "The guest's doctor agreed in writing."


def refused(kind: type[SupplyError], code: str, work: Callable[[], Any]) -> SupplyError:
    with pytest.raises(kind) as caught:
        work()
    assert caught.value.code == code
    return caught.value


def act(work: Any, actor: Actor, visit: Any, *where: Any, **facts: Any) -> None:
    write_transaction(lambda session: work(session, actor, visit.visit.id, *where, **facts))


def rule_of(condition: str, effect: Effect = Effect.CONSENT) -> Contraindication:
    def find(session: Session) -> Contraindication:
        rules = contraindications.list_contraindications(session)
        return next(
            one
            for one in rules
            if one.condition.code == condition and one.effect is effect and not one.item_id
        )

    return read_snapshot(find)


def consent(cast: Cast, visit: Any, condition: str, guest: int = 1, actor: Actor | None = None) -> None:
    rule = rule_of(condition)
    facts = {"guest_position": guest, "rule_id": rule.id, "rule_version": rule.version}
    act(visits.record_consent, actor or cast.therapist, visit, **facts)


def override(cast: Cast, visit: Any, position: int, actor: Actor | None = None) -> None:
    version = look(cast, visit.visit.id).version
    act(visits.override_step, actor or cast.manager, visit, position, version=version, reason=DOCTOR)


def codes(view: Any, position: int) -> list[tuple[str, str | None, str | None]]:
    """(item, what it replaces, why) of a step's lines."""
    return [
        (line.item.code, line.replaces.code if line.replaces else None, line.replaces_because)
        for line in view.step(position).lines
    ]


def audited(visit: Any) -> list[str]:
    query = select(AuditEntry).where(AuditEntry.entity_id == visit.visit.id).order_by(AuditEntry.id)
    return [entry.action for entry in read_snapshot(lambda session: list(session.scalars(query)))]


def test_a_plan_replaces_what_a_guest_must_not_have(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast, guests=[[], ["pregnancy"]])
    # Shared in the tub: for both. Her own oil: for her alone, and not by one that is as strong.
    assert codes(visit, 3) == [
        ("herb-pomelo", "angelica", "pregnancy"),
        ("herb-perilla", "wormwood", "pregnancy"),
        ("citrus-peel", None, None),
    ]
    # Brewed with cinnamon: hers is another water.
    assert codes(visit, 5) == [
        ("medicinal-water", None, None),
        ("herb-pomelo", "medicinal-water", "pregnancy"),
    ]
    hers = next(line for line in visit.step(6).lines if line.replaces)
    assert (hers.item.code, hers.guest_position) == ("oil-lavender", 2)
    assert (hers.quantity, hers.replaces_quantity) == (1 * ML, 1 * ML)
    assert any(line.item.code == "oil-lemongrass" for line in visit.step(6).lines)
    perilla = visit.step(3).lines[1]
    assert (perilla.quantity, perilla.replaces_quantity) == (150 * GRAM, 100 * GRAM)
    assert level(cast, items["wormwood"])[1] == 0
    assert {finding.effect for finding in visit.step(3).findings} == {Effect.CONSENT}
    act(visits.cancel_visit, cast.therapist, visit)
    assert level(cast, items["herb-perilla"]) == (MUCH, 0)
    assert differences() == []


def test_what_cannot_be_replaced_stands_in_the_way(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    bath = plan(cast, guests=[["pregnancy", "allergy:herb-perilla"]], package="herbal-baths")
    (block,) = [one for one in bath.step(3).findings if one.effect is Effect.SUBSTITUTE]
    assert (block.condition, block.lines, block.blocks) == ("pregnancy", (2,), True)
    consent(cast, bath, "pregnancy")
    error = refused(Conflict, "safety_block", lambda: do(visits.start_step, cast, bath.visit.id, 3))
    assert [(one["condition"], one["lines"]) for one in error.details["findings"]] == [("pregnancy", [2])]
    act(visits.replace_line, cast.therapist, bath, 3, 2, item_id=None)
    do(visits.start_step, cast, bath.visit.id, 3)
    done = complete(cast, bath.visit.id, 3)
    assert [line.actual for line in done.lines if line.item.code == "wormwood"] == [0]
    assert level(cast, items["wormwood"]) == (MUCH, 0)
    assert differences() == []


def test_what_is_brewed_is_judged_by_its_herbs(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast, guests=[["allergy:herb-pomelo"], ["allergy:herb-perilla"], []], package="herbal-baths")
    # Another water for the second; for the first it is no better.
    assert codes(visit, 5) == [
        ("medicinal-water", None, None),
        ("herb-pomelo", "medicinal-water", "allergy:herb-perilla"),
        ("medicinal-water", None, None),
    ]
    (against,) = visit.step(5).findings
    assert (against.condition, against.guests, against.lines) == ("allergy:herb-pomelo", (1,), (1,))
    refused(Conflict, "safety_block", lambda: complete(cast, visit.visit.id, 5))
    act(visits.replace_line, cast.therapist, visit, 5, 1, item_id=None)
    offered = read_snapshot(lambda s: visits.list_offers(s, cast.therapist, visit.visit.id, 5))
    assert [line.may_go_back for line in offered] == [False, False, True]
    complete(cast, visit.visit.id, 5)
    assert level(cast, items["medicinal-water"]) == (MUCH - 2 * LITRE, 0)
    assert differences() == []


def test_replacing_by_hand(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast)
    offered = read_snapshot(lambda s: visits.list_offers(s, cast.therapist, visit.visit.id, 3))
    assert [(line.item.code, [one.item.code for one in line.offers]) for line in offered] == [
        ("angelica", ["herb-pomelo"]),
        ("wormwood", ["herb-perilla"]),
        ("citrus-peel", ["herb-pomelo"]),
    ]
    swap = {"item_id": items["herb-perilla"]}
    act(visits.replace_line, cast.therapist, visit, 3, 2, **swap)
    assert codes(look(cast, visit.visit.id), 3)[1] == ("herb-perilla", "wormwood", "by-hand")
    assert (level(cast, items["wormwood"])[1], level(cast, items["herb-perilla"])[1]) == (0, 150 * GRAM)
    wrong = {"item_id": items["ginger"]}
    error = refused(
        Conflict,
        "substitute_not_offered",
        lambda: act(visits.replace_line, cast.therapist, visit, 3, 1, **wrong),
    )
    assert error.details == {"offered": [str(items["herb-pomelo"])]}
    act(visits.replace_line, cast.therapist, visit, 3, 2, item_id=items["wormwood"])
    assert codes(look(cast, visit.visit.id), 3)[1] == ("wormwood", None, None)
    assert audited(visit) == ["visit.substitute"] * 2
    for actor, kind, code in (
        (cast.storekeeper, Forbidden, "not_permitted"),
        (cast.outsider, NotFound, "visit_not_found"),
    ):
        refused(kind, code, lambda: act(visits.replace_line, actor, visit, 3, 2, **swap))  # noqa: B023
    refused(NotFound, "line_not_found", lambda: act(visits.replace_line, cast.therapist, visit, 3, 9, **swap))
    complete(cast, visit.visit.id, 3)
    refused(Conflict, "step_not_open", lambda: act(visits.replace_line, cast.therapist, visit, 3, 2, **swap))
    assert differences() == []


def test_a_consent_is_one_guest_s_to_one_wording(session: Session, cast: Cast) -> None:
    open_spa(cast)
    visit = plan(cast, guests=[["pregnancy"], ["pregnancy"]], therapist_id=cast.therapist.person_id)
    refused(Conflict, "safety_block", lambda: do(visits.start_step, cast, visit.visit.id, 1))
    refused(Forbidden, "not_permitted", lambda: consent(cast, visit, "pregnancy", actor=cast.storekeeper))
    refused(NotFound, "visit_not_found", lambda: consent(cast, visit, "pregnancy", actor=cast.outsider))
    consent(cast, visit, "pregnancy", 1)
    refused(Conflict, "nothing_to_consent", lambda: consent(cast, visit, "pregnancy", 1))
    consent(cast, visit, "pregnancy", 2, cast.manager)
    do(visits.start_step, cast, visit.visit.id, 1)
    told = [(one.kind, one.guest_position, one.person) for one in look(cast, visit.visit.id).records]
    assert told == [(RecordKind.CONSENT, 1, "therapist"), (RecordKind.CONSENT, 2, "manager")]
    rule = rule_of("pregnancy")
    facts = {name: getattr(rule, name) for name in ("procedure_id", "effect", "advice_vi", "source")}
    write_transaction(
        lambda s: contraindications.update_contraindication(
            s, cast.manager, rule.id, version=1, advice_en="Only with a doctor's letter.", **facts
        )
    )
    refused(Conflict, "safety_block", lambda: do(visits.start_step, cast, visit.visit.id, 2))
    stale = {"guest_position": 1, "rule_id": rule.id, "rule_version": 1}
    refused(Conflict, "rule_changed", lambda: act(visits.record_consent, cast.therapist, visit, **stale))
    others = plan(cast, guests=[["pregnancy"]], therapist_id=cast.manager.person_id)
    refused(Forbidden, "not_your_visit", lambda: consent(cast, others, "pregnancy"))


def test_a_block_gives_way_to_an_override_alone(session: Session, cast: Cast) -> None:
    open_spa(cast)
    visit = plan(cast, guests=[["heart-failure"]])
    start = visits.start_step
    for actor in (cast.therapist, cast.manager):
        told = {"actor": actor, "acknowledged": ["heart-failure"]}
        refused(Conflict, "safety_block", lambda: do(start, cast, visit.visit.id, 6, **told))  # noqa: B023
        refused(Conflict, "safety_block", lambda: complete(cast, visit.visit.id, 6, actor=actor))  # noqa: B023
    refused(Forbidden, "not_permitted", lambda: override(cast, visit, 6, cast.therapist))
    refused(NotFound, "visit_not_found", lambda: override(cast, visit, 6, cast.outsider))
    stale = {"version": 99, "reason": DOCTOR}
    refused(Stale, "stale", lambda: act(visits.override_step, cast.manager, visit, 6, **stale))
    override(cast, visit, 6)
    refused(Conflict, "nothing_to_override", lambda: override(cast, visit, 6))
    refused(Conflict, "safety_block", lambda: do(start, cast, visit.visit.id, 4))
    do(start, cast, visit.visit.id, 6)
    complete(cast, visit.visit.id, 6)
    (record,) = look(cast, visit.visit.id).records
    assert (record.kind, record.step_position, record.reason) == (RecordKind.OVERRIDE, 6, DOCTOR)
    assert audited(visit) == ["visit.override"]
    # Other guests: what was recorded of these no longer counts.
    planned = plan(cast, guests=[["heart-failure"]])
    override(cast, planned, 4)
    change(cast, planned, guests=[{"conditions": ["heart-failure"], "factors": ["senior"]}])
    refused(Conflict, "safety_block", lambda: do(start, cast, planned.visit.id, 4))


def change(cast: Cast, visit: Any, **changes: Any) -> list[tuple[int, str, str]]:
    """Change a plan and commit; what fell, as (step, item, instead of)."""
    facts = {"version": look(cast, visit.visit.id).version, **changes}

    def work(session: Session) -> list[tuple[int, str, str]]:
        fell = visits.change_visit(session, cast.therapist, visit.visit.id, **facts)
        return [(one.step_position, one.item.code, one.wanted.code) for one in fell]

    return write_transaction(work)


def test_a_changed_plan_keeps_what_still_holds(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast, guests=[["pregnancy"], []], package="full-ritual")
    act(visits.replace_line, cast.therapist, visit, 3, 3, item_id=items["herb-pomelo"])
    consent(cast, visit, "pregnancy")
    override(cast, visit, 4)

    def holds() -> tuple[Any, set[RecordKind]]:
        seen = look(cast, visit.visit.id)
        return codes(seen, 3)[2], {one.kind for one in seen.records if not one.void}

    chosen = ("herb-pomelo", "citrus-peel", "by-hand")
    both = {RecordKind.CONSENT, RecordKind.OVERRIDE}
    version = look(cast, visit.visit.id).version
    told = [{"conditions": ["pregnancy"]}, {"conditions": []}]
    assert change(cast, visit, guests=told) == []
    assert (look(cast, visit.visit.id).version, holds()) == (version, (chosen, both))
    told[1]["factors"] = ["senior"]
    assert change(cast, visit, guests=told, room_id=cast.room_id) == []
    assert holds() == (chosen, both)
    # The step of the override is gone; then steps come that nobody agreed to.
    assert change(cast, visit, package="herbal-baths") == []
    assert holds() == (chosen, {RecordKind.CONSENT})
    assert change(cast, visit, package="full-ritual") == []
    assert holds() == (chosen, set())
    told[1]["conditions"] = ["allergy:herb-pomelo"]
    assert change(cast, visit, guests=told) == [
        (3, "herb-pomelo", "angelica"), (3, "herb-pomelo", "citrus-peel"),
    ]  # fmt: skip
    assert holds()[0] == ("citrus-peel", None, None)
    assert level(cast, items["herb-pomelo"])[1] > 0  # hers, of the rinse
    assert audited(visit)[3:] == ["visit.update"] * 4
    assert differences() == []


def test_what_is_disclosed_late_is_judged_at_once(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast, guests=2)
    complete(cast, visit.visit.id, 1)
    do(visits.start_step, cast, visit.visit.id, 3)
    told: dict[str, Any] = {"guest_position": 2, "conditions": ["pregnancy", "allergy:ginger"]}
    for actor, kind, code in (
        (cast.storekeeper, Forbidden, "not_permitted"),
        (cast.outsider, NotFound, "visit_not_found"),
    ):
        refused(kind, code, lambda: act(visits.disclose, actor, visit, **told))  # noqa: B023
    for wrong in ({"guest_position": 3}, {"conditions": ["allergy:gold"]}):
        with pytest.raises(Invalid) as error:
            act(visits.disclose, cast.therapist, visit, **told | wrong)
        assert list(error.value.errors) == list(wrong)
    for _again in range(2):
        act(visits.disclose, cast.therapist, visit, **told)
    seen = look(cast, visit.visit.id)
    assert seen.guests[1].conditions == ["allergy:ginger", "pregnancy"]
    assert codes(seen, 3)[1] == ("herb-perilla", "wormwood", "pregnancy")
    assert level(cast, items["wormwood"])[1] == 0
    # Begun before it was known: what is done of it is asked all the same.
    refused(Conflict, "safety_block", lambda: complete(cast, visit.visit.id, 3))
    ginger = [one for one in seen.step(4).findings if one.condition == "allergy:ginger"]
    assert [(one.guests, one.blocks) for one in ginger] == [((2,), True)]
    assert differences() == []
    cancelled = plan(cast)
    act(visits.cancel_visit, cast.therapist, cancelled)
    told = {"guest_position": 1, "conditions": ["pregnancy"]}
    refused(Conflict, "visit_closed", lambda: act(visits.disclose, cast.therapist, cancelled, **told))


def test_what_was_done_before_it_was_known_is_an_incident(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast, guests=2)
    done = {position: complete(cast, visit.visit.id, position) for position in (1, 3, 4)}
    do(visits.reverse_completion, cast, visit.visit.id, 1)
    act(visits.break_off_visit, cast.therapist, visit)
    stood = level(cast, items["wormwood"])
    for codes_told, guest in ((["allergy:ginger"], 1), (["pregnancy"], 2), (["pregnancy"], 2)):
        act(visits.disclose, cast.therapist, visit, guest_position=guest, conditions=codes_told)
    seen = look(cast, visit.visit.id)
    kept = {
        (one.kind, one.reason, one.guest_position, one.condition, one.step_position, one.completion_id)
        for one in seen.records
    }
    late = (RecordKind.INCIDENT, "known-later")
    assert kept == {
        (*late, 1, "allergy:ginger", 4, done[4].id),
        (*late, 2, "pregnancy", 3, done[3].id),
        (*late, 2, "pregnancy", 4, done[4].id),
    }
    waiting = read_snapshot(lambda s: tasks.list_open(s, cast.manager, cast.branch_id))
    assert [(task.reason, task.source_id) for task in waiting] == [
        ("known-later", done[position].id) for position in (4, 3, 4)
    ]
    assert audited(visit) == [
        "visit.break-off", "visit.disclose", "visit.hindsight", "visit.disclose", "visit.hindsight",
        "visit.hindsight",
    ]  # fmt: skip
    # Nothing gives way any more, and no stock moves.
    assert codes(seen, 5)[0] == ("medicinal-water", None, None)
    assert level(cast, items["wormwood"]) == stood
    assert differences() == []


def test_a_batch_is_judged_by_what_went_into_it(session: Session, cast: Cast) -> None:
    """Perilla left out of one batch and not of the other: who cannot bear it may have the one."""
    items = open_spa(cast)
    water = items["medicinal-water"]
    recipe = read_snapshot(lambda s: recipes.find_recipe_of(s, water))
    assert recipe is not None
    none = {"item_id": items["herb-perilla"], "amount": 0, "unit": "g"}
    with clock.standing_at(noon()):
        without, whole = (brew(cast, recipe.id, lines=lines).lot_id for lines in ([none], []))
        first, second = (plan(cast, guests=[["allergy:herb-perilla"]]) for _ in range(2))
        for visit in (first, second):
            # The plan gave another water; what was really poured is what counts.
            line = {"item_id": water, "amount": 1, "unit": "l", "guest_position": 1}
            nothing = {"item_id": items["herb-pomelo"], "amount": 0, "unit": "g", "guest_position": 1}
            poured = {"lines": [line | {"lot_id": whole}, nothing]}
            refused(Conflict, "safety_block", lambda: complete(cast, visit.visit.id, 5, **poured))  # noqa: B023
        complete(cast, second.visit.id, 5, **poured, record_as_incident=True)
        complete(cast, first.visit.id, 5, lines=[line | {"lot_id": without}, nothing])
        unknowing = [plan(cast) for _ in range(2)]
        for visit, lot_id in zip(unknowing, (without, whole), strict=True):
            complete(cast, visit.visit.id, 5, lines=[line | {"lot_id": lot_id}])
            told = {"guest_position": 1, "conditions": ["allergy:herb-perilla"]}
            act(visits.disclose, cast.therapist, visit, **told)
    records = [len(look(cast, visit.visit.id).records) for visit in (first, second, *unknowing)]
    assert records == [0, 1, 0, 1]
    assert differences() == []


def test_what_really_happened_is_an_incident_on_record(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast, guests=[["allergy:ginger"], []], package="short-ritual")
    refused(Conflict, "safety_block", lambda: complete(cast, visit.visit.id, 4))
    assert level(cast, items["ginger"])[0] == MUCH
    wormwood = {"item_id": items["ginger"], "amount": 0, "unit": "g", "guest_position": 1}
    done = complete(cast, visit.visit.id, 4, lines=[wormwood])
    assert done.lines
    do(visits.reverse_completion, cast, visit.visit.id, 4)
    done = complete(cast, visit.visit.id, 4, record_as_incident=True)
    (record,) = look(cast, visit.visit.id).records
    assert (record.kind, record.completion_id, record.condition) == (
        RecordKind.INCIDENT, done.id, "allergy:ginger",
    )  # fmt: skip
    waiting = read_snapshot(lambda s: tasks.list_open(s, cast.manager, cast.branch_id))
    assert [(task.reason, task.item_code) for task in waiting] == [("safety-rule", "ginger")]
    assert audited(visit) == ["visit.incident"]
    # What is added by hand is asked too, also of many at once, naming which.
    told = {"item_id": items["ginger"], "amount": 5, "unit": "g", "guest_position": 1}
    steps = [{"visit_id": visit.visit.id, "position": position} for position in (1, 6)]
    steps[1]["lines"] = [told]
    error = refused(
        Conflict,
        "safety_block",
        lambda: write_transaction(
            lambda s: visits.complete_steps(s, cast.therapist, branch_id=cast.branch_id, completions=steps)
        ),
    )
    assert list(error.errors) == ["completions.1.position"]
    complete(cast, visit.visit.id, 6)
    assert differences() == []


TAPS = ["complete", "incident", "consent", "override", "disclose", "skip", "undo", "leave out", "change"]
CODES = ["pregnancy", "heart-failure", "bleeding-tendency", "allergy:ginger", "allergy:herb-pomelo"]


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_forbidden_is_used_without_a_word_on_record(
    session: Session, cast: Cast, data: st.DataObject
) -> None:
    """Whatever is planned, disclosed, consented and tapped: what was used is allowed, or somebody answers."""
    items = _spa_once(session, cast)
    guests = data.draw(st.lists(st.lists(st.sampled_from(CODES), max_size=2), min_size=1, max_size=14))
    visit = plan(cast, guests=guests)
    for _ in range(data.draw(st.integers(2, 6))):
        position, guest = data.draw(st.integers(1, 6)), data.draw(st.integers(1, len(guests)))
        tap = data.draw(st.sampled_from(TAPS))
        try:
            if tap in ("complete", "incident"):
                line = {"item_id": items["ginger"], "amount": 1, "unit": "g", "guest_position": guest}
                lines = [line] if data.draw(st.booleans()) else []
                incident = tap == "incident"
                complete(cast, visit.visit.id, position, lines=lines, record_as_incident=incident)
            elif tap == "consent":
                consent(cast, visit, "pregnancy", guest)
            elif tap == "override":
                override(cast, visit, position)
            elif tap == "disclose":
                told = {"guest_position": guest, "conditions": [data.draw(st.sampled_from(CODES))]}
                act(visits.disclose, cast.therapist, visit, **told)
            elif tap == "undo":
                do(visits.reverse_completion, cast, visit.visit.id, position)
            elif tap == "leave out":
                act(visits.replace_line, cast.therapist, visit, position, 1, item_id=None)
            elif tap == "change":
                others = data.draw(st.lists(st.sampled_from(CODES), max_size=2))
                change(cast, visit, guests=[{"conditions": others}] * len(guests))
            else:
                do(visits.skip_step, cast, visit.visit.id, position, reason=SkipReason.HEALTH)
        except (Conflict, NotFound):
            pass
    _hold_it_against_the_rules(look(cast, visit.visit.id))


def _spa_once(session: Session, cast: Cast) -> dict[str, UUID]:
    found = read_snapshot(lambda s: contraindications.list_contraindications(s))
    return open_spa(cast) if not found else _items(session)


def _items(session: Session) -> dict[str, UUID]:
    return read_snapshot(lambda s: {item.code: item.id for item in s.scalars(select(Item))})


def _hold_it_against_the_rules(view: Any) -> None:
    rules = read_snapshot(lambda s: contraindications.list_contraindications(s))
    on_record = {
        (one.kind, one.guest_position, one.condition, one.rule_id, one.step_position)
        for one in view.records
        if not one.void
    }
    brewed = read_snapshot(lambda s: {one.item.code: one.lines for one in recipes.list_recipes(s)})
    for step in view.steps:
        if not step.completion:
            continue
        for guest in view.guests:
            used = {
                line.item.code
                for line in step.completion.lines
                if line.actual and line.guest_position in (None, guest.position)
            }
            used |= {herb.item.code for code in used for herb in brewed.get(code, ())}
            for code in guest.conditions:
                broken = [(code, None)] if code.removeprefix("allergy:") in used else []
                broken += [
                    (code, rule.id)
                    for rule in rules
                    if rule.condition.code == code and rule.effect is not Effect.WARN
                    if rule.step_position in (None, step.position)
                    if rule.item is None or rule.item.code in used
                ]
                for condition, rule_id in broken:
                    who = (guest.position, condition, rule_id)
                    assert (
                        (RecordKind.OVERRIDE, *who, step.position) in on_record
                        or (RecordKind.INCIDENT, *who, step.position) in on_record
                        or (RecordKind.CONSENT, *who, None) in on_record
                    ), (step.position, who)
