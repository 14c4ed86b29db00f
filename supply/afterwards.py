"""Going on with what somebody asked for, after the answer to who asked. Refuses to know what it is."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

import structlog
from flask import Flask, Response, after_this_request, current_app

log = structlog.get_logger("supply")


def once_answered(work: Callable[[], None], **told: Any) -> None:
    """Do `work` in a thread of its own once this request has been answered well; the answer does not wait.

    A fault goes to the log with what was `told`: a thread has nobody above it to tell.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def do() -> None:
        with app.app_context():
            try:
                work()
            except Exception as error:
                log.error("afterwards", exc_info=error, **told)

    @after_this_request
    def _begin(response: Response) -> Response:
        if response.status_code < 400:
            response.call_on_close(Thread(target=do, daemon=True).start)
        return response
