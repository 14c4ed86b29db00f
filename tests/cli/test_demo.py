"""The demo spa: the same seed tells the same story, and its books agree."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from supply.cli.demo_command import tell
from supply.database import read_snapshot
from supply.domain.ledger.models import StockLevel
from supply.domain.receiving.models import Delivery
from supply.domain.reports.checking import check_books
from supply.domain.transfers.models import Transfer
from supply.domain.visits.models import Completion, Visit


def numbers(session: Session) -> list[int]:
    counts = [
        session.scalar(select(func.count()).select_from(kind)) or 0 for kind in (Visit, Completion, Delivery)
    ]
    return [*counts, session.scalar(select(func.sum(StockLevel.on_hand))) or 0]


@pytest.mark.usefixtures("session")
def test_ten_days_of_the_demo_spa(app: Flask) -> None:
    tell(seed=1, days=10)
    visits, completions, deliveries, on_hand = read_snapshot(numbers)
    assert visits > 100
    assert completions > 300
    assert deliveries > 5
    assert on_hand > 0
    assert read_snapshot(lambda session: [str(difference) for difference in check_books(session)]) == []
    assert read_snapshot(lambda session: session.scalar(select(func.count()).select_from(Transfer))) == 5
    runner = app.test_cli_runner()
    assert "lan" in runner.invoke(args=["supply", "sign-ins"]).output
    assert runner.invoke(args=["supply", "demo", "--if-empty"]).exit_code == 0
    assert runner.invoke(args=["supply", "demo"]).exit_code == 1
