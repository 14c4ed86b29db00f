"""Standard against actual: what is a case, in which period, of whom; what is told apart; who may see it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from supply import clock
from supply.cli.tallying import tally_all
from supply.database import read_snapshot, write_transaction
from supply.domain.containers.service import open_container
from supply.domain.containers.weighing_in import weigh_in
from supply.domain.people.models import Person
from supply.domain.reports.case_sums import spans_of
from supply.domain.reports.cases import Apart, Asked, list_cases
from supply.domain.reports.deviation import Verdict
from supply.domain.reports.headline import headline_of
from supply.domain.reports.tally_checking import check_tallies
from supply.domain.reports.tally_models import Span, TallyCase
from supply.domain.reports.variance import By, Variance, variance_of
from supply.domain.reports.weighed import weighed_of
from supply.domain.visits import service as visits
from supply.domain.visits.models import Completion
from supply.errors import Forbidden, Invalid, NotFound
from supply.permissions import Actor
from tests.cast import Cast
from tests.shelves import add_item, stock
from tests.treatments import complete, do, open_spa, plan
from tests.web.browsing import statements

GRAM = 1_000
# Half past midnight of 3 November in Hanoi: the 2nd in UTC.
NIGHT = datetime(2026, 11, 2, 17, 30, tzinfo=UTC)
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))


def asked(cast: Cast, days: tuple[date, date] = NOVEMBER, **narrowed: Any) -> Asked:
    return Asked(cast.branch_id, *days, **narrowed)


def compare(cast: Cast, by: By, actor: Actor | None = None, **narrowed: Any) -> Variance:
    """What is told is the same before the night has added up and after."""
    wanted = asked(cast, **narrowed)

    def told() -> Variance:
        return read_snapshot(lambda session: variance_of(session, actor or cast.manager, wanted, by))

    before = told()
    tally_all()
    assert seen_in(told()) == seen_in(before)
    return before


def seen_in(variance: Variance) -> list[Any]:
    of = [
        (one.key, one.name_vi, one.estimate.cases, one.estimate.verdict, one.standard, one.actual)
        for one in variance.groups
    ]
    return [of, variance.apart, [round(one.estimate.mean or 0, 9) for one in variance.groups]]


def cases(cast: Cast, apart: Apart | None = None, **narrowed: Any) -> list[Any]:
    wanted = asked(cast, **narrowed)
    return list(read_snapshot(lambda s: list_cases(s, cast.manager, wanted, apart=apart)))


def do_many(cast: Cast, actor: Actor, count: int, lines: list[dict[str, Any]]) -> None:
    """Plan visits and do step 4 of each at NIGHT, in two transactions."""
    facts: dict[str, Any] = {"branch_id": cast.branch_id, "procedure": "back-massage"}
    facts["planned_at"] = clock.now()

    def plans(session: Session) -> list[UUID]:
        guests = [{"conditions": []}]
        made = [visits.plan_visit(session, actor, guests=guests, **facts) for _time in range(count)]
        return [view.visit.id for view in made]

    done = [
        {"visit_id": visit, "position": 4, "happened_at": NIGHT, "lines": lines}
        for visit in write_transaction(plans)
    ]
    write_transaction(
        lambda session: visits.complete_steps(
            session, actor, branch_id=cast.branch_id, completions=done, consent_to_shortage=False
        )
    )


def told_of(variance: Variance) -> list[tuple[str, int, float | None, Verdict]]:
    return [
        (group.name_en, group.estimate.cases, group.estimate.mean, group.estimate.verdict)
        for group in variance.groups
    ]


def test_people_of_one_verdict_stand_by_the_given_name_and_cases_by_time(
    session: Session, cast: Cast
) -> None:
    open_spa(cast)
    for actor, name in ((cast.therapist, "Bùi Thị Yến"), (cast.manager, "Trần Văn Bình")):
        do_many(cast, actor, 1, [])
        session.get_one(Person, actor.person_id).name = name
        session.commit()
    told = [group.name_vi for group in compare(cast, By.THERAPIST).groups]
    assert told == ["Trần Văn Bình", "Bùi Thị Yến"]
    newest, oldest = (row.completion.id for row in cases(cast))
    wanted = asked(cast)

    def following(last: UUID) -> list[UUID]:
        found = read_snapshot(lambda s: list_cases(s, cast.manager, wanted, before=last))
        return [row.completion.id for row in found]

    assert following(newest) == [oldest]
    assert following(oldest) == []
    # One of another branch tells nobody what came before it.
    session.execute(update(Completion).where(Completion.id == oldest).values(branch_id=cast.other_branch_id))
    session.commit()
    assert following(oldest) == [newest]


def test_cases_are_gathered_and_judged(session: Session, cast: Cast) -> None:
    """Twenty-two times 120 g of ginger for 100 g by the therapist; twice by the recipe by the manager."""
    ginger = open_spa(cast)["ginger"]
    told = [{"item_id": ginger, "guest_position": 1, "amount": Decimal(120), "unit": "g"}]
    do_many(cast, cast.therapist, 22, told)
    do_many(cast, cast.manager, 2, [])
    item = compare(cast, By.ITEM)
    mean = 22 * 0.2 / 24
    assert told_of(item) == [
        ("Ginger", 24, pytest.approx(mean), Verdict.MORE),
        ("Sauna oil", 24, 0.0, Verdict.NOISE),
    ]
    assert (item.groups[0].standard, item.groups[0].actual) == (2_400 * GRAM, (22 * 120 + 200) * GRAM)
    # A completion is one case: the mean over its two items.
    assert told_of(compare(cast, By.THERAPIST)) == [
        ("therapist", 22, pytest.approx(0.1), Verdict.MORE),
        ("manager", 2, 0.0, Verdict.TOO_FEW),
    ]
    for by in (By.STEP, By.PROCEDURE, By.BRANCH):
        (group,) = compare(cast, by).groups
        assert (group.estimate.cases, group.estimate.mean) == (24, pytest.approx(mean / 2))
    (group,) = compare(cast, By.STEP, item_id=ginger).groups
    assert (group.key["position"], group.estimate.mean) == (4, pytest.approx(mean))
    only = compare(cast, By.ITEM, person_id=cast.manager.person_id, position=4)
    assert {group.estimate.cases for group in only.groups} == {2}
    behind = cases(cast, item_id=ginger, person_id=cast.therapist.person_id)
    seen = [(row.standard, row.actual, row.value) for row in behind]
    assert seen == [(100 * GRAM, 120 * GRAM, pytest.approx(0.2))] * 22
    assert {row.person_name for row in cases(cast)} == {"therapist", "manager"}
    with clock.standing_at(NIGHT + timedelta(days=2)):
        told = read_snapshot(lambda s: headline_of(s, cast.manager, cast.branch_id))
    assert ([one.name_en for one in told.above], told.judged) == (["Ginger"], 2)
    _who_may_and_at_what_cost(cast)


def _who_may_and_at_what_cost(cast: Cast) -> None:
    for actor in (cast.therapist, cast.storekeeper, cast.admin):
        with pytest.raises(Forbidden):
            compare(cast, By.ITEM, actor)
    with pytest.raises(NotFound):
        compare(cast, By.ITEM, cast.outsider)
    # All branches means those in which one may see it.
    (group,) = compare(cast, By.BRANCH, everywhere=True).groups
    assert group.key == {"branch_id": cast.branch_id}
    with statements() as seen:
        read_snapshot(lambda session: variance_of(session, cast.manager, asked(cast), By.ITEM))
    assert len(seen) <= 5, seen


def test_what_was_undone_short_or_not_in_the_recipe_is_no_case(session: Session, cast: Cast) -> None:
    spa = open_spa(cast)
    plain, undone, short, extra = (plan(cast).visit.id for _time in range(4))
    for visit in (plain, undone):
        complete(cast, visit, 4, happened_at=NIGHT)
    tea = {"item_id": spa["ginger-tea"], "amount": Decimal(2), "unit": "piece"}
    complete(cast, extra, 4, happened_at=NIGHT, lines=[tea])
    much = {"guest_position": 1, "amount": Decimal(999), "unit": "kg"}
    complete(
        cast,
        short,
        4,
        happened_at=NIGHT,
        lines=[{"item_id": spa["ginger"], **much}],
        consent_to_shortage=True,
    )
    tally_all()
    # Undone when the totals held it already.
    do(visits.reverse_completion, cast, undone, 4)
    now = compare(cast, By.ITEM)
    # The short one has no ginger to compare, but its sauna oil was used by the recipe.
    assert {group.name_en: group.estimate.cases for group in now.groups} == {"Ginger": 2, "Sauna oil": 3}
    assert now.apart == {Apart.SHORTFALL: 1, Apart.INCIDENT: 0, Apart.UNPLANNED: 1}
    assert [row.visit_id for row in cases(cast, Apart.SHORTFALL)] == [short]
    assert [row.visit_id for row in cases(cast, Apart.UNPLANNED)] == [extra]
    assert read_snapshot(lambda session: list(check_tallies(session))) == []
    write_transaction(lambda session: session.execute(update(TallyCase).values(total=TallyCase.total + 1)))
    named = read_snapshot(lambda session: {str(one).split()[1] for one in check_tallies(session)})
    assert named == {"tally_case"}
    # The period is the branch's days, by when it was done.
    third, second = (date(2026, 11, 3), date(2026, 11, 3)), (date(2026, 11, 2), date(2026, 11, 2))
    assert len(compare(cast, By.ITEM, days=third).groups) == 2
    assert compare(cast, By.ITEM, days=second).groups == []
    for days in ((NOVEMBER[1], NOVEMBER[0]), (date(2025, 1, 1), date(2026, 1, 2))):
        with pytest.raises(Invalid) as caught:
            compare(cast, By.ITEM, days=days)
        assert list(caught.value.errors) == ["until"]


def test_what_was_weighed_is_compared_with_the_book(session: Session, cast: Cast) -> None:
    ginger = add_item(session, "ginger")
    session.commit()
    stock(cast, ginger, 5_000 * GRAM)
    here = {"branch_id": cast.branch_id}

    def weigh(session: Session) -> None:
        bag = open_container(
            session, cast.storekeeper, item_id=ginger, amount=Decimal(1000), unit="g", **here
        )
        for gross in (950, 900):
            weigh_in(session, cast.therapist, bag.id, gross=Decimal(gross), tare=Decimal(0), unit="g", **here)

    write_transaction(weigh)
    days = (
        clock.today("Asia/Ho_Chi_Minh") - timedelta(days=2),
        clock.today("Asia/Ho_Chi_Minh") + timedelta(days=2),
    )
    rows = read_snapshot(lambda s: weighed_of(s, cast.manager, asked(cast, days)))
    assert [(row.item.code, row.difference, row.estimate.cases) for row in rows] == [
        ("ginger", -100 * GRAM, 2)
    ]
    assert rows[0].estimate.mean == pytest.approx(0.05)
    assert rows[0].estimate.verdict is Verdict.TOO_FEW


@pytest.mark.parametrize(
    ("first", "last", "spans"),
    [
        ((1, 5), (1, 20), [(Span.DAY, (1, 5), (1, 20))]),
        ((1, 1), (1, 31), [(Span.MONTH, (1, 1), (1, 31))]),
        ((1, 31), (2, 28), [(Span.DAY, (1, 31), (1, 31)), (Span.MONTH, (2, 1), (2, 28))]),
        ((1, 2), (2, 1), [(Span.DAY, (1, 2), (2, 1))]),
        ((1, 20), (2, 10), [(Span.DAY, (1, 20), (2, 10))]),
    ],
)  # fmt: skip
def test_a_period_is_its_whole_months_and_the_days_beside(first: Any, last: Any, spans: Any) -> None:
    told = spans_of(date(2026, *first), date(2026, *last))
    assert [(one, (a.month, a.day), (b.month, b.day)) for one, a, b in told] == spans
