"""`supply tally`: add what came since to the totals that reports begin with. Init and the plan do so too."""

from __future__ import annotations

from uuid import UUID

import click
from sqlalchemy.orm import Session

from supply.cli.group import reading, supply, writing
from supply.domain.branches.models import Branch
from supply.domain.reports.case_tallying import PORTION as CASES
from supply.domain.reports.case_tallying import branches_waiting, tally_cases
from supply.domain.reports.tallying import PORTION, branches_behind, tally_branch


@supply.command("tally")
def tally() -> None:
    """Bring the totals by day up to the last movement, in transactions that hold nobody up for long."""
    click.echo(f"The totals are up to date: {tally_all()} branches had something new.")


def tally_all(least: int = 1) -> int:
    """Each branch with so many movements that the totals lack, portion by portion; how many these were."""
    branch_ids = reading(lambda session: branches_behind(session, least))
    waiting = reading(lambda session: branches_waiting(session, least))
    for branch_id in branch_ids:
        while left := writing(lambda session, one=branch_id: _portion(session, one)):  # type: ignore[misc]
            # What takes a while says how much is left; a small book is done before anybody asks.
            if left >= PORTION and left // PORTION % 20 == 0:
                click.echo(f"{left:,} movements are still to be added up.")
    for branch_id in waiting:
        portions = 0
        while writing(lambda session, one=branch_id: _portion_of_cases(session, one)):  # type: ignore[misc]
            portions += 1
            if portions % 50 == 0:
                click.echo(f"{portions * CASES:,} completions are compared with their recipes.")
    return len({*branch_ids, *waiting})


def _portion(session: Session, branch_id: UUID) -> int:
    return tally_branch(session, session.get_one(Branch, branch_id))


def _portion_of_cases(session: Session, branch_id: UUID) -> bool:
    return tally_cases(session, session.get_one(Branch, branch_id))
