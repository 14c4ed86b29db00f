"""Planning, changing and ending visits; what is reserved; whose visit it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from supply import clock
from supply.database import read_snapshot, write_transaction
from supply.domain.visits import service as visits
from supply.domain.visits.models import SkipReason, StepStatus, VisitStatus
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale, SupplyError
from tests.cast import Cast
from tests.treatments import MUCH, complete, differences, do, level, look, noon, open_spa, plan

GRAM = ML = 1_000


def refused(kind: type[SupplyError], code: str, work: Callable[[], Any]) -> SupplyError:
    with pytest.raises(kind) as caught:
        work()
    assert caught.value.code == code
    return caught.value


def change(cast: Cast, work: Any, visit_id: Any, **facts: Any) -> None:
    write_transaction(lambda session: work(session, facts.pop("actor", cast.therapist), visit_id, **facts))


def test_a_plan_resolves_the_recipe_for_party_and_room_and_reserves_it(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast, guests=2, room_id=cast.room_id, package="full-ritual")
    assert [step.position for step in visit.steps] == [1, 2, 3, 4, 5, 6]
    assert visit.step(1).lines == []
    bath = visit.step(2).lines[0]
    assert (bath.item.code, bath.guest_position, bath.quantity, bath.rule) == (
        "dao-wood", None, 300 * GRAM, "tub:1",
    )  # fmt: skip
    ginger = [line for line in visit.step(4).lines if line.item.code == "ginger"]
    assert [(line.guest_position, line.quantity) for line in ginger] == [(1, 100 * GRAM), (2, 100 * GRAM)]
    assert level(cast, items["ginger"]) == (MUCH, 200 * GRAM)
    assert visit.visit.status is VisitStatus.PLANNED
    assert differences() == []


def test_a_package_includes_only_its_steps(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast, package="short-ritual")
    assert [step.position for step in visit.steps] == [1, 4, 6]
    assert level(cast, items["dao-wood"])[1] == 0


@pytest.mark.parametrize(
    ("facts", "code", "field"),
    [
        ({"procedure": "nothing"}, "procedure_unknown", "procedure"),
        ({"package": "nothing"}, "package_unknown", "package"),
        ({"room_id": uuid4()}, "room_unknown", "room_id"),
        ({"therapist_id": uuid4()}, "therapist_unknown", "therapist_id"),
        ({"guests": [["nothing"]]}, "condition_unknown", "guests.0.conditions"),
    ],
)
def test_a_plan_names_what_it_cannot_find(
    session: Session, cast: Cast, facts: dict[str, Any], code: str, field: str
) -> None:
    open_spa(cast, quantity=0)
    assert list(refused(Invalid, code, lambda: plan(cast, **facts)).errors) == [field]


def test_a_room_limits_the_party(session: Session, cast: Cast) -> None:
    open_spa(cast, quantity=0)
    refused(Invalid, "room_too_small", lambda: plan(cast, guests=3, room_id=cast.room_id))


@pytest.mark.parametrize("days", [-401, 401, 23_000])
def test_another_year_is_a_slip(session: Session, cast: Cast, days: int) -> None:
    """Whether it is planned, moved, or told by the booking system; what was done counts whenever it was."""
    open_spa(cast)
    far, near = clock.now() + timedelta(days=days), clock.now() + timedelta(days=399 if days > 0 else -399)
    booking = {"booking_reference": "BK-9", "procedure": "back-massage", "planned_at": far}

    def book(**facts: Any) -> Any:
        completions = [{"booking": booking | facts, "position": 1}]
        return write_transaction(
            lambda s: visits.complete_steps(
                s, cast.manager, branch_id=cast.branch_id, completions=completions
            )
        )

    visit = plan(cast, planned_at=near)
    for attempt, field in (
        (lambda: plan(cast, planned_at=far), "planned_at"),
        (lambda: change(cast, visits.change_visit, visit.visit.id, version=1, planned_at=far), "planned_at"),
        (book, "completions.0.booking.planned_at"),
    ):
        error = refused(Invalid, "planned_at_too_far", attempt)
        assert list(error.errors) == [field]
        assert "400 days" in str(error.message)
    assert book(planned_at=near)
    if days < 0:
        late = {"booking": {**booking, "booking_reference": "BK-10", "planned_at": None}, "position": 1}
        completions = [late | {"happened_at": far}]
        assert write_transaction(
            lambda s: visits.complete_steps(
                s, cast.manager, branch_id=cast.branch_id, completions=completions
            )
        )


def test_one_booking_is_one_visit(session: Session, cast: Cast) -> None:
    open_spa(cast, quantity=0)
    first = plan(cast, booking_reference="BK-1")
    again = refused(Conflict, "booking_known", lambda: plan(cast, booking_reference="BK-1"))
    assert again.details["visit_id"] == str(first.visit.id)


def test_who_may_plan(session: Session, cast: Cast) -> None:
    open_spa(cast, quantity=0)
    refused(Forbidden, "not_permitted", lambda: plan(cast, actor=cast.storekeeper))
    refused(Forbidden, "not_permitted", lambda: plan(cast, actor=cast.admin))
    refused(NotFound, "branch_not_found", lambda: plan(cast, actor=cast.outsider))


def test_a_changed_party_reserves_the_difference(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast)
    guests = [{"conditions": []}, {"conditions": ["injury-prone-areas"]}]
    change(cast, visits.change_visit, visit.visit.id, version=1, guests=guests)
    seen = look(cast, visit.visit.id)
    assert (seen.visit.party_size, seen.version) == (2, 2)
    assert level(cast, items["ginger"])[1] == 200 * GRAM
    later = noon() + timedelta(hours=2)
    change(cast, visits.change_visit, visit.visit.id, version=2, planned_at=later, note="by the window")
    assert look(cast, visit.visit.id).visit.planned_at == later
    refused(Stale, "stale", lambda: change(cast, visits.change_visit, visit.visit.id, version=2, note=None))
    assert differences() == []


def test_a_begun_visit_keeps_its_plan(session: Session, cast: Cast) -> None:
    open_spa(cast)
    visit = plan(cast)
    complete(cast, visit.visit.id, 1)
    refused(
        Conflict,
        "visit_started",
        lambda: change(cast, visits.change_visit, visit.visit.id, version=2, note="x"),
    )
    do(visits.reverse_completion, cast, visit.visit.id, 1)
    refused(
        Conflict,
        "visit_started",
        lambda: change(cast, visits.change_visit, visit.visit.id, version=3, guests=[{"conditions": []}] * 2),
    )


def test_cancelling_releases_and_refuses_what_was_used(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit, used = plan(cast), plan(cast)
    change(cast, visits.cancel_visit, visit.visit.id)
    assert look(cast, visit.visit.id).visit.status is VisitStatus.CANCELLED
    assert level(cast, items["ginger"])[1] == 100 * GRAM
    complete(cast, used.visit.id, 4)
    refused(Conflict, "visit_used", lambda: change(cast, visits.cancel_visit, used.visit.id))
    assert differences() == []


def test_breaking_off_keeps_what_was_used(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast)
    for position in (1, 2, 3):
        complete(cast, visit.visit.id, position)
    change(cast, visits.break_off_visit, visit.visit.id)
    seen = look(cast, visit.visit.id)
    assert seen.visit.status is VisitStatus.BROKEN_OFF
    assert [step.status.value for step in seen.steps] == ["completed"] * 3 + ["skipped"] * 3
    assert {step.skip_reason for step in seen.steps[3:]} == {SkipReason.BROKEN_OFF}
    assert level(cast, items["dao-wood"]) == (MUCH - 300 * GRAM, 0)
    assert level(cast, items["ginger"]) == (MUCH, 0)
    refused(Conflict, "visit_closed", lambda: change(cast, visits.break_off_visit, visit.visit.id))
    assert differences() == []


def test_starting_wants_the_warnings_read(session: Session, cast: Cast) -> None:
    open_spa(cast)
    visit = plan(cast, guests=[["injury-prone-areas"]])
    start = visits.start_step
    error = refused(Conflict, "warnings_unacknowledged", lambda: do(start, cast, visit.visit.id, 6))
    assert error.details == {"conditions": ["injury-prone-areas"]}
    do(start, cast, visit.visit.id, 6, acknowledged=["injury-prone-areas"])
    step = look(cast, visit.visit.id).step(6)
    assert (step.status, step.acknowledged, step.acknowledged_by) == (
        StepStatus.STARTED, ["injury-prone-areas"], "therapist",
    )  # fmt: skip
    assert look(cast, visit.visit.id).visit.status is VisitStatus.RUNNING
    refused(Conflict, "step_not_planned", lambda: do(start, cast, visit.visit.id, 6))


def own_actions(cast: Cast) -> Sequence[Any]:
    since = clock.now() - timedelta(hours=1)
    return read_snapshot(
        lambda s: visits.list_own_actions(s, cast.therapist, cast.branch_id, since=since, limit=8)
    )


def test_skipping_releases_and_unskipping_reserves(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast)
    do(visits.skip_step, cast, visit.visit.id, 4, reason=SkipReason.TIME)
    assert level(cast, items["ginger"])[1] == 0
    refused(
        Conflict,
        "step_not_open",
        lambda: do(visits.skip_step, cast, visit.visit.id, 4, reason=SkipReason.TIME),
    )
    assert [row.position for row in own_actions(cast)] == [4]
    do(visits.unskip_step, cast, visit.visit.id, 4)
    assert own_actions(cast) == []
    assert level(cast, items["ginger"])[1] == 100 * GRAM
    assert look(cast, visit.visit.id).visit.status is VisitStatus.PLANNED
    assert differences() == []


def test_therapists_do_their_own_steps_managers_any(session: Session, cast: Cast) -> None:
    open_spa(cast)
    theirs = plan(cast, therapist_id=cast.therapist.person_id)
    managers = plan(cast, actor=cast.manager, therapist_id=cast.manager.person_id)
    complete(cast, theirs.visit.id, 1)
    complete(cast, theirs.visit.id, 2, actor=cast.manager)
    refused(Forbidden, "not_your_visit", lambda: complete(cast, managers.visit.id, 1))
    refused(Forbidden, "not_permitted", lambda: complete(cast, theirs.visit.id, 3, actor=cast.storekeeper))
    refused(NotFound, "visit_not_found", lambda: complete(cast, theirs.visit.id, 3, actor=cast.outsider))
    refused(NotFound, "visit_not_found", lambda: complete(cast, uuid4(), 1))
    refused(NotFound, "step_not_found", lambda: complete(cast, theirs.visit.id, 9))


def test_visits_are_listed_by_the_branch_s_day(session: Session, cast: Cast) -> None:
    open_spa(cast, quantity=0)
    # Half past eleven at night in Vietnam, and half an hour into the next day.
    late = plan(cast, planned_at=noon().replace(hour=16, minute=30))
    early = plan(cast, planned_at=noon().replace(hour=17, minute=30))
    day = noon().date()

    def ids(**facts: Any) -> list[Any]:
        rows = read_snapshot(
            lambda session: visits.list_visits(session, cast.storekeeper, cast.branch_id, **facts)
        )
        return [row.id for row in rows]

    assert ids(from_day=day, until_day=day) == [late.visit.id]
    assert ids(from_day=day + timedelta(days=1)) == [early.visit.id]
    assert ids(status=VisitStatus.RUNNING) == []
    assert ids(limit=1, after=(late.visit.planned_at, late.visit.id)) == [early.visit.id]
    refused(NotFound, "branch_not_found", lambda: visits.list_visits(session, cast.outsider, cast.branch_id))
