"""Carrying through a plan that somebody asked for, after the answer to who asked. Shared by pages and API.

Each supplier is a transaction of its own. Refuses to decide what is planned; that is the domain's.
"""

from __future__ import annotations

from uuid import UUID

from supply.afterwards import once_answered
from supply.database import read_snapshot, write_transaction
from supply.domain.planning import running
from supply.domain.planning.noticing import Notice
from supply.domain.planning.running import Begun


def plan_soon(begun: Begun) -> None:
    """Once this request has been answered, carry a new run through; the answer does not wait for it."""
    run_id = begun.run.id
    if begun.new:
        once_answered(lambda: carry_through(run_id), run=str(run_id))


def carry_through(run_id: UUID) -> None:
    """Plan every supplier's items of the run's branch, then end it."""
    rounds = read_snapshot(lambda session: running.rounds_of(session, run_id))
    if rounds is None:
        # The transaction that began it was repeated, under another id.
        return
    found: list[Notice] = []
    for items in rounds:
        found += write_transaction(lambda session, some=items: running.plan_round(session, run_id, some))  # type: ignore[misc]
    everything = [item_id for items in rounds for item_id in items]
    write_transaction(lambda session: running.end_run(session, run_id, everything, found))
