"""Whether the process lives (/healthz), can serve (/readyz), and what it counted (/metrics)."""

from __future__ import annotations

import contextlib
import hmac
import time
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, abort, current_app, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from supply.config import Settings
from supply.database import read_snapshot, store_trouble, write_transaction
from supply.errors import Unavailable
from supply.sealing import is_sealed

blueprint = Blueprint("health", __name__)
_TOUCH = text("UPDATE alembic_version SET version_num = version_num")
MIGRATIONS = Path(__file__).parent.parent / "migrations"


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers. `alarm` says what stopped the last write, if anything did."""
    trouble = store_trouble(current_app)
    return jsonify(status="ok", **({"alarm": trouble} if trouble else {}))


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """The database answers, bears the present schema, and can be written."""
    if store_trouble(current_app):
        _try_to_write()
    trouble = store_trouble(current_app) or schema_trouble()
    return (jsonify(status=trouble), 503) if trouble else (jsonify(status="ready"), 200)


def _try_to_write() -> None:
    """After a failed write: a write that changes nothing. If it goes through, the trouble is over."""
    with contextlib.suppress(SQLAlchemyError, Unavailable):
        write_transaction(lambda session: session.execute(_TOUCH).close())


def schema_trouble() -> str:
    """Why the database cannot be the program's, in a clause; empty where it has its schema and is in use."""

    def stored(session: Session) -> tuple[str | None, bool]:
        version: str | None = session.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return version, is_sealed(session.connection())

    try:
        found, moved = read_snapshot(stored)
    except (SQLAlchemyError, Unavailable):
        return "the database does not answer or has no schema"
    if moved:
        return "everything in this database has moved to another one"
    wanted = current_app.extensions["supply_schema"]
    return "" if found == wanted else f"the database has schema {found}, the program needs {wanted}"


def init_health(app: Flask, settings: Settings) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    app.extensions["supply_schema"] = ScriptDirectory.from_config(config).get_current_head()
    registry = CollectorRegistry()
    requests = Counter("supply_requests", "Requests answered", ["method", "status"], registry=registry)
    seconds = Histogram("supply_request_seconds", "Time to answer", ["method"], registry=registry)

    @app.after_request
    def _count(response: Response) -> Response:
        requests.labels(request.method, response.status_code).inc()
        seconds.labels(request.method).observe(time.perf_counter() - g.get("began", time.perf_counter()))
        return response

    def metrics() -> Response:
        """For Prometheus, behind a token of its own; absent without one."""
        told = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        if not settings.metrics_token or not hmac.compare_digest(settings.metrics_token.encode(), told):
            abort(404)
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    app.register_blueprint(blueprint)
    app.add_url_rule("/metrics", "health.metrics", metrics, methods=["GET"])
