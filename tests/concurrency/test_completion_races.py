"""Taps at the same time: one live completion, the supplies deducted once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy.orm import Session

from supply.errors import Conflict
from tests.cast import Cast
from tests.treatments import MUCH, complete, differences, level, look, open_spa, plan

TAPS = 6


def test_six_taps_at_once_are_one_completion(app: Flask, session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    # Read before the threads begin: a row belongs to the session of this thread.
    visit_id = plan(cast).visit.id

    def tap(_number: int) -> str:
        with app.app_context():
            try:
                complete(cast, visit_id, 4)
            except Conflict as refusal:
                return refusal.code
            return "done"

    with ThreadPoolExecutor(TAPS) as pool:
        answers = sorted(pool.map(tap, range(TAPS)))
    assert answers == ["already_completed"] * (TAPS - 1) + ["done"]
    assert level(cast, items["ginger"]) == (MUCH - 100_000, 0)
    assert len(look(cast, visit_id).step(4).history) == 1
    assert differences() == []


def test_all_steps_at_once_finish_the_visit(app: Flask, session: Session, cast: Cast) -> None:
    open_spa(cast)
    # Read before the threads begin: a row belongs to the session of this thread.
    visit_id = plan(cast).visit.id

    def tap(position: int) -> None:
        with app.app_context():
            complete(cast, visit_id, position)

    with ThreadPoolExecutor(TAPS) as pool:
        list(pool.map(tap, range(1, 7)))
    seen = look(cast, visit_id)
    assert (seen.visit.status.value, seen.version) == ("finished", 7)
    assert differences() == []
