"""`supply send`: send the mail that waits. A timer runs it every few minutes, beside what is sent at once."""

from __future__ import annotations

import click

from supply import mailing
from supply.cli.group import supply


@supply.command("send")
def send() -> None:
    """Send the mail that is due; what fails is tried again later."""
    if not mailing.can_send():
        raise click.ClickException("No mail server is set up: see SUPPLY_MAIL_HOST in docs/settings.md.")
    total = mailing.Sent(0, 0)
    while (done := mailing.send_due()) != mailing.Sent(0, 0):
        total = mailing.Sent(total.sent + done.sent, total.failed + done.failed)
    click.echo(f"Sent: {total.sent}. To be tried again: {total.failed}.")
