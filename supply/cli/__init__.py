"""The command line: `flask --app wsgi supply <verb>`. Thin: the services decide."""

from __future__ import annotations

from flask import Flask

from supply.cli import backup, checking, demo_command, people, setup, starter, tidy, tokens
from supply.cli.group import supply

__all__ = ["init_app"]

_MODULES = (backup, checking, demo_command, people, setup, starter, tidy, tokens)


def init_app(app: Flask) -> None:
    """Offer the commands to `flask`; importing the modules has put them into the group."""
    app.cli.add_command(supply)
