"""`supply check`: prove that every number in the books follows from the movements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy.orm import Session

from supply.cli.group import reading, supply
from supply.domain.branches.models import Branch
from supply.domain.ledger.checking import Difference, head_of
from supply.domain.ledger.models import Movement
from supply.domain.reports.checking import check_books

_HEAD = re.compile(r"(?P<code>\S+) (?P<seq>[0-9]{1,18}) (?P<digest>[0-9a-f]{64})")


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
    for code, seq, digest in _exported(witness):
        held = session.get(Movement, (branches[code], seq)) if code in branches and seq else None
        found = held.hash.hex() if held else ("missing" if seq else "0" * 64)
        if found != digest:
            missing.append(Difference(code, "exported head", f"#{seq}", found[:16], digest[:16]))
    return missing


def _exported(witness: Path) -> Iterator[tuple[str, int, str]]:
    """Branch, number and hash of each line that `supply heads` wrote."""
    text = witness.read_bytes().decode("utf-8-sig", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        told = _HEAD.fullmatch(line.strip())
        if told is not None:
            yield told["code"], int(told["seq"]), told["digest"]
        elif line.strip():
            raise click.ClickException(f"Line {number} of {witness} is not one that `supply heads` wrote.")
    if not text.strip():
        raise click.ClickException(f"{witness} is empty: there is nothing to compare with.")
