"""`supply init`: from an empty folder to a database that can be started. Safe to run again.

Also runs as `python -m supply.cli.setup`, since the application itself does not start without its secret.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click
from flask import current_app
from flask.cli import ScriptInfo
from flask_migrate import upgrade
from sqlalchemy.engine import make_url

from supply.announcing import announce
from supply.cli.group import supply
from supply.cli.tallying import tally_all
from supply.config import SettingsError
from supply.database import db
from supply.memory import settle
from supply.sealing import is_sealed

SECRET_FILE = "instance/secret-key"  # noqa: S105 - where it lives, not what it is


@supply.command("init")
def init() -> None:
    """Bring the database to the present schema, and the totals of reports up to the last movement."""
    bring_up_to_date()


def bring_up_to_date() -> None:
    """Migrate, then what an update leaves to the program: what is on the way, and the totals of reports."""
    migrate_database()
    announce()
    tally_all()
    click.echo("The database is ready.")


def migrate_database() -> None:
    """Run the migrations of the application at hand."""
    database = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])
    if database.get_backend_name() == "sqlite" and database.database:
        Path(database.database).parent.mkdir(parents=True, exist_ok=True)
    _require_in_use()
    upgrade()


def _require_in_use() -> None:
    with db.engine.connect() as looking:
        if is_sealed(looking):
            raise click.ClickException(
                "Everything in this database has moved to another one: point SUPPLY_DATABASE_URL there. "
                "To go back to this one: supply move --reopen."
            )


def write_secret(path: Path) -> bool:
    """Write a new secret that only the owner may read, unless one is there. True where it was written."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
    return True


def main(*then: str) -> None:
    """Make the instance folder and the secret, then the database; `then` run these `supply` commands.

    In one process, since making the application is most of the time that a small command takes.
    """
    if not os.environ.get("SUPPLY_SECRET_KEY"):
        path = Path(os.environ.get("SUPPLY_SECRET_KEY_FILE", SECRET_FILE))
        if write_secret(path):
            click.echo(f"A secret key was written to {path}. Keep it: sessions and stored keys depend on it.")
    from supply.app import create_app  # noqa: PLC0415 - takes its time: not for every command

    try:
        app = create_app()
    except SettingsError as error:
        raise SystemExit(f"Supply does not start. {error}") from error
    settle()
    try:
        with app.app_context():
            bring_up_to_date()
    except click.ClickException as error:
        raise SystemExit(f"Supply does not start. {error.message}") from error
    for command in then:
        supply.main(command.split(), obj=ScriptInfo(create_app=lambda: app), standalone_mode=False)


if __name__ == "__main__":
    main()
