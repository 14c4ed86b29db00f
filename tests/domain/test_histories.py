"""Any mix of all that happens to stock, undone in any order, keeps every sum (hypothesis)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.database import read_snapshot
from supply.domain.ledger.models import Movement, MovementType
from supply.errors import Conflict
from tests import carriers, shelves
from tests.cast import Cast
from tests.histories import VERBS, Spa, open_spa

Act = tuple[str, int, int]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(VERBS), st.integers(min_value=1, max_value=400), st.integers(min_value=0, max_value=3)
    ),
    min_size=1,
    max_size=14,
)
# Every verb, each where there is something for it to do.
OF_EACH_KIND: list[Act] = [
    *(("receive", 400, pick) for pick in range(4)),
    *(("step", 1, 1), ("use", 30, 1), ("brew", 1, 0), ("pour", 2, 0), ("open_bottle", 25, 0)),
    *(("begin_stocktake", 1, 0), ("tally", 40, 0), ("move", 7, 1), ("tally", 300, 1), ("throw_away", 9, 2)),
    *(("adjust", 5, 3), ("send", 90, 1), ("post_stocktake", 1, 0), ("arrive", 1, 1), ("quarantine", 1, 2)),
    *(("recall", 1, 3), ("use", 20, 0), ("send", 50, 0), ("call_back", 1, 0), ("take_back", 1, 0)),
    *(("count", 120, 0), ("lift", 1, 0), ("release", 1, 0), ("finish_bottle", 1, 0)),
    *[("undo", 1, 1)] * 3,
]


def tell(spa: Spa, acts: Sequence[Act]) -> list[str]:
    """The acts that were refused: used already, not enough there. That is part of a history."""
    refused = []
    for kind, grams, pick in acts:
        try:
            getattr(spa, kind)(grams, pick)
        except Conflict as refusal:
            refused.append(f"{kind}: {refusal.code}")
    with suppress(Conflict):
        spa.rest()
    for item_id in (spa.item_id, spa.brewery.bark, spa.brewery.water):
        standing = sum(quantity for *_place, quantity in spa.standing(item_id))
        assert standing == shelves.on_hand(spa.cast, item_id)
    assert carriers.disagreements() == []
    return refused


def anew(spa: Spa) -> Spa:
    """The same shelves, with nothing to undo yet."""
    return Spa(spa.cast, spa.brewery, spa.cellar)


@pytest.fixture
def spa(session: Session, cast: Cast) -> Spa:
    return open_spa(cast)


def test_a_history_has_every_kind_of_movement(spa: Spa) -> None:
    assert tell(spa, OF_EACH_KIND) == []
    assert {verb for verb, *_rest in OF_EACH_KIND} == set(VERBS)
    kinds = read_snapshot(lambda session: set(session.scalars(select(Movement.type).distinct())))
    assert kinds == set(MovementType)


_SHARED = [HealthCheck.function_scoped_fixture]


@settings(max_examples=10, deadline=None, suppress_health_check=_SHARED, derandomize=True, database=None)
@given(acts=ACTS)
def test_a_history_keeps_every_sum(spa: Spa, acts: list[Act]) -> None:
    tell(anew(spa), acts)


@pytest.mark.long
@settings(max_examples=1_000, deadline=None, suppress_health_check=_SHARED, database=None)
@given(acts=ACTS)
def test_many_histories_keep_every_sum(spa: Spa, acts: list[Act]) -> None:
    tell(anew(spa), acts)
