"""What operators see: one structured line per request with an id, and no secret in any of them."""

from __future__ import annotations

import logging
import re
import sys
import time
from uuid import UUID

import structlog
from flask import Flask, Response, g, request

from supply.config import Settings
from supply.database import new_id

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
log = structlog.get_logger("supply")


def init_observing(app: Flask, settings: Settings) -> None:
    """Log as JSON lines to standard error. Paths are logged without their query, bodies and headers never."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.log_level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )

    @app.before_request
    def _begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _GIVEN_ID.fullmatch(given) else str(new_id())
        g.began = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        if request.path not in _QUIET:
            milliseconds = (time.perf_counter() - g.get("began", time.perf_counter())) * 1000
            log.info(
                "request",
                request_id=g.get("request_id", ""),
                method=request.method,
                path=request.path,
                status=response.status_code,
                ms=round(milliseconds, 1),
                person=_person(),
            )
        return response


def log_fault(error: BaseException) -> None:
    """A fault of ours, with its trace."""
    log.error("fault", request_id=g.get("request_id", ""), path=request.path, exc_info=error)


def _person() -> str | None:
    known: UUID | None = g.get("person_id")
    return str(known) if known else None
