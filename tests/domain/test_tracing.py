"""A lot to its visits and back, through batches of batches: what brute force over the movements says too."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import db, new_id, read_snapshot, write_transaction
from supply.domain.catalog.models import Item
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import Lot, Movement, MovementType
from supply.domain.preparation import recipes
from supply.domain.recalls import sheet
from supply.domain.reports import servings, tracing
from supply.domain.reports.servings import StepUse
from supply.domain.visits import service as visits
from supply.domain.visits.completions import SOURCE as COMPLETION
from supply.domain.visits.models import Completion, VisitStep
from supply.errors import NotFound
from supply.permissions import Actor
from tests import carriers
from tests.brewing import brew, cancel
from tests.cast import Cast
from tests.shelves import add_item, stock
from tests.treatments import complete, do, open_spa, plan

WATER = "medicinal-water"


def brute(movements: list[Any], lot_id: UUID) -> set[UUID]:
    """The completions that hold some of a lot: spread it along every net change until nothing changes."""
    took: dict[tuple[str, UUID], dict[UUID, int]] = defaultdict(lambda: defaultdict(int))
    for movement in movements:
        took[movement.source_type, movement.source_id][movement.lot_id] += movement.quantity
    tainted, size = {lot_id}, 0
    while size != len(tainted):
        size = len(tainted)
        for (source, _id), lots in took.items():
            if source == "batch" and any(lots[one] < 0 for one in tainted & lots.keys()):
                tainted |= {one for one, net in lots.items() if net > 0}
    return {
        source_id
        for (source, source_id), lots in took.items()
        if source == "completion" and any(lots[one] < 0 for one in tainted & lots.keys())
    }


def traced(cast: Cast, lot_id: UUID) -> tuple[set[UUID], list[UUID]]:
    def look(session: Session) -> tuple[set[UUID], list[UUID]]:
        found = tracing.uses_of_lot(session, cast.manager, cast.branch_id, lot_id)
        return {step.visit_id for step in found.steps}, [one.lot.id for one in found.brewed]

    return read_snapshot(look)


@pytest.fixture
def story(cast: Cast, session: Session) -> dict[str, Any]:
    """Two lots of lemongrass, three waters, an infusion of water; visits that use them, slips undone."""
    items = open_spa(cast, quantity=0)
    for code, item_id in items.items():
        if code not in (WATER, "soak-infusion", "herb-lemongrass"):
            stock(cast, item_id, 10_000_000, expires_on=date(2099, 1, 1))
    lemongrass = items["herb-lemongrass"]
    _source, first = stock(cast, lemongrass, 300_000, number="A", expires_on=date(2098, 1, 1))
    _source, second = stock(cast, lemongrass, 900_000, number="B", expires_on=date(2099, 1, 1))

    def ids(store: Session) -> tuple[UUID, UUID]:
        found = {recipe.item_id: recipe for recipe in recipes.list_recipes(store)}
        infusion = found[items["soak-infusion"]]
        lines = [{"item_id": items[WATER], "amount": Decimal(1), "unit": "l"}]
        recipes.update_recipe(
            store, cast.manager, infusion.id, version=infusion.version, lines=lines,
            yield_amount=Decimal(5), yield_unit="l", use_by_hours=24,
        )  # fmt: skip
        return found[items[WATER]].id, infusion.id

    water, infusion = write_transaction(ids)
    waters = [brew(cast, water, size) for size in ("1", "1", "2")]
    undone = brew(cast, water, "1")
    deep = brew(cast, infusion, "2", lines=[
        {"item_id": items[WATER], "amount": Decimal(2), "unit": "l", "lot_id": waters[1].lot_id}
    ])  # fmt: skip
    cancel(cast, undone.id)
    return {
        "items": items,
        "first": first,
        "second": second,
        "waters": waters,
        "deep": deep,
        "undone": undone,
    }


def live(session: Session) -> dict[UUID, UUID]:
    query = select(Completion.id, VisitStep.visit_id).join(
        VisitStep, VisitStep.id == Completion.visit_step_id
    )
    return {row.id: row.visit_id for row in session.execute(query)}


def test_a_recall_finds_every_visit_and_a_visit_its_lots(
    cast: Cast, session: Session, story: dict[str, Any]
) -> None:
    water, infusion = story["items"][WATER], story["items"]["soak-infusion"]
    given: list[tuple[UUID, UUID]] = []
    for number, batch in enumerate((*story["waters"], story["deep"], story["waters"][0])):
        item_id = infusion if batch is story["deep"] else water
        visit = plan(cast).visit.id
        line = {"item_id": item_id, "amount": Decimal(1), "unit": "l", "lot_id": batch.lot_id}
        complete(cast, visit, 5, lines=[line, {"item_id": water, "amount": Decimal(0), "unit": "l"}])
        if number == 4:
            do(visits.reverse_completion, cast, visit, 5)
        else:
            given.append((visit, batch.lot_id))
    movements = list(session.scalars(select(Movement)))
    visit_of = live(session)
    lots = {movement.lot_id for movement in movements}
    for lot_id in lots:
        expected = {visit_of[done] for done in brute(movements, lot_id)}
        assert traced(cast, lot_id)[0] == expected
    # Lot A went whole into the first two waters; the infusion is of the second.
    by_visit = dict(given)
    touched = {story["waters"][0].lot_id, story["waters"][1].lot_id, story["deep"].lot_id}
    assert traced(cast, story["first"])[0] == {visit for visit, lot in by_visit.items() if lot in touched}
    assert story["undone"].lot_id not in traced(cast, story["second"])[1]
    for visit, lot_id in given:
        back = read_snapshot(lambda store, visit=visit: tracing.lots_of_visit(store, cast.manager, visit))
        found = {one.lot.id for one in back}
        assert lot_id in found
        assert found == {one for one in lots if visit in traced(cast, one)[0]}
    with pytest.raises(NotFound):
        read_snapshot(lambda store: tracing.lots_of_visit(store, cast.outsider, given[0][0]))
    with pytest.raises(NotFound):
        read_snapshot(lambda store: tracing.uses_of_lot(store, cast.outsider, cast.branch_id, lot_id))


def test_the_steps_of_a_lot_come_a_page_at_a_time(
    cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = open_spa(cast)
    (lot,) = session.scalars(select(Lot.id).where(Lot.item_id == items["medicinal-water"]))
    session.rollback()
    visits = [plan(cast).visit.id for _each in range(3)]
    for visit in visits:
        complete(cast, visit, 5)

    def page(before: Any) -> list[StepUse]:
        told = {"limit": 2, "before": before}
        return read_snapshot(lambda s: tracing.steps_of_lot(s, cast.therapist, cast.branch_id, lot, **told))

    first = page(None)
    second = page((first[-1].completion_id, first[-1].lot_id))
    # The last recorded first.
    assert [step.visit_id for step in [*first, *second]] == visits[::-1]
    assert page((second[-1].completion_id, second[-1].lot_id)) == []
    uses = read_snapshot(lambda s: tracing.uses_of_lot(s, cast.therapist, cast.branch_id, lot))
    assert (uses.step_count, uses.visit_count, len(uses.steps)) == (3, 3, 3)
    # What moved last says the same wherever it says enough; else all of it is read.
    held = {one.id: (one, session.get_one(Item, one.item_id)) for one in [session.get_one(Lot, lot)]}
    for recent in (1, 2, 3, 9):
        monkeypatch.setattr(servings, "RECENT", recent)
        for limit in (1, 2, 5):
            last = servings.last_steps(session, {cast.branch_id}, held, limit=limit)
            assert [step.visit_id for step in last] == visits[::-1][:limit]
    session.rollback()
    with pytest.raises(NotFound):
        read_snapshot(
            lambda s: tracing.steps_of_lot(s, cast.outsider, cast.branch_id, lot, limit=2, before=None)
        )


def test_no_statement_names_each_of_the_uses(cast: Cast, session: Session) -> None:
    """A lot may have fed a hundred thousand steps; no database takes so many values."""
    perilla = write_transaction(lambda s: add_item(s, "perilla"))
    _source, lot = stock(cast, perilla, 1_000_000)
    many = 50
    uses = [ledger.Use(perilla, 1, COMPLETION, new_id(), 1, clock.now()) for _each in range(many)]
    write_transaction(lambda s: ledger.deduct(ledger.lock(s, cast.therapist, cast.branch_id), uses))
    sizes: list[int] = []

    def note(_connection: Any, _cursor: Any, _statement: str, values: Any, *_rest: Any) -> None:
        sizes.append(len(values))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        traced(cast, lot)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert max(sizes) < many


def test_a_recall_goes_where_lots_are_sent_and_back(cast: Cast, session: Session) -> None:
    """Herbs of one lot are sent, brewed and used in the other branch; some is on the way, some is sent on."""
    items = open_spa(cast)
    herb = items["herb-lemongrass"]
    (lot,) = session.scalars(select(Lot.id).where(Lot.item_id == herb))
    session.rollback()
    there = replace(
        cast,
        branch_id=cast.other_branch_id,
        location_id=cast.other_location_id,
        therapist=cast.outsider,
        manager=cast.outsider,
        storekeeper=cast.outsider,
    )
    for code, item_id in items.items():
        if code not in (WATER, "herb-lemongrass"):
            stock(there, item_id, 10_000_000, expires_on=date(2099, 1, 1))
    carriers.take_in(cast, carriers.send(cast, carriers.ask(cast, (herb, "5"))).id)
    carriers.send(cast, carriers.ask(cast, (herb, "1")))
    recipes_of = {
        recipe.item_id: recipe.id for recipe in read_snapshot(lambda store: recipes.list_recipes(store))
    }
    water = brew(there, recipes_of[items[WATER]], "1")
    visit = plan(there).visit.id
    line = {"item_id": items[WATER], "amount": Decimal(1), "unit": "l", "lot_id": water.lot_id}
    complete(there, visit, 5, lines=[line])
    arrived = carriers.lots_of(session, there.branch_id, herb)[0].id
    session.rollback()

    def look(actor: Actor) -> tuple[list[UUID], dict[UUID, int], set[UUID], set[UUID], int]:
        uses = read_snapshot(lambda store: tracing.uses_of_lot(store, actor, cast.branch_id, lot))
        return (
            [step.visit_id for step in uses.steps],
            dict(uses.visits_elsewhere),
            {one.lot.id for one in uses.carried},
            {one.lot.id for one in uses.brewed},
            sum(one.quantity for one in uses.on_the_way),
        )

    # Whose visits they are not is told how many there were, and where.
    further = ({arrived}, {water.lot_id}, 1_000_000)
    assert look(cast.manager) == ([], {there.branch_id: 1}, *further)
    assert look(cast.admin) == ([visit], {}, *further)
    told = read_snapshot(lambda store: sheet.sheet_of_lot(store, cast.admin, cast.branch_id, lot))
    assert (told.steps[0].visit_id, {line.lot.id for line in told.batches}) == (visit, {water.lot_id})
    assert (told.visit_count, told.step_count) == (1, 1)
    assert {line.lot.id for line in told.lots} == {lot, arrived}
    assert [one.transfer.status.value for one in told.departures] == ["received", "dispatched"]
    assert told.standing + sum(one.quantity for one in told.on_the_way) == 10_000_000 - sum(
        line.out(MovementType.PREPARATION_OUT) for line in told.lots
    )
    for line in [*told.lots, *told.batches]:
        out = sum(map(line.out, MovementType)) + line.came
        assert line.standing == sum(line.moved.values()) == line.came - out
    back = read_snapshot(lambda store: tracing.lots_of_visit(store, cast.outsider, visit))
    assert {(one.lot.id, one.into, one.carried) for one in back} >= {
        (water.lot_id, None, False),
        (arrived, water.lot_id, False),
        (lot, arrived, True),
    }
