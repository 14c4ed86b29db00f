"""Readiness read from the books: shelves, orders, other branches; many visits cost no more statements."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id, read_snapshot, write_transaction
from supply.domain.ledger import service as ledger
from supply.domain.ledger.shelf import quarantine_lot
from supply.domain.preparation import recipes
from supply.domain.preparation import starter as preparation_starter
from supply.domain.readiness.counting import count_not_ready
from supply.domain.readiness.covering import Cause, Colour
from supply.domain.readiness.fixing import Remedy
from supply.domain.readiness.service import Readiness, readiness_of
from supply.domain.suppliers import service as suppliers
from supply.domain.visits import service as visits
from supply.errors import Invalid, NotFound
from supply.permissions import Actor, Role
from tests.cast import Cast
from tests.shelves import stock
from tests.treatments import complete, offer_oils, open_spa, plan
from tests.web.browsing import statements

NINE = datetime(2026, 11, 22, 2, tzinfo=UTC)
TODAY, TOMORROW = date(2026, 11, 22), date(2026, 11, 23)
LATER = date(2099, 1, 1)


@pytest.fixture
def spa(session: Session, cast: Cast) -> dict[str, UUID]:
    items = open_spa(cast, quantity=0)
    offer_oils(cast)
    return items


def look(actor: Actor, branch_id: UUID, day: date | None = None) -> Readiness:
    with clock.standing_at(NINE - timedelta(hours=1)):
        return read_snapshot(lambda session: readiness_of(session, actor, branch_id, day))


def massage(cast: Cast, hours: int = 0, guests: int = 1) -> UUID:
    """A visit of nothing but oils, so many hours after nine."""
    with clock.standing_at(NINE - timedelta(days=1)):
        at = NINE + timedelta(hours=hours)
        return plan(cast, package="oils", guests=guests, planned_at=at).visit.id


def oils(cast: Cast, spa: dict[str, UUID], *, lemongrass: int = 0) -> None:
    for code in ("oil-massage", "oil-lavender"):
        stock(cast, spa[code], 1_000_000, expires_on=LATER)
    if lemongrass:
        stock(cast, spa["oil-lemongrass"], lemongrass, expires_on=LATER)


def told(ready: Readiness) -> list[tuple[Colour, list[Cause]]]:
    return [
        (
            one.colour,
            [cause for step in one.steps for cover in step.cover.covers for cause in cover.causes],
        )
        for one in ready.visits
    ]


def test_a_visit_is_as_ready_as_the_shelf_at_its_time(session: Session, cast: Cast, spa: Any) -> None:
    oils(cast, spa)
    stock(cast, spa["oil-lemongrass"], 1_000, expires_on=TODAY, number="A")
    _source, bad = stock(cast, spa["oil-lemongrass"], 9_000, expires_on=LATER, number="B")

    def quarantine(store: Session) -> None:
        quarantine_lot(store, cast.manager, branch_id=cast.branch_id, lot_id=bad, reason="recall")

    write_transaction(quarantine)
    later, first = massage(cast, 3), massage(cast)
    tomorrow = massage(cast, 24)
    ready = look(cast.therapist, cast.branch_id)
    assert [one.visit.id for one in ready.visits] == [first, later, tomorrow]
    # The shelf has peppermint nowhere, but lavender in plenty: it may stand in.
    assert told(ready) == [
        (Colour.AMBER, [Cause.EXPIRING]),
        (Colour.AMBER, [Cause.SUBSTITUTE]),
        (Colour.AMBER, [Cause.SUBSTITUTE]),
    ]
    assert [(one.remedy, one.item_id, one.quantity, one.visits) for one in ready.to_do] == [
        (Remedy.SUBSTITUTE, spa["oil-lavender"], 2_000, 2)
    ]
    assert [one.visit.id for one in look(cast.therapist, cast.branch_id, TOMORROW).visits] == [tomorrow]
    with clock.standing_at(NINE):
        complete(cast, first, 6)
    assert told(look(cast.therapist, cast.branch_id, TODAY)) == [(Colour.AMBER, [Cause.SUBSTITUTE])]


def test_what_is_short_names_the_cheapest_fix(session: Session, cast: Cast, spa: Any) -> None:
    oils(cast, spa, lemongrass=500)
    massage(cast)
    write_transaction(lambda store: _sell(store, cast, spa["oil-massage"], 3, 900))
    write_transaction(lambda store: _sell(store, cast, spa["oil-lemongrass"], 0, 50_000))
    for code in ("oil-lavender", "oil-massage"):
        _use_up(cast, spa[code])
    both = Actor(cast.manager.person_id, "both", cast.manager.grants | {(Role.MANAGER, cast.other_branch_id)})
    _stock_elsewhere(cast, spa["oil-massage"], 20_000)
    ready = look(both, cast.branch_id)
    fixes = {cover.dealt.item_id: cover.fixes for cover in ready.visits[0].steps[0].cover.covers}
    assert ready.visits[0].colour is Colour.RED
    assert [(fix.remedy, fix.quantity, fix.in_time) for fix in fixes[spa["oil-massage"]]] == [
        (Remedy.TRANSFER, 20_000, True),
        (Remedy.ORDER, 500_000, False),
    ]
    assert fixes[spa["oil-massage"]][0].branch_id == cast.other_branch_id
    # Ordered today it is here today: half a millilitre is short, a pack is bought.
    order = fixes[spa["oil-lemongrass"]][0]
    assert (order.remedy, order.quantity, order.cost_minor) == (Remedy.ORDER, 500_000, 50_000)
    assert fixes[spa["oil-lavender"]] == ()
    # Who sees only this branch hears nothing of the other's shelf.
    own = look(cast.manager, cast.branch_id).visits[0].steps[0].cover.covers
    assert all(fix.remedy is not Remedy.TRANSFER for cover in own for fix in cover.fixes)


def _sell(session: Session, cast: Cast, item_id: UUID, lead_time_days: int, price_minor: int) -> None:
    seller = suppliers.create_supplier(
        session, cast.manager, code=f"S{lead_time_days}", name="Seller", lead_time_days=lead_time_days
    )
    suppliers.set_terms(
        session,
        cast.manager,
        seller.id,
        item_id,
        pack_name="bottle",
        amount=Decimal("500"),
        unit="ml",
        price_minor=price_minor,
    )


def _use_up(cast: Cast, item_id: UUID) -> None:
    def work(session: Session) -> None:
        writer = ledger.lock(session, cast.therapist, cast.branch_id)
        ledger.deduct(writer, [ledger.Use(item_id, 1_000_000, "completion", new_id(), 1, clock.now())])

    write_transaction(work)


def _stock_elsewhere(cast: Cast, item_id: UUID, quantity: int) -> None:
    def work(session: Session) -> None:
        writer = ledger.lock(session, cast.outsider, cast.other_branch_id)
        lots = ledger.obtain_lots(writer, [ledger.LotFacts(item_id, "X", LATER)])
        receipt = ledger.Receipt(
            item_id, lots[0].id, cast.other_location_id, quantity, "delivery", new_id(), 1, clock.now()
        )
        ledger.receive(writer, [receipt], lots)

    write_transaction(work)


def test_who_may_look_and_at_which_days(session: Session, cast: Cast, spa: Any) -> None:
    assert look(cast.admin, cast.branch_id).visits == []
    with pytest.raises(NotFound):
        look(cast.outsider, cast.branch_id)
    for day in (TODAY - timedelta(days=1), TOMORROW + timedelta(days=1)):
        with pytest.raises(Invalid) as refusal:
            look(cast.manager, cast.branch_id, day)
        assert list(refusal.value.errors) == ["day"]


def test_many_visits_cost_no_more_statements_and_the_number_is_that_of_the_list(
    session: Session, cast: Cast, spa: Any
) -> None:
    oils(cast, spa, lemongrass=1_500)
    massage(cast)
    massage(cast, 1)
    with statements() as few:
        look(cast.manager, cast.branch_id)
    for hours in range(2, 12):
        massage(cast, hours, guests=2)
    with statements() as many:
        ready = look(cast.manager, cast.branch_id, TODAY)
    assert len(few) == len(many)
    assert ready.count(Colour.GREEN) == 1
    with clock.standing_at(NINE - timedelta(hours=1)), statements() as tile:
        number = read_snapshot(lambda store: count_not_ready(store, cast.manager, cast.branch_id))
    assert (number, len(tile)) == (len(ready.visits) - 1, 3)


def test_what_can_be_brewed_from_the_herbs_is_something_to_do(session: Session, cast: Cast, spa: Any) -> None:
    write_transaction(lambda store: preparation_starter.load(store, cast.manager))
    known = {one.item_id: one for one in read_snapshot(recipes.list_recipes)}
    for line in known[spa["medicinal-water"]].lines:
        stock(cast, line.item_id, line.quantity, expires_on=LATER)
    with clock.standing_at(NINE - timedelta(days=1)):
        plan(cast, package="herbal-baths", planned_at=NINE)
    with statements() as seen:
        [visit] = look(cast.manager, cast.branch_id, TODAY).visits
    assert len(seen) <= 12
    [water] = next(step.cover.covers for step in visit.steps if step.step.position == 5)
    assert (water.colour, water.fixes[0].remedy) == (Colour.AMBER, Remedy.BREW)
    assert water.fixes[0].quantity >= water.dealt.short == 2_000_000
    _source, lot_id = stock(cast, spa["medicinal-water"], 2_000_000, expires_on=TODAY)
    assert lot_id
    [visit] = look(cast.manager, cast.branch_id, TODAY).visits
    assert not next(step.cover.covers[0].fixes for step in visit.steps if step.step.position == 5)


def test_the_worst_day_takes_as_many_statements_as_any_bad_one(
    session: Session, cast: Cast, spa: Any
) -> None:
    """Conditions, allergies, what is short to brew, to fetch, to order: for two visits or for eight."""
    write_transaction(lambda store: preparation_starter.load(store, cast.manager))
    write_transaction(lambda store: _sell(store, cast, spa["oil-massage"], 3, 900))
    _stock_elsewhere(cast, spa["oil-massage"], 20_000)
    both = Actor(cast.manager.person_id, "both", cast.manager.grants | {(Role.MANAGER, cast.other_branch_id)})

    def guests(count: int) -> None:
        with clock.standing_at(NINE - timedelta(days=1)):
            for number in range(count):
                borne = [["pregnancy", "allergy:ginger"], ["allergy:herb-perilla"]]
                plan(cast, guests=borne, planned_at=NINE + timedelta(minutes=number))

    guests(2)
    with statements() as few:
        look(both, cast.branch_id)
    guests(6)
    with statements() as many:
        ready = look(both, cast.branch_id)
    assert len(ready.visits) == 8
    assert {one.remedy for one in ready.to_do} == {Remedy.TRANSFER, Remedy.ORDER}
    assert len(few) == len(many) == 12


def test_a_changed_visit_recolours_only_those_that_it_touches(session: Session, cast: Cast, spa: Any) -> None:
    oils(cast, spa, lemongrass=3_000)
    stock(cast, spa["dao-wood"], 300_000, expires_on=LATER)
    first, second, last = massage(cast), massage(cast, 1), massage(cast, 2)
    with clock.standing_at(NINE - timedelta(days=1)):
        baths = [plan(cast, package="herbal-baths", planned_at=NINE).visit.id for _ in range(2)]

    def colours() -> dict[UUID, tuple[Any, ...]]:
        ready = look(cast.therapist, cast.branch_id)
        return {one.visit.id: tuple(step.cover for step in one.steps) for one in ready.visits}

    before = colours()
    grown = {"version": 1, "guests": [{"conditions": []}] * 2}
    write_transaction(lambda store: visits.change_visit(store, cast.manager, second, **grown))
    after = colours()
    assert {visit for visit in before if before[visit] != after[visit]} == {second, last}
    assert {first, *baths} <= before.keys()


def test_what_safety_asks_for_colours_the_step(session: Session, cast: Cast, spa: Any) -> None:
    oils(cast, spa, lemongrass=1_000_000)
    free = massage(cast)
    with clock.standing_at(NINE - timedelta(days=1)):
        for condition in ("pregnancy", "allergy:oil-lavender"):
            plan(cast, package="oils", guests=[[condition]], planned_at=NINE)
    ready = look(cast.manager, cast.branch_id, TODAY)
    found = {
        one.visit.id: [hurdle for step in one.steps for hurdle in step.cover.hurdles] for one in ready.visits
    }
    assert found.pop(free) == []
    assert {hurdle.condition for hurdles in found.values() for hurdle in hurdles} >= {"pregnancy"}
    assert [one.colour for one in ready.visits if one.visit.id == free] == [Colour.GREEN]
    with clock.standing_at(NINE - timedelta(hours=1)):
        number = read_snapshot(lambda store: count_not_ready(store, cast.manager, cast.branch_id))
    assert number == len(ready.visits) - ready.count(Colour.GREEN) > 0
