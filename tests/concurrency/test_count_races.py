"""A count amid real concurrent work ends at count plus later net; of two hands on one line one is asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from functools import partial
from random import Random
from threading import Barrier
from uuid import UUID

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import read_snapshot, write_transaction
from supply.domain.stocktake import opening, posting, reviewing, tallying
from supply.domain.stocktake.differing import add_up, weigh
from supply.domain.stocktake.models import DifferenceReason, Stocktake, StocktakeKind, StocktakeLine
from supply.domain.stocktake.tallying import Holds, Rest
from supply.errors import Conflict, Stale
from supply.permissions import Actor
from tests import shelves
from tests.cast import Cast
from tests.domain.test_count_amid_work import faults

HANDS, TURNS, GRAM = 6, 8, 1_000


def begin(cast: Cast, item_id: UUID) -> UUID:
    told = {"branch_id": cast.branch_id, "kind": StocktakeKind.CYCLE, "item_ids": [item_id]}
    return write_transaction(lambda s: opening.open_stocktake(s, cast.storekeeper, **told).id)  # type: ignore[arg-type]


def lines_of(stocktake_id: UUID) -> list[tuple[UUID, int]]:
    """(line, version) in the order of the list."""
    query = select(StocktakeLine.id, StocktakeLine.version).where(StocktakeLine.stocktake_id == stocktake_id)
    rows = read_snapshot(lambda s: s.execute(query.order_by(StocktakeLine.position)).all())
    return [(line_id, version) for line_id, version in rows]


def tally(stocktake_id: UUID, line_id: UUID, version: int, grams: int, *, actor: Actor) -> None:
    told = {"amount": Decimal(grams), "unit": "g", "holds": Holds.THIS}
    write_transaction(
        lambda s: tallying.count_line(s, actor, stocktake_id, line_id, version=version, **told).id  # type: ignore[arg-type]
    )


def post(session: Session, stocktake_id: UUID, cast: Cast) -> None:
    """All at once, since between looking and posting the others work on."""
    manager = cast.manager
    stocktake = session.get_one(Stocktake, stocktake_id)
    reviewing.close_count(session, manager, stocktake_id, version=stocktake.version)
    digest = add_up(weigh(session, stocktake)).digest
    rest = DifferenceReason.UNKNOWN
    reviewing.give_reasons(session, manager, stocktake_id, version=stocktake.version, rest=rest)
    posting.hand_in(session, manager, stocktake_id, version=stocktake.version, digest=digest)


def test_a_count_amid_real_work_ends_at_count_plus_later_net(
    app: Flask, session: Session, cast: Cast
) -> None:
    item_id = shelves.add_item(session, "ginger")
    session.commit()
    lots = [shelves.stock(cast, item_id, 900 * GRAM, number=f"L{one}")[1] for one in range(3)]
    stocktake_id = begin(cast, item_id)
    together = Barrier(HANDS)

    def hand(number: int) -> None:
        chance, made = Random(number), []
        with app.app_context():
            together.wait()
            for turn in range(TURNS):
                lot = lots[chance.randrange(len(lots))]
                late = timedelta(milliseconds=chance.choice((0, 0, 20, 200, 60_000)))
                about = {"happened_at": clock.now() - late, "lot_id": lot}
                if number == 0:
                    count(turn, chance)
                elif turn % 3 == 2 and made:
                    shelves.undo(cast, "completion", made.pop())
                else:
                    made.append(shelves.use(cast, [(item_id, chance.randint(1, 9) * GRAM)], **about)[0])  # type: ignore[arg-type]

    def count(turn: int, chance: Random) -> None:
        """Each line in its turn, and in the end it is posted while the others work on."""
        lines = lines_of(stocktake_id)
        if turn < TURNS - 1:
            tally(stocktake_id, *lines[turn % len(lines)], chance.randint(700, 950), actor=cast.storekeeper)
            return
        write_transaction(lambda s: tallying.settle_rest(s, cast.storekeeper, stocktake_id, rest=Rest.SKIP))
        write_transaction(partial(post, stocktake_id=stocktake_id, cast=cast))

    with ThreadPoolExecutor(HANDS) as pool:
        list(pool.map(hand, range(HANDS)))
    session.expire_all()
    assert read_snapshot(lambda s: s.get_one(Stocktake, stocktake_id).posted_at) is not None
    # What is told late after it was posted, and what is undone of before, changes nothing that was found.
    shelves.use(cast, [(item_id, GRAM)], happened_at=clock.now() - timedelta(hours=1), lot_id=lots[0])
    assert read_snapshot(lambda s: faults(s, stocktake_id)) == []
    assert shelves.differences() == []


def test_of_hands_that_save_one_line_at_once_all_but_one_are_asked(
    app: Flask, session: Session, cast: Cast
) -> None:
    item_id = shelves.add_item(session, "ginger")
    session.commit()
    shelves.stock(cast, item_id, 900 * GRAM)
    stocktake_id = begin(cast, item_id)
    ((line_id, version),) = lines_of(stocktake_id)
    people, together = (cast.storekeeper, cast.second_manager), Barrier(HANDS)

    def save(number: int) -> str:
        with app.app_context():
            together.wait()
            try:
                tally(stocktake_id, line_id, version, 800 + number, actor=people[number % 2])
            except Stale as refusal:
                return str(refusal.details["counted"]["amount"])
            return ""

    with ThreadPoolExecutor(HANDS) as pool:
        told = list(pool.map(save, range(HANDS)))
    held = read_snapshot(lambda s: s.get_one(StocktakeLine, line_id).counted)
    # Who came second was told what the first one found.
    assert sorted(told) == ["", *[str((held or 0) // GRAM)] * (HANDS - 1)]

    def end(number: int) -> str:
        with app.app_context():
            together.wait()
            try:
                write_transaction(partial(post, stocktake_id=stocktake_id, cast=cast))
            except Conflict as refusal:
                return refusal.code
            return f"posted by {number}"

    with ThreadPoolExecutor(HANDS) as pool:
        told = list(pool.map(end, range(HANDS)))
    assert told.count("already_posted") == HANDS - 1
    assert shelves.on_hand(cast, item_id) == held
    assert shelves.differences() == []
