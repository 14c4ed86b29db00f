"""Any mix of deliveries, uses, brewing, counts, waste, transfers and undoing keeps every sum (hypothesis)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from supply.database import read_snapshot, write_transaction
from supply.domain.ledger import reading
from supply.domain.stocktake import counting
from supply.domain.transfers.models import BrokenReason, MissingReason, Transfer
from supply.domain.waste import service as waste
from supply.domain.waste.models import WasteReason
from supply.errors import Conflict
from tests import brewing, carriers, shelves
from tests.brewing import Brewery
from tests.cast import Cast

ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ("receive", "use", "waste", "count", "brew", "pour", "undo", "send", "arrive", "recall", "return")
        ),
        st.integers(min_value=1, max_value=400),
        st.integers(min_value=0, max_value=3),
    ),
    min_size=1,
    max_size=12,
)
Undo = Callable[[], Any]


def holdings(cast: Cast, item_id: UUID) -> list[Any]:
    return read_snapshot(
        lambda session: [
            (row.Lot.id, row.Location.id, row.Holding.quantity)
            for row in reading.list_holdings(session, cast.branch_id, item_id)
        ]
    )


def throw_away(cast: Cast, lot_id: UUID, grams: int) -> Undo:
    def work(session: Session) -> UUID:
        told = {"amount": Decimal(grams), "unit": "g", "reason": WasteReason.OTHER}
        return waste.log_waste(session, cast.storekeeper, branch_id=cast.branch_id, lot_id=lot_id, **told).id

    entry = write_transaction(work)
    return lambda: write_transaction(lambda session: waste.reverse_waste(session, cast.manager, entry))


def count(cast: Cast, item_id: UUID, grams: int) -> None:
    lines = [
        {"lot_id": lot_id, "location_id": location_id, "amount": Decimal(grams), "unit": "g"}
        for lot_id, location_id, _quantity in holdings(cast, item_id)
    ]
    told = {"branch_id": cast.branch_id, "item_id": item_id, "lines": lines}
    write_transaction(lambda session: counting.log_count(session, cast.storekeeper, **told))


def boil(cast: Cast, brewery: Brewery, batches: int) -> Undo:
    batch = brewing.brew(cast, brewery.recipe, str(batches), consent_to_shortage=True)
    return lambda: brewing.cancel(cast, batch.id)


@dataclass
class Roads:
    """What is on the way to the other branch, and what has arrived there."""

    under_way: list[UUID] = field(default_factory=list)
    arrived: list[UUID] = field(default_factory=list)


def carry(cast: Cast, item_id: UUID, kind: str, grams: int, lot: int, roads: Roads) -> None:
    """A leg of a transfer; the second leg of a dispatch is left out now and then, as by a crash."""
    if kind == "send":
        asked = carriers.ask(cast, (item_id, f"0.{grams:03}"))
        carriers.send(cast, asked, note=lot > 0)
        roads.under_way.append(asked)
    elif kind == "return" and roads.arrived:
        back = roads.arrived[lot % len(roads.arrived)]
        carriers.take_back(cast, back)
        roads.arrived.remove(back)
        roads.under_way.append(back)
    elif kind in ("arrive", "recall") and roads.under_way:
        leaving = roads.under_way.pop(lot % len(roads.under_way))
        if kind == "recall":
            carriers.recall(cast, leaving, never_left=grams % 2 == 0)
        else:
            arrive(cast, leaving, grams, lot)
            roads.arrived.append(leaving)


def arrive(cast: Cast, transfer_id: UUID, grams: int, lot: int) -> None:
    """Whole, or its first parcel in part: the rest broken, missing, or both."""
    first = read_snapshot(lambda session: session.get_one(Transfer, transfer_id).parcels[0])
    good, broken = first.quantity // (1 + lot), first.quantity // (1 + lot) * lot // 3
    line = {
        "position": first.position,
        "amount": Decimal(good) / 1_000_000,
        "broken": Decimal(broken) / 1_000_000,
        "unit": "kg",
        "broken_reason": BrokenReason.SPILLED,
        "missing_reason": MissingReason.LOST,
    }
    carriers.take_in(cast, transfer_id, [line] if grams % 3 else [])


def act(
    cast: Cast, brewery: Brewery, kind: str, grams: int, lot: int, undos: list[Undo], roads: Roads
) -> None:
    item_id = brewery.perilla
    carry(cast, item_id, kind, grams, lot, roads)
    if kind == "receive":
        made, _lot = shelves.stock(
            cast, item_id, grams * 1_000, number=f"L{lot}", expires_on=date(2030 + lot, 1, 1)
        )
        undos.append(lambda: shelves.undo(cast, "delivery", made))
    elif kind == "use":
        used, _deducted = shelves.use(cast, [(item_id, grams * 1_000)], consent=True)
        undos.append(lambda: shelves.undo(cast, "completion", used))
    elif kind == "count":
        count(cast, item_id, grams)
    elif kind == "brew":
        undos.append(boil(cast, brewery, lot + 1))
    elif kind == "pour":
        used, _deducted = shelves.use(cast, [(brewery.water, grams * 10_000)])
        undos.append(lambda: shelves.undo(cast, "completion", used))
    elif kind == "undo" and undos:
        undos.pop(lot % len(undos))()
    elif kind == "waste" and (standing := holdings(cast, item_id)):
        undos.append(throw_away(cast, standing[lot % len(standing)][0], grams))


def tell(cast: Cast, brewery: Brewery, acts: list[tuple[str, int, int]]) -> None:
    undos: list[Undo] = []
    roads = Roads()
    for kind, grams, lot in acts:
        # Refusals (used already, not enough there) are part of a history; they change nothing.
        with suppress(Conflict):
            act(cast, brewery, kind, grams, lot, undos, roads)
    for item_id in (brewery.perilla, brewery.bark, brewery.water):
        standing = sum(quantity for _lot, _location, quantity in holdings(cast, item_id))
        assert standing == shelves.on_hand(cast, item_id)
    assert carriers.disagreements() == []


@pytest.fixture
def brewery(session: Session, cast: Cast) -> Brewery:
    """A herb that comes, is used, brewed and thrown away; a bark that is only brewed."""
    brewery = brewing.open_brewery(cast)
    shelves.stock(cast, brewery.bark, 60_000)
    return brewery


_SHARED = [HealthCheck.function_scoped_fixture]


@settings(max_examples=12, deadline=None, suppress_health_check=_SHARED, derandomize=True, database=None)
@given(acts=ACTS)
def test_a_history_keeps_every_sum(cast: Cast, brewery: Brewery, acts: list[tuple[str, int, int]]) -> None:
    tell(cast, brewery, acts)


@pytest.mark.long
@settings(max_examples=1_000, deadline=None, suppress_health_check=_SHARED, database=None)
@given(acts=ACTS)
def test_many_histories_keep_every_sum(
    cast: Cast, brewery: Brewery, acts: list[tuple[str, int, int]]
) -> None:
    tell(cast, brewery, acts)
