"""Telling the receiving branch's books what is on the way, in a transaction of their own, after the one that
sent it. Shared by pages, API and commands. Refuses to decide what is noted; that is the domain's.
"""

from __future__ import annotations

from functools import partial

import structlog
from flask import Response, after_this_request

from supply.database import read_snapshot, write_transaction
from supply.domain.transfers import noting

log = structlog.get_logger("supply")


def announce_soon() -> None:
    """When this request's own transaction is through, let every branch's books follow that has still to.

    The answer waits for it and does not depend on it: what fails here is made up for by the next one.
    """

    @after_this_request
    def _follow(response: Response) -> Response:
        if response.status_code < 400:
            try:
                announce()
            except Exception as error:  # what was sent is sent, whoever cannot be told just now
                log.error("announce", exc_info=error)
        return response


def announce() -> int:
    """Note everywhere what is on the way, branch by branch; how many transfers that took."""
    waiting = read_snapshot(noting.branches_to_note)
    return sum(write_transaction(partial(noting.note_incoming, branch_id=one)) for one in waiting)
