"""`supply send`: send the mail and the webhook messages that wait. A timer runs it every few minutes.

On a busy day the totals of reports follow then too, so that nobody waits for the day to be added up.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import click

from supply import calling, mailing, recalling
from supply.cli.group import supply
from supply.cli.tallying import tally_all

SECONDS = 5
# So many movements are added up in an instant when somebody looks.
FEW = 500


@supply.command("send")
@click.option(
    "--minutes",
    type=click.IntRange(0, 60),
    default=0,
    help="Go on looking every few seconds for so long, so that webhooks are told at once.",
)
def send(minutes: int) -> None:
    """Send the mail and the webhook messages that are due; what fails is tried again later."""
    tally_all(least=FEW)
    rounds = [_round() for _ in _looks(minutes)]
    sent, failed = (sum(numbers) for numbers in zip(*rounds, strict=True))
    click.echo(f"Sent: {sent}. To be tried again: {failed}.")


def _looks(minutes: int) -> Iterator[None]:
    yield None
    for _look in range(minutes * 60 // SECONDS):
        time.sleep(SECONDS)
        yield None


def _round() -> tuple[int, int]:
    """Everything that is due now: how much was sent, and how much failed.

    A branch whose lots have still to follow a recall follows first: somebody's process died in between.
    """
    recalling.settle()
    sent = failed = 0
    while mailing.can_send() and (mailed := mailing.send_due()) != mailing.Sent(0, 0):
        sent, failed = sent + mailed.sent, failed + mailed.failed
    called = calling.call_all_due()
    return sent + called.taken, failed + called.failed
