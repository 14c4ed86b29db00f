"""The pure rules of the ledger: which lots give, and what a movement's hash covers."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256

import pytest

from supply.domain.ledger import chain
from supply.domain.ledger.allocate import EXPIRED, QUARANTINED, At, Named, Place, incident, take

ITEM = uuid.UUID(int=1)
SHELF = uuid.UUID(int=2)
TODAY = date(2026, 11, 22)


def hour(number: int) -> datetime:
    """An hour of the day, by the branch's clock seven hours ahead of UTC."""
    return datetime(2026, 11, 22, number, tzinfo=timezone(timedelta(hours=7)))


NOON = At(hour(12), TODAY)


def place(
    number: int,
    quantity: int = 10,
    expires: date | None = None,
    opened: bool = False,
    quarantined: bool = False,
    until: int | None = None,
) -> Place:
    container = uuid.UUID(int=900 + number) if opened else None
    return Place(
        uuid.UUID(int=100 + number),
        ITEM,
        uuid.UUID(int=200 + number),
        SHELF,
        container,
        expires,
        quarantined,
        quantity,
        None if until is None else hour(until),
    )


SOON, LATER, GONE = date(2026, 11, 25), date(2027, 1, 1), date(2026, 11, 21)
CASES = [
    ("first expired first", [place(1, expires=LATER), place(2, expires=SOON)], 12, [(2, 10), (1, 2)], 0),
    ("opened before closed", [place(1, expires=SOON), place(2, expires=LATER, opened=True)], 5, [(2, 5)], 0),
    ("without expiry comes last", [place(1), place(2, expires=LATER)], 11, [(2, 10), (1, 1)], 0),
    ("older lot breaks the tie", [place(2, expires=SOON), place(1, expires=SOON)], 3, [(1, 3)], 0),
    ("expired is never chosen", [place(1, expires=GONE), place(2, expires=SOON)], 12, [(2, 10)], 2),
    ("last day still counts", [place(1, expires=TODAY)], 4, [(1, 4)], 0),
    ("past its hour is expired", [place(1, expires=TODAY, until=11), place(2)], 12, [(2, 10)], 2),
    ("at its hour it is expired", [place(1, expires=TODAY, until=12)], 1, [], 1),
    (
        "earlier hour first",
        [place(1, expires=TODAY, until=14), place(2, expires=TODAY, until=13)],
        11,
        [(2, 10), (1, 1)],
        0,
    ),
    (
        "an hour is earlier than its day",
        [place(1, expires=TODAY), place(2, expires=TODAY, until=20)],
        1,
        [(2, 1)],
        0,
    ),
    ("quarantined is never chosen", [place(1, expires=SOON, quarantined=True)], 4, [], 4),
    ("nothing there", [], 7, [], 7),
    ("empty places are passed over", [place(1, quantity=0), place(2)], 1, [(2, 1)], 0),
    ("exactly all", [place(1), place(2)], 20, [(1, 10), (2, 10)], 0),
]


@pytest.mark.parametrize(
    ("places", "quantity", "taken", "short"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_take(places: list[Place], quantity: int, taken: list[tuple[int, int]], short: int) -> None:
    got, rest = take(places, quantity, NOON, Named())
    assert [(chosen.lot_id.int - 200, amount) for chosen, amount in got] == taken
    assert rest == short


def test_a_named_lot_is_taken_even_where_a_rule_forbids_it_and_the_rule_is_said() -> None:
    expired, good = place(1, expires=GONE), place(2, expires=SOON)
    got, rest = take([expired, good], 4, NOON, Named(lot_id=expired.lot_id))
    assert [chosen for chosen, _amount in got] == [expired]
    assert rest == 0
    assert incident([expired], NOON) == EXPIRED
    assert incident([place(3, quarantined=True)], NOON) == QUARANTINED
    assert incident([good], NOON) is None


def test_a_late_entry_is_judged_by_its_own_day() -> None:
    lot = place(1, expires=GONE)
    got, rest = take([lot], 4, At(hour(12) - timedelta(days=1), GONE), Named())
    assert (len(got), rest) == (1, 0)


def test_a_named_lot_gives_no_more_than_it_has() -> None:
    named, other = place(1), place(2)
    got, rest = take([named, other], 14, NOON, Named(lot_id=named.lot_id))
    assert [(chosen.lot_id, amount) for chosen, amount in got] == [(named.lot_id, 10)]
    assert rest == 4
    assert other.quantity == 10


MOVEMENT = {
    "hash_version": 1,
    "branch_id": uuid.UUID(int=7),
    "seq": 42,
    "type": "usage",
    "item_id": ITEM,
    "lot_id": uuid.UUID(int=3),
    "location_id": SHELF,
    "container_id": None,
    "quantity": -2500,
    "happened_at": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    "recorded_at": datetime(2026, 11, 22, 9, 30, 1, 250000, tzinfo=UTC),
    "person_id": uuid.UUID(int=9),
    "reason": None,
    "source_type": "completion",
    "source_id": uuid.UUID(int=11),
    "source_line": 1,
    "reverses_seq": None,
}


def test_the_byte_form_is_the_documented_one() -> None:
    zero = "00000000-0000-0000-0000-0000000000"
    assert chain.byte_form(MOVEMENT).decode() == (
        f"1|{zero}07|42|usage|{zero}01|{zero}03|{zero}02||-2500|2026-11-22T09:30:00.000000Z|"
        f"2026-11-22T09:30:01.250000Z|{zero}09||completion|{zero}0b|1|"
    )
    assert chain.next_hash(chain.GENESIS, MOVEMENT) == sha256(bytes(32) + chain.byte_form(MOVEMENT)).digest()


@pytest.mark.parametrize("name", chain.FIELDS)
def test_every_field_is_covered_by_the_hash(name: str) -> None:
    changed = {**MOVEMENT, name: "x"}
    assert chain.next_hash(chain.GENESIS, changed) != chain.next_hash(chain.GENESIS, MOVEMENT)


def test_the_hash_depends_on_the_one_before() -> None:
    assert chain.next_hash(chain.GENESIS, MOVEMENT) != chain.next_hash(bytes([1]) * 32, MOVEMENT)
