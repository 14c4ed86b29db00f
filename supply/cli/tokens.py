"""`supply token …`: bearer tokens for programs. A token speaks for a person and is shown once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import click

from supply import clock
from supply.cli.group import supply, writing
from supply.cli.people import actor_of, admin_actor
from supply.domain.people import service as people


@supply.group("token")
def token() -> None:
    """Make and revoke API tokens."""


@token.command("create")
@click.argument("login")
@click.option("--name", required=True, help='What it is for, such as "booking system".')
@click.option(
    "--scope", "scopes", multiple=True, required=True, help="A permission, such as stock:see; several times."
)
@click.option(
    "--days", type=click.IntRange(1, 365), help="How long it lives; without it, a year, which is the longest."
)
def create(login: str, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a token that acts as LOGIN, within their rights, and print it. It is not shown again."""
    expires_at = clock.now() + timedelta(days=days) if days else None
    made = writing(
        lambda session: people.create_token(
            session, actor_of(session, login), name=name, scopes=list(scopes), expires_at=expires_at
        )
    )
    click.echo(made.secret)


@token.command("revoke")
@click.argument("token_id", type=click.UUID)
@click.option("--as", "admin", help="The admin in whose name it is done; by default the first one.")
def revoke(token_id: UUID, admin: str | None) -> None:
    """End a token at once."""
    writing(lambda session: people.revoke_token(session, admin_actor(session, admin), token_id))
    click.echo("Revoked.")
