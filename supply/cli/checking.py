"""`supply check`: prove that every number in the books follows from the movements."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy.orm import Session

from supply.cli.group import reading, supply
from supply.domain.branches.models import Branch
from supply.domain.ledger.checking import Difference, head_of
from supply.domain.ledger.models import Movement
from supply.domain.reports.checking import check_books


@supply.command("check")
@click.option(
    "--since",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that `supply heads` wrote: nothing since then may have been changed or cut off.",
)
def check(since: Path | None) -> None:
    """Recompute every balance, verify the chain, name each row that differs. Exit code 1 if any does."""
    differences = reading(lambda session: [*check_books(session), *_lacking(session, since)])
    for difference in differences:
        click.echo(str(difference))
    if differences:
        raise click.ClickException(
            f"{len(differences)} differences. The ledger is the truth; the rest is not."
        )
    click.echo("Everything agrees with the ledger.")


@supply.command("heads")
def heads() -> None:
    """Print each branch's last sequence number and hash: keep them elsewhere, `check --since` compares."""
    for line in reading(_heads):
        click.echo(line)


def _heads(session: Session) -> list[str]:
    branches = session.query(Branch).order_by(Branch.code).all()
    return ["{} {} {}".format(branch.code, *head_of(session, branch.id)) for branch in branches]


def _lacking(session: Session, witness: Path | None) -> list[Difference]:
    """What an exported head says and the ledger does not hold (any more)."""
    if witness is None:
        return []
    branches = {branch.code: branch.id for branch in session.query(Branch)}
    missing = []
    for line in witness.read_text(encoding="utf-8").split("\n"):
        code, _, rest = line.strip().partition(" ")
        if not code:
            continue
        seq, _, digest = rest.partition(" ")
        held = session.get(Movement, (branches[code], int(seq))) if code in branches and int(seq) else None
        found = held.hash.hex() if held else ("0" * 64 if seq == "0" else "missing")
        if found != digest:
            missing.append(Difference(code, "exported head", f"#{seq}", found[:16], digest[:16]))
    return missing
