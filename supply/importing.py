"""Carrying a large import through after the answer to who asked, in one transaction. For the pages.

Refuses to decide what is done and what a refusal means; that is the domain's.
"""

from __future__ import annotations

from threading import Thread

import structlog
from flask import Flask, Response, after_this_request, current_app

from supply import pacing
from supply.database import write_transaction
from supply.domain.imports import running
from supply.domain.imports.running import Begun
from supply.errors import SupplyError
from supply.i18n import speaking

log = structlog.get_logger("supply")


def apply_soon(begun: Begun) -> None:
    """Once this request has been answered, carry a new run through; the answer does not wait for it."""
    if not begun.new:
        return
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    @after_this_request
    def _begin(response: Response) -> Response:
        if response.status_code < 400:
            response.call_on_close(Thread(target=_apply_in, args=(app, begun), daemon=True).start)
        return response


def _apply_in(app: Flask, begun: Begun) -> None:
    # As the person reads numbers and says why not, so does the work.
    with app.app_context(), speaking(begun.language):
        try:
            carry_through(begun)
        except Exception as error:  # a thread has nobody above it to tell
            log.error("import", file=str(begun.import_id), exc_info=error)


def carry_through(begun: Begun) -> None:
    """Apply it, or keep why not."""
    with pacing.telling(begun.import_id, begun.total) as ours:
        if not ours:
            return
        try:
            write_transaction(lambda session: running.carry_out(session, begun))
        except SupplyError as error:
            why = error
            write_transaction(lambda session: running.give_up(session, begun, why))
        except Exception:
            write_transaction(lambda session: running.give_up(session, begun, None))
            raise
