"""Any mix of deliveries, uses, brewing, counts, waste and undoing keeps every sum (drawn by hypothesis)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
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
from supply.domain.waste import service as waste
from supply.domain.waste.models import WasteReason
from supply.errors import Conflict
from tests import brewing, shelves
from tests.brewing import Brewery
from tests.cast import Cast

ACTS = st.lists(
    st.tuples(
        st.sampled_from(("receive", "use", "waste", "count", "brew", "pour", "undo")),
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


def act(cast: Cast, brewery: Brewery, kind: str, grams: int, lot: int, undos: list[Undo]) -> None:
    item_id = brewery.perilla
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
    for kind, grams, lot in acts:
        # Refusals (used already, not enough there) are part of a history; they change nothing.
        with suppress(Conflict):
            act(cast, brewery, kind, grams, lot, undos)
    for item_id in (brewery.perilla, brewery.bark, brewery.water):
        standing = sum(quantity for _lot, _location, quantity in holdings(cast, item_id))
        assert standing == shelves.on_hand(cast, item_id)
    assert shelves.differences() == []


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
