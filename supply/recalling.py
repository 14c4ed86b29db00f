"""Letting every branch's lots follow a recall, each in a transaction of its own, after the one that opened
it. Shared by pages, API and commands. Refuses to decide what is recalled; that is the domain's.
"""

from __future__ import annotations

from functools import partial

import structlog
from flask import Response, after_this_request

from supply.database import read_snapshot, write_transaction
from supply.domain.recalls import service as recalls

log = structlog.get_logger("supply")


def settle_soon() -> None:
    """When this request's own transaction is through, block or let go in every branch that has still to.

    The answer waits for it and does not depend on it: what fails here is made up for by `supply send`.
    """

    @after_this_request
    def _follow(response: Response) -> Response:
        if response.status_code < 400:
            try:
                settle()
            except Exception as error:  # it is recalled, whichever branch cannot follow just now
                log.error("recall", exc_info=error)
        return response


def settle() -> int:
    """Follow everywhere, branch by branch; how many recalls that took."""
    waiting = read_snapshot(recalls.branches_to_settle)
    return sum(write_transaction(partial(recalls.settle, branch_id=one)) for one in waiting)
