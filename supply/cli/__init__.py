"""The command line: `flask --app wsgi supply <verb>`. Thin: the services decide."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

from supply.cli.group import supply

__all__ = ["init_app"]

# Each puts its commands into the group. Imported late: `python -m supply.cli.setup` runs one of them itself.
MODULES = (
    "backup",
    "checking",
    "demo_command",
    "moving",
    "people",
    "planning",
    "sending",
    "setup",
    "starter",
    "tallying",
    "tidy",
    "tokens",
)


def init_app(app: Flask) -> None:
    """Offer the commands to `flask`."""
    for name in MODULES:
        import_module(f"supply.cli.{name}")
    app.cli.add_command(supply)
