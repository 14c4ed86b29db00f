"""`supply plan`: what a timer does at night: reports' totals, then the plan of every branch."""

from __future__ import annotations

from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.announcing import announce
from supply.cli.group import reading, supply, writing
from supply.cli.tallying import tally_all
from supply.domain.branches.models import Branch
from supply.domain.people.machine import planner
from supply.domain.planning import drafting
from supply.domain.planning import service as planning


@supply.command("plan")
@click.option("--branch", "code", help="Plan only the branch of this code.")
def plan(code: str | None) -> None:
    """Work out what every branch should order, and hand in requisitions for it."""
    announce()
    tally_all()
    branch_ids = reading(lambda session: _branches(session, code))
    if not branch_ids:
        raise click.ClickException(
            "There is no open branch of this code." if code else "There is no branch yet."
        )
    for branch_id, name in branch_ids:
        flagged, asked = writing(lambda session, one=branch_id: plan_one(session, one))  # type: ignore[misc]
        click.echo(f"{name}: {flagged} flagged, requisitions that wait for approval: {asked}.")


def _branches(session: Session, code: str | None) -> list[tuple[UUID, str]]:
    query = select(Branch.id, Branch.code).where(Branch.closed_at.is_(None)).order_by(Branch.code)
    if code is not None:
        query = query.where(Branch.code == code)
    return [(branch_id, name) for branch_id, name in session.execute(query)]


def plan_one(session: Session, branch_id: UUID) -> tuple[int, int]:
    """Plan a branch and draft its requisitions: how many flags and requisitions there are now."""
    branch = session.get_one(Branch, branch_id)
    run = planning.plan_branch(session, branch)
    asked = drafting.draft_requisitions(session, planner(session, branch_id), branch)
    return run.flagged, len(asked)
