"""The group that every command joins, and how a command ends when something is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from supply.database import read_snapshot, write_transaction
from supply.errors import SupplyError
from supply.health import schema_trouble

T = TypeVar("T")

supply = AppGroup("supply", help="Look after an installation of Supply.")


def writing(work: Callable[[Session], T]) -> T:
    """One write transaction; a refusal becomes a sentence and exit code 1."""
    return _told(write_transaction, work)


def reading(work: Callable[[Session], T]) -> T:
    """One snapshot; a refusal becomes a sentence and exit code 1."""
    return _told(read_snapshot, work)


def _told(door: Callable[[Callable[[Session], T]], T], work: Callable[[Session], T]) -> T:
    try:
        return door(work)
    except SupplyError as error:
        parts = [f"{field}: {text}" for field, texts in error.errors.items() for text in texts]
        raise click.ClickException("; ".join(parts) or str(error.message)) from error
    except DBAPIError as error:
        trouble = schema_trouble()
        if not trouble:
            raise
        raise click.ClickException(f"Not now: {trouble}. Run `supply init` first.") from error
