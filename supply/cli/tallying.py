"""`supply tally`: add what came since to the totals that reports begin with. The nightly plan does it too."""

from __future__ import annotations

from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.cli.group import reading, supply, writing
from supply.domain.branches.models import Branch
from supply.domain.reports.tallying import tally_branch


@supply.command("tally")
def tally() -> None:
    """Bring the totals by day up to the last movement, in transactions that hold nobody up for long."""
    click.echo(f"The totals of {tally_all()} branches are up to date.")


def tally_all() -> int:
    """Every branch, portion by portion; how many there are."""
    branch_ids = reading(lambda session: list(session.scalars(select(Branch.id).order_by(Branch.code))))
    for branch_id in branch_ids:
        while writing(lambda session, one=branch_id: _portion(session, one)):  # type: ignore[misc]
            pass
    return len(branch_ids)


def _portion(session: Session, branch_id: UUID) -> int:
    return tally_branch(session, session.get_one(Branch, branch_id))
