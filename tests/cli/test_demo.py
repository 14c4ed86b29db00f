"""The demo spa: the same seed tells the same story, and its books agree."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from supply.cli.demo_command import tell
from supply.database import db, read_snapshot, write_transaction
from supply.domain.branches.models import Branch
from supply.domain.ledger.models import StockLevel
from supply.domain.people import service as people
from supply.domain.people.models import Person
from supply.domain.planning.listing import list_to_order
from supply.domain.receiving.models import Delivery
from supply.domain.reports.checking import check_books
from supply.domain.transfers.models import Transfer
from supply.domain.visits.models import Completion, Visit
from supply.permissions import Actor


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
    assert read_snapshot(_asks_now)
    runner = app.test_cli_runner()
    assert "lan" in runner.invoke(args=["supply", "sign-ins"]).output
    assert runner.invoke(args=["supply", "demo", "--if-empty"]).exit_code == 0
    assert runner.invoke(args=["supply", "demo"]).exit_code == 1
    _is_cleared(runner)


def _asks_now(session: Session) -> list[str]:
    """What the storekeeper of the tour can tick and ask for."""
    lan = session.scalars(select(Person).where(Person.login == "lan")).one()
    actor = Actor(lan.id, lan.name, frozenset((grant.role, grant.branch_id) for grant in lan.grants))
    (branch_id,) = [grant.branch_id for grant in lan.grants if grant.branch_id]
    listed = list_to_order(session, actor, branch_id, limit=50)
    return [one.item.code for one in listed if one.asks_now]


def _is_cleared(runner: FlaskCliRunner) -> None:
    """Everything told is gone, and the admin begins anew; what is no demo is kept."""
    seen = read_snapshot(numbers)
    own = write_transaction(_add_branch)
    refused = runner.invoke(args=["supply", "demo", "--clear", "--password", "our own words"])
    assert (refused.exit_code, read_snapshot(numbers)) == (1, seen)
    assert "no longer one" in refused.output
    write_transaction(lambda session: session.execute(delete(Branch).where(Branch.id == own)))
    weak = runner.invoke(args=["supply", "demo", "--clear", "--password", "short"])
    assert (weak.exit_code, read_snapshot(numbers)) == (1, seen)
    done = runner.invoke(args=["supply", "demo", "--clear", "--password", "our own words"])
    assert done.exit_code == 0
    left = {
        table.name: count
        for table in db.metadata.sorted_tables
        if (count := read_snapshot(lambda s, t=table: s.scalar(select(func.count()).select_from(t))))
    }
    assert left == {"person": 1, "role_grant": 1, "audit_entry": 1}
    assert write_transaction(lambda session: people.prove(session, login="admin", password="our own words"))
    assert runner.invoke(args=["supply", "demo", "--clear", "--password", "our own words"]).exit_code == 1


def _add_branch(session: Session) -> UUID:
    branch = Branch(code="OURS", name="Ours")
    session.add(branch)
    session.flush()
    return branch.id
