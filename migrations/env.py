"""How migrations run: online, in one transaction, on the app's own engine.

On SQLite a batch operation rebuilds a table, which foreign keys would forbid; they are off meanwhile and
checked before the transaction ends. The pragma cannot change inside a transaction, so it is set first.
"""

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from supply.domain import models  # noqa: F401 - the metadata must be whole

extension = current_app.extensions["migrate"]


def run() -> None:
    engine = extension.db.engine
    with engine.connect().execution_options(supply_writes=True) as connection:
        sqlite = engine.dialect.name == "sqlite"
        if sqlite:
            _foreign_keys(connection, "OFF")
        context.configure(
            connection=connection,
            target_metadata=extension.db.metadata,
            transactional_ddl=True,
            **extension.configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()
            if sqlite:
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise RuntimeError(f"The migration would leave {len(broken)} rows without their parent.")
        connection.commit()
        if sqlite:
            _foreign_keys(connection, "ON")


def _foreign_keys(connection: Connection, state: str) -> None:
    connection.connection.driver_connection.execute(f"PRAGMA foreign_keys={state}").close()


run()
