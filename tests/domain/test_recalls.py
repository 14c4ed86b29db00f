"""Recalls: one action blocks a number everywhere, late or twice, also what comes later; lifting lets go."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import recalling
from supply.database import db, read_snapshot, write_transaction
from supply.domain.ledger import shelf
from supply.domain.ledger.models import Lot, StockLevel
from supply.domain.recalls import service as recalls
from supply.domain.reports.checking import check_books
from supply.errors import Conflict, Forbidden, NotFound, SupplyError
from supply.permissions import Actor, Role
from tests import carriers, goods, shelves
from tests.brewing import Brewery, brew, open_brewery
from tests.cast import Cast


def manager_of(cast: Cast, *branch_ids: UUID) -> Actor:
    grants = frozenset((Role.MANAGER, branch_id) for branch_id in branch_ids)
    return Actor(cast.manager.person_id, "manager", grants)


def there(cast: Cast) -> Cast:
    """The other branch, where the outsider does everything."""
    people = dict.fromkeys(("storekeeper", "therapist", "manager"), cast.outsider)
    return replace(cast, branch_id=cast.other_branch_id, location_id=cast.other_location_id, **people)


def recall(cast: Cast, lot_id: UUID, actor: Actor) -> UUID:
    def work(session: Session) -> UUID:
        told = {"branch_id": cast.branch_id, "lot_id": lot_id, "reason": "The supplier's notice"}
        return recalls.open_recall(session, actor, **told).id

    return write_transaction(work)


def lift(recall_id: UUID, actor: Actor) -> None:
    write_transaction(lambda s: recalls.lift_recall(s, actor, recall_id, reason="It is clean").id)
    recalling.settle()


def blocked() -> set[tuple[UUID, str]]:
    """(branch, number) of the lots that are quarantined."""
    db.session.rollback()
    rows = db.session.execute(select(Lot.branch_id, Lot.number).where(Lot.quarantined_at.is_not(None)))
    return {(branch_id, number) for branch_id, number in rows}


def unsettled(recall_id: UUID, actor: Actor) -> set[UUID]:
    told = read_snapshot(lambda s: recalls.get_recall(s, actor, recall_id).branches)
    return {one.branch_id for one in told if one.settled_at is None}


def differences() -> list[str]:
    return read_snapshot(lambda session: [str(one) for one in check_books(session)])


@pytest.fixture
def brewery(cast: Cast) -> Brewery:
    """Perilla L1 in both branches and some of it on the way, bark B1, and a batch of both."""
    brewery, other = open_brewery(cast), there(cast)
    for place in (cast, other):
        shelves.stock(place, brewery.perilla, 5_000_000, number="L1")
        shelves.stock(place, brewery.perilla, 5_000_000, number="L2", expires_on=date(2099, 1, 1))
    shelves.stock(cast, brewery.bark, 500_000, number="B1")
    return brewery


def lot_of(cast: Cast, item_id: UUID, number: str) -> UUID:
    query = select(Lot.id).where(
        Lot.branch_id == cast.branch_id, Lot.item_id == item_id, Lot.number == number
    )
    return read_snapshot(lambda session: session.scalars(query.limit(1)).one())


def test_one_action_blocks_a_number_everywhere_and_lifting_lets_it_go(
    session: Session, cast: Cast, brewery: Brewery
) -> None:
    other, both = there(cast), manager_of(cast, cast.branch_id, cast.other_branch_id)
    first = lot_of(cast, brewery.perilla, "L1")
    parcel = carriers.send(cast, carriers.ask(cast, (brewery.perilla, "1")), (first, "1")).id
    batch = brew(cast, brewery.recipe, "1", lines=[{"item_id": brewery.perilla, **grams("30", first)}])
    number = read_snapshot(lambda s: s.get_one(Lot, batch.lot_id).number)
    opened = recall(cast, first, both)
    here = {(cast.branch_id, "L1"), (cast.branch_id, number)}
    # Somebody's process died here: the other branch has still to follow, and the next one lets it.
    assert blocked() == here
    assert unsettled(opened, both) == {cast.other_branch_id}
    assert (recalling.settle(), recalling.settle()) == (1, 0)
    everywhere = here | {(cast.other_branch_id, "L1")}
    assert blocked() == everywhere
    # What was on the way arrives blocked, and so does what comes under the number later.
    carriers.take_in(cast, parcel)
    shelves.stock(other, brewery.perilla, 7_000, number="L1", expires_on=date(2098, 1, 1))
    query = select(Lot.quarantined_at).where(Lot.number == "L1")
    assert None not in session.scalars(query).all()
    session.rollback()
    with pytest.raises(Conflict):
        shelves.use(other, [(brewery.perilla, 5_000_001)])
    with pytest.raises(Conflict, match="already"):
        recall(cast, first, both)
    # A second recall holds the batch for its bark; lifting the first leaves it.
    bark = recall(cast, lot_of(cast, brewery.bark, "B1"), cast.manager)
    assert differences() == []
    lift(opened, both)
    assert blocked() == {(cast.branch_id, "B1"), (cast.branch_id, number)}
    with pytest.raises(Conflict, match="lifted"):
        lift(opened, both)
    lift(bark, cast.manager)
    assert blocked() == set()
    shelves.use(other, [(brewery.perilla, 5_000_001)])
    assert differences() == []


def test_what_is_brewed_of_it_later_is_blocked_and_nothing_of_it_goes_alone(
    session: Session, cast: Cast, brewery: Brewery
) -> None:
    """Somebody brewed before they heard of it and writes it down now; a manager means well."""
    first = lot_of(cast, brewery.perilla, "L1")
    told = {"branch_id": cast.branch_id, "lot_id": first, "reason": "damaged"}
    write_transaction(lambda s: shelf.quarantine_lot(s, cast.storekeeper, **told).id)  # type: ignore[arg-type]
    opened = recall(cast, first, cast.manager)
    late = brew(cast, brewery.recipe, "1", lines=[{"item_id": brewery.perilla, **grams("30", first)}])
    other = brew(cast, brewery.recipe, "1")
    number = read_snapshot(lambda s: s.get_one(Lot, late.lot_id).number)
    assert blocked() == {(cast.branch_id, "L1"), (cast.branch_id, number)}
    assert usable(cast, brewery.water) == other.quantity
    for lot_id in (first, late.lot_id):
        with pytest.raises(Conflict) as refusal:
            release(cast, lot_id)
        assert (refusal.value.code, refusal.value.details) == ("recalled", {"recall_id": str(opened)})
    lift(opened, cast.manager)
    # What was damaged is damaged still.
    assert blocked() == {(cast.branch_id, "L1")}
    release(cast, first)
    assert blocked() == set()
    assert differences() == []


def release(cast: Cast, lot_id: UUID) -> None:
    told = {"branch_id": cast.branch_id, "lot_id": lot_id, "reason": "It looks good"}
    write_transaction(lambda s: recalls.release_lot(s, cast.manager, **told).id)  # type: ignore[arg-type]


def usable(cast: Cast, item_id: UUID) -> int:
    level = read_snapshot(lambda s: s.get_one(StockLevel, (cast.branch_id, item_id)))
    return level.on_hand - level.quarantined


def grams(amount: str, lot_id: UUID) -> dict[str, Any]:
    return {"amount": Decimal(amount), "unit": "g", "lot_id": lot_id}


def test_only_managers_recall_and_only_where_they_manage(
    session: Session, cast: Cast, brewery: Brewery
) -> None:
    first = lot_of(cast, brewery.perilla, "L1")
    ladder: list[tuple[Actor, type[SupplyError]]] = [
        (cast.storekeeper, Forbidden),
        (cast.therapist, Forbidden),
        (cast.admin, Forbidden),
        (cast.outsider, NotFound),
    ]
    for actor, refusal in ladder:
        with pytest.raises(refusal):
            recall(cast, first, actor)
    assert blocked() == set()
    opened = recall(cast, first, cast.manager)
    assert recalling.settle() == 0
    assert blocked() == {(cast.branch_id, "L1")}
    with pytest.raises(NotFound):
        read_snapshot(lambda s: recalls.get_recall(s, cast.outsider, opened))
    both = manager_of(cast, cast.branch_id, cast.other_branch_id)
    wide = recall(there(cast), lot_of(there(cast), brewery.perilla, "L1"), both)
    for actor, which, refusal in (
        (cast.storekeeper, opened, Forbidden),
        (cast.outsider, opened, NotFound),
        (cast.manager, wide, Forbidden),
    ):
        with pytest.raises(refusal):
            lift(which, actor)
    recalling.settle()
    # Lifted here by one recall, the lot is still held by the other.
    lift(opened, cast.manager)
    assert blocked() == {(cast.branch_id, "L1"), (cast.other_branch_id, "L1")}
    listed = read_snapshot(lambda s: recalls.list_recalls(s, cast.therapist, cast.branch_id))
    assert [one.id for one in listed] == [wide, opened]


def test_a_recall_names_the_suppliers_lots_and_those_of_nobody_knows_whom(
    session: Session, cast: Cast
) -> None:
    wares = goods.stock_up(cast)
    ginger = goods.line(wares.ginger, "1", "kg", "LÔ-Đ1")
    goods.deliver(cast, wares.farm, ginger)
    goods.deliver(cast, wares.oil_house, ginger)
    shelves.stock(cast, wares.ginger, 1_000_000, number="LÔ-Đ1")
    lots = {lot.supplier_id: lot.id for lot in session.scalars(select(Lot))}
    shelves.stock(cast, wares.ginger, 1_000_000, number="lô-đ1")
    session.rollback()

    def suppliers_blocked() -> set[UUID | None]:
        db.session.rollback()
        query = select(Lot.supplier_id).where(Lot.quarantined_at.is_not(None))
        return set(db.session.scalars(query))

    opened = recall(cast, lots[wares.farm], cast.manager)
    assert suppliers_blocked() == {wares.farm, None}
    lift(opened, cast.manager)
    recall(cast, lots[None], cast.manager)
    assert suppliers_blocked() == {wares.farm, wares.oil_house, None}
    # Somebody typed it in small letters, before and later.
    assert (cast.branch_id, "lô-đ1") in blocked()
    goods.deliver(cast, wares.farm, goods.line(wares.ginger, "1", "kg", "lô-đ1", date(2096, 1, 1)))
    small = select(Lot.quarantine_reason).where(Lot.number == "lô-đ1")
    assert set(read_snapshot(lambda s: s.scalars(small).all())) == {"recall"}
    # A delivery of the number in other packs, later, by whomever.
    goods.deliver(cast, wares.oil_house, goods.line(wares.ginger, "1", "kg", "LÔ-Đ1", date(2097, 1, 1)))
    late = select(Lot.quarantine_reason).where(Lot.expires_on == date(2097, 1, 1))
    assert read_snapshot(lambda s: s.scalars(late).all()) == ["recall"]
    assert differences() == []
