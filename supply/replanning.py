"""Carrying through a plan that somebody asked for, after the answer to who asked. Shared by pages and API.

Each supplier is a transaction of its own. Refuses to decide what is planned; that is the domain's.
"""

from __future__ import annotations

from threading import Thread
from uuid import UUID

import structlog
from flask import Flask, Response, after_this_request, current_app

from supply.database import read_snapshot, write_transaction
from supply.domain.planning import running
from supply.domain.planning.noticing import Notice
from supply.domain.planning.running import Begun

log = structlog.get_logger("supply")


def plan_soon(begun: Begun) -> None:
    """Once this request has been answered, carry a new run through; the answer does not wait for it."""
    if not begun.new:
        return
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    run_id = begun.run.id

    @after_this_request
    def _begin(response: Response) -> Response:
        if response.status_code < 400:
            response.call_on_close(Thread(target=_plan_in, args=(app, run_id), daemon=True).start)
        return response


def _plan_in(app: Flask, run_id: UUID) -> None:
    with app.app_context():
        try:
            carry_through(run_id)
        except Exception as error:  # a thread has nobody above it to tell
            log.error("plan", run=str(run_id), exc_info=error)


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
