"""`supply tidy`: forget what has served its time. Nothing of the ledger or the audit is ever forgotten."""

from __future__ import annotations

from datetime import timedelta

import click
from sqlalchemy import delete
from sqlalchemy.orm import Session

from supply import clock
from supply.cli.group import supply, writing
from supply.domain.idempotency import service as idempotency
from supply.domain.imports import service as imports
from supply.domain.outbox import delivering
from supply.domain.people.models import SignIn
from supply.domain.people.signing_in import forget_tries

SIGN_IN_DAYS = 30


@supply.command("tidy")
def tidy() -> None:
    """Forget keys of 90 days ago, old wrong tries, and what ended 30 days ago: sign-ins, messages, lists."""
    told = writing(forget)
    words = "{} idempotency keys, {} sign-ins, {} messages, {} lists, {} counts of wrong tries"
    click.echo(f"Forgotten: {words.format(*told)}.")


def forget(session: Session) -> tuple[int, ...]:
    """How many keys, sign-ins, messages, lists and counts of wrong tries were deleted."""
    old = clock.now() - timedelta(days=SIGN_IN_DAYS)
    sign_ins = session.execute(delete(SignIn).where((SignIn.ended_at < old) | (SignIn.seen_at < old)))
    gone = int(getattr(sign_ins, "rowcount", 0))
    lists = imports.forget_old(session)
    return idempotency.forget_old(session), gone, delivering.forget_old(session), lists, forget_tries(session)
