"""How the shelf is dealt out to visits, and what is proposed where it does not reach."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supply.domain.readiness.colouring import VisitCover, colour_visits
from supply.domain.readiness.covering import (
    Cause,
    Colour,
    Coming,
    Hurdle,
    Need,
    Pile,
    PlannedStep,
    PlannedVisit,
    Store,
    colour_of,
    deal,
)
from supply.domain.readiness.fixing import (
    Brewing,
    Elsewhere,
    Fix,
    Means,
    Remedy,
    Seller,
    Spare,
    find_fixes,
)

TODAY = date(2026, 11, 22)
MORNING = datetime(2026, 11, 22, 2, tzinfo=UTC)
OIL, MINT, WATER, HERB = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
NEAR, FAR = UUID(int=11), UUID(int=12)
FARM, HOUSE = UUID(int=21), UUID(int=22)
ORDER = UUID(int=31)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


@dataclass(frozen=True)
class Row:
    substitute_id: UUID
    position: int = 1
    numerator: int = 1
    denominator: int = 1


def visit(
    number: int, *needs: tuple[UUID, int] | Need, hour: int = 0, hurdles: tuple[Hurdle, ...] = ()
) -> Any:
    """A visit of one step, `hour` hours after the morning."""
    at = MORNING + timedelta(hours=hour)
    wanted = tuple(need if isinstance(need, Need) else Need(*need) for need in needs)
    return PlannedVisit(UUID(int=100 + number), at, at, at.date(), (PlannedStep(1, wanted, hurdles),))


def cover_visits(visits: list[PlannedVisit], store: Store, means: Means) -> dict[UUID, VisitCover]:
    return colour_visits(visits, deal(visits, store), means)


def covered(
    visits: list[PlannedVisit],
    piles: dict[UUID, list[Pile]] | None = None,
    coming: dict[UUID, list[Coming]] | None = None,
    **means: Any,
) -> list[VisitCover]:
    found = cover_visits(visits, Store(piles or {}, coming or {}), Means(**means))
    return [found[one.id] for one in visits]


def colours(found: list[VisitCover]) -> list[Colour]:
    return [one.colour for one in found]


def only(found: VisitCover) -> Any:
    return found.steps[0].covers[0]


GREEN, AMBER, RED = Colour.GREEN, Colour.AMBER, Colour.RED


@pytest.mark.parametrize(
    ("piles", "coming", "colour", "causes"),
    [
        ([Pile(10)], [], GREEN, ()),
        ([Pile(4), Pile(6)], [], GREEN, ()),
        ([Pile(10, expires_on=TOMORROW)], [], GREEN, ()),
        ([Pile(10, expires_on=TODAY)], [], AMBER, (Cause.EXPIRING,)),
        ([Pile(10, expires_on=YESTERDAY)], [], RED, (Cause.SHORT,)),
        ([Pile(1, expires_on=TODAY), Pile(9)], [], AMBER, (Cause.EXPIRING,)),
        # Brewed water is always used on its day; from its hour on it is expired.
        ([Pile(10, TODAY, MORNING + timedelta(minutes=1))], [], GREEN, ()),
        ([Pile(10, TODAY, MORNING)], [], RED, (Cause.SHORT,)),
        ([Pile(9)], [], RED, (Cause.SHORT,)),
        ([], [], RED, (Cause.SHORT,)),
        ([Pile(9)], [Coming(ORDER, 5, TODAY)], AMBER, (Cause.DELIVERY,)),
        ([], [Coming(ORDER, 10, YESTERDAY, unsure=True)], AMBER, (Cause.MAY_COME,)),
        ([Pile(9)], [Coming(ORDER, 5, TOMORROW)], RED, (Cause.SHORT,)),
        ([Pile(4)], [Coming(ORDER, 5, TODAY)], RED, (Cause.DELIVERY, Cause.SHORT)),
        (
            [Pile(5, expires_on=TODAY)],
            [Coming(ORDER, 3, YESTERDAY, unsure=True), Coming(ORDER, 2, TODAY)],
            AMBER,
            (Cause.EXPIRING, Cause.DELIVERY, Cause.MAY_COME),
        ),
    ],
)
def test_a_need_is_covered_by_what_will_be_usable(
    piles: list[Pile], coming: list[Coming], colour: Colour, causes: tuple[Cause, ...]
) -> None:
    [found] = covered([visit(1, (OIL, 10))], {OIL: piles}, {OIL: coming})
    assert (found.colour, only(found).causes) == (colour, causes)


@pytest.mark.parametrize(
    ("causes", "colour"),
    [
        ([], GREEN),
        ([Cause.ACKNOWLEDGE], AMBER),
        ([Cause.CONSENT, Cause.BREW], AMBER),
        ([Cause.SUBSTITUTE, Cause.BLOCKED], RED),
        ([Cause.SHORT], RED),
    ],
)
def test_the_worst_cause_gives_the_colour(causes: list[Cause], colour: Colour) -> None:
    assert colour_of(causes) is colour
    hurdles = tuple(Hurdle(cause, "pregnancy") for cause in causes)
    assert covered([visit(1, hurdles=hurdles)])[0].colour is colour


def test_the_shelf_is_dealt_out_once_in_order_of_time() -> None:
    late, early = visit(1, (OIL, 6), hour=3), visit(2, (OIL, 6), hour=1)
    second, first = covered([late, early], {OIL: [Pile(10)]})
    assert (first.colour, second.colour) == (GREEN, RED)
    assert (only(second).dealt.shelf, only(second).dealt.short) == (4, 2)
    # What expires in between is no longer there for the later one, and the order too is given only once.
    one, other = visit(1, (OIL, 4)), visit(2, (OIL, 4), hour=24)
    found = covered([one, other], {OIL: [Pile(6, TODAY), Pile(3)]}, {OIL: [Coming(ORDER, 1, TOMORROW)]})
    assert colours(found) == [AMBER, AMBER]
    assert only(found[1]).causes == (Cause.DELIVERY,)


@pytest.mark.parametrize(
    ("means", "colour", "expected"),
    [
        ({}, RED, []),
        (
            {
                "brewing": {OIL: Brewing(8, ((HERB, 2),))},
                "spare": {HERB: Spare([Pile(9, None, None, 3, 1)])},
            },
            AMBER,
            [(Remedy.BREW, 4, True, 3)],
        ),
        ({"brewing": {OIL: Brewing(3, ((HERB, 1),))}, "spare": {HERB: Spare([Pile(1)])}}, RED,
         [(Remedy.BREW, 3, True, None)]),
        # What comes out exactly is more than is short; without one of the herbs nothing is brewed.
        ({"brewing": {OIL: Brewing(9, ((HERB, 3),))}, "spare": {HERB: Spare([Pile(9)])}}, AMBER,
         [(Remedy.BREW, 6, True, None)]),
        ({"brewing": {OIL: Brewing(9, ((HERB, 3), (MINT, 9)))}, "spare": {HERB: Spare([Pile(9)])}}, RED, []),
        (
            {"substitutes": {OIL: [Row(MINT, 1, 1, 2)]}, "spare": {MINT: Spare([Pile(9)], 7)}},
            AMBER,
            [(Remedy.SUBSTITUTE, 2, True, None)],
        ),
        # Promised to later visits; expired; inexact.
        ({"substitutes": {OIL: [Row(MINT, 1, 1, 2)]}, "spare": {MINT: Spare([Pile(9)], 8)}}, RED, []),
        ({"substitutes": {OIL: [Row(MINT)]}, "spare": {MINT: Spare([Pile(9, YESTERDAY)])}}, RED, []),
        ({"substitutes": {OIL: [Row(MINT, 1, 1, 3)]}, "spare": {MINT: Spare([Pile(9)])}}, RED, []),
        (
            {"elsewhere": {OIL: [Elsewhere(FAR, Spare([Pile(9, None, None, 10, 9)])),
                                 Elsewhere(NEAR, Spare([Pile(9, None, None, 9, 9)]))]}},
            RED,
            [(Remedy.TRANSFER, 4, True, 4), (Remedy.TRANSFER, 4, True, 4)],
        ),
        (
            {"sellers": {OIL: [Seller(FARM, TOMORROW, 5, 2, 70), Seller(HOUSE, TODAY, 3, 1, 100)]}},
            RED,
            [(Remedy.ORDER, 6, True, 200)],
        ),
        ({"sellers": {OIL: [Seller(FARM, TOMORROW, 5, 2, 70)]}}, RED, [(Remedy.ORDER, 10, False, 140)]),
        # Cheapest first, unknown costs last, what comes too late behind what is here in time.
        (
            {
                "sellers": {OIL: [Seller(FARM, TOMORROW, 4, 1, 1)]},
                "elsewhere": {OIL: [Elsewhere(NEAR, Spare([Pile(3, None, None, 1, 1)])),
                                    Elsewhere(FAR, Spare([Pile(4)]))]},
            },
            RED,
            [(Remedy.TRANSFER, 4, True, None), (Remedy.TRANSFER, 3, True, 3), (Remedy.ORDER, 4, False, 1)],
        ),
        # What is here comes before what is elsewhere, and the cheaper of it first.
        (
            {
                "brewing": {OIL: Brewing(1, ((HERB, 1),))},
                "substitutes": {OIL: [Row(MINT)]},
                "spare": {MINT: Spare([Pile(9, None, None, 4, 1)]),
                          HERB: Spare([Pile(9, None, None, 5, 1)])},
                "elsewhere": {OIL: [Elsewhere(NEAR, Spare([Pile(9, None, None, 1, 9)]))]},
            },
            AMBER,
            [(Remedy.SUBSTITUTE, 4, True, 16), (Remedy.BREW, 4, True, 20), (Remedy.TRANSFER, 4, True, 0)],
        ),
    ],
)  # fmt: skip
def test_a_shortfall_names_what_to_do_first(
    means: dict[str, Any], colour: Colour, expected: list[Any]
) -> None:
    [found] = covered([visit(1, (OIL, 10))], {OIL: [Pile(6)]}, **deepcopy(means))
    fixes: Sequence[Fix] = only(found).fixes
    assert found.colour is colour
    assert [(fix.remedy, fix.quantity, fix.in_time, fix.cost_minor) for fix in fixes] == expected


def test_a_guest_is_not_offered_what_is_forbidden() -> None:
    means = {"substitutes": {OIL: [Row(MINT, 1), Row(WATER, 2)]}}
    spare = {MINT: Spare([Pile(9)]), WATER: Spare([Pile(9)])}
    needs = [Need(OIL, 4), Need(OIL, 4, frozenset({MINT})), Need(OIL, 4, frozenset({MINT, WATER}))]
    found = [covered([visit(1, need)], spare=deepcopy(spare), **means)[0] for need in needs]
    assert [[fix.item_id for fix in only(one).fixes] for one in found] == [[MINT], [WATER], []]
    assert colours(found) == [AMBER, AMBER, RED]


def test_what_was_chosen_for_one_is_not_there_for_the_next() -> None:
    visits = [visit(number, (OIL, 4), hour=number) for number in range(4)]
    means: dict[str, Any] = {
        "substitutes": {OIL: [Row(MINT)]},
        "spare": {MINT: Spare([Pile(7)]), HERB: Spare([Pile(4)])},
        "brewing": {OIL: Brewing(1, ((HERB, 1),))},
        "elsewhere": {OIL: [Elsewhere(NEAR, Spare([Pile(5)]))]},
    }
    found = covered(visits, **means)
    assert [[fix.remedy for fix in only(one).fixes[:1]] for one in found] == [
        [Remedy.BREW],
        [Remedy.SUBSTITUTE],
        [Remedy.TRANSFER],
        [Remedy.TRANSFER],
    ]
    assert [only(one).fixes[0].quantity for one in found] == [4, 4, 4, 1]
    assert colours(found) == [AMBER, AMBER, RED, RED]


# Small worlds: four items, of which each may stand in for its neighbour; two days; few visits.
ITEMS = [UUID(int=number) for number in range(1, 5)]
DAYS = st.sampled_from([None, YESTERDAY, TODAY, TOMORROW])
PILES = st.lists(st.builds(Pile, st.integers(1, 9), DAYS), max_size=3)
NEEDS = st.lists(st.tuples(st.sampled_from(ITEMS), st.integers(1, 9)), max_size=2, unique_by=lambda of: of[0])


@st.composite
def worlds(draw: Any) -> tuple[list[PlannedVisit], dict[UUID, list[Pile]], dict[UUID, list[Coming]], Means]:
    hours = st.integers(0, 30)
    count = draw(st.integers(1, 6))
    visits = [visit(number, *draw(NEEDS), hour=draw(hours)) for number in range(count)]
    piles = {item: draw(PILES) for item in ITEMS}
    coming = {
        item: [Coming(ORDER, draw(st.integers(1, 5)), draw(st.sampled_from([TODAY, TOMORROW])))]
        for item in ITEMS
        if draw(st.booleans())
    }
    means = Means(
        substitutes={ITEMS[0]: [Row(ITEMS[1])], ITEMS[2]: [Row(ITEMS[3], 1, 2, 1)]},
        spare={item: Spare(piles[item], draw(st.integers(0, 9))) for item in ITEMS},
        elsewhere={ITEMS[0]: [Elsewhere(NEAR, Spare(draw(PILES)))]},
    )
    return visits, piles, coming, means


def plainly(
    visits: list[PlannedVisit], piles: dict[UUID, list[Pile]], coming: dict[UUID, list[Coming]]
) -> Any:
    """Unit by unit: each visit in turn takes single units of the first pile it may, then of the orders."""
    units = {
        item: [(pile.expires_on, None) for pile in own for _unit in range(pile.quantity)]
        + [(None, order.day) for order in coming.get(item, ()) for _unit in range(order.quantity)]
        for item, own in piles.items()
    }
    short = {}
    for one in sorted(visits, key=lambda one: (one.at, one.id)):
        for need in one.steps[0].needs:
            left = need.quantity
            for unit in list(units[need.item_id]):
                expires_on, comes_on = unit
                usable = (expires_on or date.max) >= one.day and (comes_on or date.min) <= one.day
                if left and usable:
                    units[need.item_id].remove(unit)
                    left -= 1
            short[one.id, need.item_id] = left
    return short


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_dealing_agrees_with_dealing_unit_by_unit(world: Any) -> None:
    visits, piles, coming, means = world
    expected = plainly(*deepcopy((visits, piles, coming)))
    before = sum(pile.quantity for own in piles.values() for pile in own)
    found = cover_visits(visits, Store(piles, coming), means)
    covers = [(one.visit_id, cover) for one in found.values() for step in one.steps for cover in step.covers]
    assert {(visit_id, cover.dealt.item_id): cover.dealt.short for visit_id, cover in covers} == expected
    # Nothing is given twice: what is gone of the piles went to a need or to a substitution that was chosen.
    given_out = sum(cover.dealt.shelf for _visit, cover in covers)
    instead = sum(
        cover.fixes[0].quantity
        for _visit, cover in covers
        if cover.fixes and cover.fixes[0].remedy is Remedy.SUBSTITUTE
    )
    assert before - sum(pile.quantity for own in piles.values() for pile in own) == given_out + instead
    assert all(pile.quantity >= 0 for own in piles.values() for pile in own)


@given(worlds(), st.integers(0, 5), NEEDS)
@settings(max_examples=60, deadline=None)
def test_changing_a_visit_recolours_only_those_that_it_touches(world: Any, which: int, needs: Any) -> None:
    """Touching: by an item that both need or whose substitute is one that the other needs or may get."""
    visits, piles, coming, means = world
    changed = visits[which % len(visits)]
    other = replace(changed, steps=(PlannedStep(1, tuple(Need(*need) for need in needs)),))
    reach = {ITEMS[0]: {0}, ITEMS[1]: {0}, ITEMS[2]: {1}, ITEMS[3]: {1}}

    def kin(one: PlannedVisit) -> set[int]:
        return {part for need in one.steps[0].needs for part in reach[need.item_id]}

    touched = kin(changed) | kin(other)
    means_again = deepcopy((piles, means, coming))
    before = cover_visits(visits, Store(piles, coming), means)
    piles, means, coming = means_again
    after = cover_visits([other if one is changed else one for one in visits], Store(piles, coming), means)
    for one in visits:
        if one is not changed and not kin(one) & touched:
            assert after[one.id] == before[one.id]


def test_nothing_is_brewed_that_its_guests_must_not_have() -> None:
    means = Means(brewing={OIL: Brewing(1, ((HERB, 1),))}, spare={HERB: Spare([Pile(9)])})
    for forbidden, brewed in (((), 1), ((HERB,), 1), ((OIL,), 1), ((OIL, HERB), 0)):
        need = Need(OIL, 4, frozenset(forbidden))
        assert len(find_fixes(visit(1, (OIL, 4)), need, 4, means)) == brewed
