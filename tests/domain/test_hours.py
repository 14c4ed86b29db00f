"""What lasts for hours is right at its hour, on the same day, without anybody posting."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id, read_snapshot, write_transaction
from supply.domain.ledger import reading
from supply.domain.ledger import service as ledger
from supply.domain.purchasing.flags import flags_on, positions_of
from supply.errors import Conflict
from tests import goods
from tests.cast import Cast
from tests.shelves import add_item, differences, stock, use

# Three in the afternoon in the branch.
UNTIL = datetime(2026, 11, 22, 8, tzinfo=UTC)
DAY = date(2026, 11, 22)
BEFORE, AFTER = UNTIL - timedelta(minutes=1), UNTIL


@pytest.fixture
def water(session: Session, cast: Cast) -> UUID:
    item_id = add_item(session, "water")
    session.commit()
    return item_id


def brewed(cast: Cast, item_id: UUID, number: str, until: datetime, quantity: int) -> UUID:
    def work(session: Session) -> UUID:
        writer = ledger.lock(session, cast.storekeeper, cast.branch_id)
        facts = ledger.LotFacts(item_id, number, clock.day_of(until, writer.timezone), use_by_at=until)
        lots = ledger.obtain_lots(writer, [facts])
        came = ledger.Receipt(
            item_id, lots[0].id, cast.location_id, quantity, "test", new_id(), 1, clock.now()
        )
        ledger.receive(writer, [came], lots)
        return lots[0].id

    return write_transaction(work)


def numbers(cast: Cast, item_id: UUID, now: datetime) -> tuple[int, int, bool, int]:
    """(expired, available, flagged, available of a position) as they are read at an instant."""

    def look(session: Session) -> tuple[int, int, bool, int]:
        row = reading.get_level(session, cast.branch_id, item_id, DAY)
        assert row is not None
        flagged = item_id in {flag.item.id for flag in flags_on(session, cast.branch_id, DAY)}
        position = positions_of(session, cast.branch_id, [item_id], DAY)[item_id]
        assert bool(row.flagged) == flagged
        return int(row.expired), int(row.available), flagged, position.available

    with clock.standing_at(now):
        return read_snapshot(look)


def test_an_hour_past_its_use_is_expired_on_the_same_day(cast: Cast, water: UUID) -> None:
    with clock.standing_at(BEFORE - timedelta(hours=6)):
        first = brewed(cast, water, "B-1", UNTIL, 100)
        second = brewed(cast, water, "B-2", UNTIL + timedelta(hours=2), 50)
        goods.policy(cast, water, 60, 100)
    assert numbers(cast, water, BEFORE) == (0, 150, False, 150)
    assert numbers(cast, water, AFTER) == (100, 50, True, 50)
    with clock.standing_at(AFTER), pytest.raises(Conflict):
        use(cast, [(water, 60)])
    with clock.standing_at(AFTER):
        _source, (late,) = use(cast, [(water, 10)], happened_at=BEFORE)
        _source, (now,) = use(cast, [(water, 10)])
        _source, (named,) = use(cast, [(water, 10)], lot_id=first)
    assert [taken.lot_id for taken in late.taken] == [first]
    assert [taken.lot_id for taken in now.taken] == [second]
    assert (late.incident, now.incident, named.incident) == (None, None, "expired-lot")
    assert differences() == []


def test_the_earlier_hour_gives_first(cast: Cast, water: UUID) -> None:
    with clock.standing_at(BEFORE - timedelta(hours=6)):
        stock(cast, water, 5, number="day", expires_on=DAY)
        evening = brewed(cast, water, "B-2", UNTIL + timedelta(hours=5), 5)
        noon = brewed(cast, water, "B-1", UNTIL, 5)
        _source, (gave,) = use(cast, [(water, 12)])
    assert [taken.lot_id for taken in gave.taken[:2]] == [noon, evening]
    rows = read_snapshot(lambda session: reading.list_holdings(session, cast.branch_id, water))
    assert [row.Lot.number for row in rows] == ["day"]
