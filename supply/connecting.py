"""How a connection to the store is set up: what each database must promise, and what it says meanwhile.

Refuses to begin or end anything; that is `supply/database.py`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from supply.config import Settings
from supply.statements import run

_WARNINGS = "supply_warnings"


def engine_options(settings: Settings) -> dict[str, Any]:
    """What every connection is opened with."""
    if settings.sqlite:
        return {"connect_args": {"timeout": 30}, "pool_size": settings.database_pool, "max_overflow": 4}
    return {
        "pool_size": settings.database_pool,
        "max_overflow": 4,
        "pool_pre_ping": False,
        "connect_args": {
            "connect_timeout": 2,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            # A host that is gone answers nothing, not even that it is gone.
            "tcp_user_timeout": 10_000,
        },
    }


def prepare(engine: Engine) -> None:
    """Set up every connection that the engine will open."""
    (_prepare_sqlite if engine.dialect.name == "sqlite" else _prepare_postgresql)(engine)


def heed(connection: Connection) -> list[str]:
    """What PostgreSQL warns of from now on, until somebody else heeds this connection."""
    warnings: list[str] = []
    connection.info[_WARNINGS] = warnings
    return warnings


def _prepare_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, record: Any) -> None:
        def keep(notice: Any) -> None:
            if notice.severity_nonlocalized == "WARNING":
                record.info.get(_WARNINGS, []).append(notice.message_primary)

        connection.add_notice_handler(keep)


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # The driver's own transactions begin late and lose updates; we begin them ourselves below.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=30000",
            "cache_size=-32000",
            "trusted_schema=OFF",
            # 16 MiB of log before it is folded in: mostly the same few pages, written again and again.
            "wal_autocheckpoint=4000",
        ):
            connection.execute(f"PRAGMA {pragma}").close()
        # Its own knows the letters of English only; no index is made of it.
        connection.create_function("lower", 1, _lower, deterministic=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("supply_writes", False)
        run(connection, "BEGIN IMMEDIATE" if writes else "BEGIN", ()).close()


def _lower(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text
