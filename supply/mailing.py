"""Sending what waits in the outbox, over the mail server of the settings. Shared by pages, API and commands.

Takes letters in hand in one transaction, sends them outside of any, notes the outcome in another. Refuses to
decide what is written to whom.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from threading import Thread
from uuid import UUID

import structlog
from flask import Flask, Response, after_this_request, current_app

from supply import clock
from supply.config import Settings
from supply.database import write_transaction
from supply.domain.outbox import service as outbox
from supply.domain.outbox.service import Letter

SECONDS = 15
log = structlog.get_logger("supply")


@dataclass(frozen=True, slots=True)
class Sent:
    """What one round did with the letters that were due."""

    sent: int
    failed: int


def init_mailing(app: Flask, settings: Settings) -> None:
    app.extensions["supply_mail"] = settings


def can_send() -> bool:
    """Whether a mail server is set up here."""
    return bool(_settings().mail_host)


def send_due(limit: int = 20) -> Sent:
    """Send the letters that are due. What fails stays queued and is tried again later."""
    settings = _settings()
    letters = write_transaction(lambda session: outbox.take_in_hand(session, limit=limit))
    if not letters:
        return Sent(0, 0)
    left, failed = list(letters), 0
    try:
        with _server(settings) as server:
            while left:
                failed += not _hand_over(server, settings, left[0])
                left.pop(0)
    except (OSError, smtplib.SMTPException) as error:
        # The server is away: what it has not taken by now waits, what it took is gone.
        for letter in left:
            _note_failed(letter.id, error)
        failed += len(left)
    return Sent(len(letters) - failed, failed)


def send_soon() -> None:
    """Once this request has been answered, send what it queued; the answer does not wait for it."""
    if not can_send():
        return
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    @after_this_request
    def _begin(response: Response) -> Response:
        if response.status_code < 400:
            response.call_on_close(Thread(target=_send_in, args=(app,), daemon=True).start)
        return response


def _send_in(app: Flask) -> None:
    with app.app_context():
        try:
            send_due()
        except Exception as error:  # a thread has nobody above it to tell
            log.error("mail", exc_info=error)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["supply_mail"]
    return settings


def _server(settings: Settings) -> smtplib.SMTP:
    host, port = settings.mail_host, settings.mail_port
    if settings.mail_security == "tls":
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=SECONDS)
    if settings.mail_security == "starttls":
        server.starttls(context=ssl.create_default_context())
    if settings.mail_user:
        server.login(settings.mail_user, settings.mail_password)
    return server


def _hand_over(server: smtplib.SMTP, settings: Settings, letter: Letter) -> bool:
    """True where the server took it. One refused address does not keep the others back."""
    try:
        server.send_message(written(letter, settings.mail_from))
    except smtplib.SMTPServerDisconnected:
        raise
    except (smtplib.SMTPException, ValueError) as error:
        _note_failed(letter.id, error)
        return False
    write_transaction(lambda session: outbox.note_sent(session, letter.id))
    return True


def written(letter: Letter, sender: str) -> EmailMessage:
    """The letter as a message; the same letter always bears the same Message-ID."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = letter.recipient
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
    message.set_content(letter.body)
    if letter.attachment is not None:
        # With its byte order mark, so that spreadsheets read the Vietnamese of it.
        message.add_attachment(
            letter.attachment.encode("utf-8-sig"),
            maintype="text",
            subtype="csv",
            params={"charset": "utf-8"},
            filename=letter.attachment_name,
        )
    return message


def _note_failed(mail_id: UUID, error: Exception) -> None:
    told = f"{type(error).__name__}: {error}"
    given_up = write_transaction(lambda session: outbox.note_failed(session, mail_id, told))
    log.warning("mail", mail=str(mail_id), error=type(error).__name__, given_up=given_up)
