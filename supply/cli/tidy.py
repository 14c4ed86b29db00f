"""`supply tidy`: forget what has served its time. Nothing of the ledger or the audit is ever forgotten."""

from __future__ import annotations

from datetime import timedelta

import click
from sqlalchemy import delete
from sqlalchemy.orm import Session

from supply import clock
from supply.cli.group import supply, writing
from supply.domain.idempotency import service as idempotency
from supply.domain.people.models import SignIn

SIGN_IN_DAYS = 30


@supply.command("tidy")
def tidy() -> None:
    """Forget idempotency keys older than 90 days and sign-ins that ended or were not seen for 30."""
    keys, sign_ins = writing(forget)
    click.echo(f"Forgotten: {keys} idempotency keys, {sign_ins} sign-ins.")


def forget(session: Session) -> tuple[int, int]:
    """How many keys and sign-ins were deleted."""
    old = clock.now() - timedelta(days=SIGN_IN_DAYS)
    sign_ins = session.execute(delete(SignIn).where((SignIn.ended_at < old) | (SignIn.seen_at < old)))
    return idempotency.forget_old(session), int(getattr(sign_ins, "rowcount", 0))
