"""`supply tidy`: forget what has served its time. Nothing of the ledger or the audit is ever forgotten."""

from __future__ import annotations

from datetime import timedelta

import click
from sqlalchemy import delete
from sqlalchemy.orm import Session

from supply import clock
from supply.cli.group import supply, writing
from supply.domain.idempotency import service as idempotency
from supply.domain.outbox import delivering
from supply.domain.people.models import SignIn

SIGN_IN_DAYS = 30


@supply.command("tidy")
def tidy() -> None:
    """Forget idempotency keys older than 90 days, and for 30: ended sign-ins, messages to webhooks."""
    keys, sign_ins, messages = writing(forget)
    click.echo(f"Forgotten: {keys} idempotency keys, {sign_ins} sign-ins, {messages} messages.")


def forget(session: Session) -> tuple[int, int, int]:
    """How many keys, sign-ins and messages were deleted."""
    old = clock.now() - timedelta(days=SIGN_IN_DAYS)
    sign_ins = session.execute(delete(SignIn).where((SignIn.ended_at < old) | (SignIn.seen_at < old)))
    gone = int(getattr(sign_ins, "rowcount", 0))
    return idempotency.forget_old(session), gone, delivering.forget_old(session)
