"""Mail on its way: a real mail server at the other end, one that is down, one that comes back."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy.orm import Session

from supply import clock, mailing
from supply.config import Settings, SettingsError
from supply.database import write_transaction
from supply.domain.outbox import service as outbox
from supply.domain.outbox.models import OutboundMail
from supply.domain.outbox.queue import IN_HAND, PAUSES
from supply.errors import Conflict, Forbidden, NotFound
from tests.cast import Cast

pytestmark = pytest.mark.both_databases


class PostOffice:
    """Keeps what it is handed; refuses the addresses that it does not know."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.startswith("unknown"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.got.append(message)
        return "250 OK"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    """Where this app believes its mail server to be; nobody is there yet."""
    before = app.extensions["supply_mail"]
    chosen = free_port()
    app.extensions["supply_mail"] = replace(
        before, mail_host="127.0.0.1", mail_port=chosen, mail_security="none", mail_from="spa@example.com"
    )
    yield chosen
    app.extensions["supply_mail"] = before


def queue(cast: Cast, recipient: str = "farm@example.com") -> OutboundMail:
    def work(session: Session) -> OutboundMail:
        mail_id = outbox.queue_mail(
            session,
            branch_id=cast.branch_id,
            source=("purchase-order", cast.branch_id),
            recipient=recipient,
            subject="Đơn đặt hàng HN-00001",
            body="Gừng: 2 thùng",
            attachment=("HN-00001.csv", "Gừng,2\r\n"),
        )
        return session.get_one(OutboundMail, mail_id)

    return write_transaction(work)


def served(port: int) -> tuple[PostOffice, Controller]:
    office = PostOffice()
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    return office, controller


def test_what_waits_is_sent_once(app: Flask, session: Session, cast: Cast, port: int) -> None:
    mail = queue(cast)
    office, controller = served(port)
    timer = app.test_cli_runner()
    try:
        for sent in (1, 0):
            said = timer.invoke(args=["supply", "send"])
            assert (said.exit_code, said.output) == (0, f"Sent: {sent}. To be tried again: 0.\n")
    finally:
        controller.stop()
    (got,) = office.got
    assert (got["To"], got["From"]) == ("farm@example.com", "spa@example.com")
    assert got["Subject"] == "Đơn đặt hàng HN-00001"
    assert str(mail.id) in got["Message-ID"]
    body = got.get_body()
    assert body is not None
    assert "Gừng: 2 thùng" in body.get_content()
    (attached,) = got.iter_attachments()
    assert attached.get_content().lstrip("\ufeff").startswith("Gừng,2")
    session.expire_all()
    assert session.get_one(OutboundMail, mail.id).sent_at is not None


def test_while_the_server_is_down_nothing_is_lost(
    app: Flask, session: Session, cast: Cast, port: int
) -> None:
    mail = queue(cast)
    start = clock.now()
    with clock.standing_at(start):
        assert mailing.send_due() == mailing.Sent(0, 1)
        assert mailing.send_due() == mailing.Sent(0, 0)  # not before the pause is over
    session.expire_all()
    assert "refused" in (session.get_one(OutboundMail, mail.id).last_error or "").lower()
    session.rollback()
    _office, controller = served(port)
    try:
        with clock.standing_at(start + timedelta(minutes=2)):
            assert mailing.send_due() == mailing.Sent(1, 0)
    finally:
        controller.stop()


def test_one_refused_address_keeps_nobody_back(app: Flask, session: Session, cast: Cast, port: int) -> None:
    bad, good = queue(cast, "unknown@example.com"), queue(cast)
    office, controller = served(port)
    try:
        assert mailing.send_due() == mailing.Sent(1, 1)
    finally:
        controller.stop()
    assert [got["To"] for got in office.got] == [good.recipient]
    session.expire_all()
    assert session.get_one(OutboundMail, bad.id).sent_at is None


def test_after_many_tries_it_is_given_up_and_can_be_tried_again(session: Session, cast: Cast) -> None:
    mail = queue(cast)
    now = clock.now()
    for turn in range(len(PAUSES) + 1):
        now += timedelta(days=2)
        with clock.standing_at(now):
            (letter,) = write_transaction(outbox.take_in_hand)
            given_up = write_transaction(lambda s, one=letter: outbox.note_failed(s, one.id, "down"))
            assert given_up is (turn == len(PAUSES))
    assert write_transaction(outbox.take_in_hand) == []
    for actor, kind in ((cast.storekeeper, Forbidden), (cast.outsider, NotFound)):
        with pytest.raises(kind):
            write_transaction(lambda s, a=actor: outbox.retry_mail(s, a, cast.branch_id, mail.id))
    with clock.standing_at(now):
        write_transaction(lambda s: outbox.retry_mail(s, cast.manager, cast.branch_id, mail.id).id)
        (letter,) = write_transaction(outbox.take_in_hand)
        write_transaction(lambda s: outbox.note_sent(s, letter.id))
    with pytest.raises(Conflict):
        write_transaction(lambda s: outbox.retry_mail(s, cast.manager, cast.branch_id, mail.id))


def test_two_senders_never_have_the_same_letter(session: Session, cast: Cast) -> None:
    queue(cast)
    assert len(write_transaction(outbox.take_in_hand)) == 1
    assert write_transaction(outbox.take_in_hand) == []
    with clock.standing_at(clock.now() + IN_HAND + timedelta(seconds=1)):
        assert len(write_transaction(outbox.take_in_hand)) == 1  # the first one has died with it


@pytest.mark.parametrize(
    "told",
    [
        {"SUPPLY_MAIL_HOST": "mail.example.com"},
        {"SUPPLY_MAIL_HOST": "mail.example.com", "SUPPLY_MAIL_FROM": "nobody"},
        {"SUPPLY_MAIL_PORT": "0"},
        {"SUPPLY_MAIL_SECURITY": "ssl"},
    ],
)
def test_a_mail_setting_that_cannot_be_meant_is_named(backend: str, told: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="SUPPLY_MAIL_"):
        Settings.from_environment({"SUPPLY_SECRET_KEY": "x" * 40, **told})
