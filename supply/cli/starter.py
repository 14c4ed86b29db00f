"""`supply starter`: the starter catalogue, for a spa that begins with its own branches and people."""

from __future__ import annotations

import click

from supply.cli.group import supply, writing
from supply.cli.people import actor_of
from supply.domain.preparation import starter


@supply.command("starter")
@click.option("--as", "manager", required=True, help="The manager in whose name it is loaded.")
def load_starter(manager: str) -> None:
    """Load the starter catalogue: items, the six-step back massage, packages, safety rules, brew recipes.

    Loading again adds only what is missing; a recipe that is there keeps its rules. Quantities stay
    assumptions until a manager confirms them.
    """
    added = writing(lambda session: starter.load(session, actor_of(session, manager)))
    click.echo(", ".join(f"{count} {kind}" for kind, count in added.items()) + " added.")
