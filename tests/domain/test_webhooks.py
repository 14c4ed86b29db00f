"""Webhooks: told of what was committed and of nothing else, signed, tried again, given up, replayed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import calling, clock
from supply.calling import Called
from supply.database import db, new_id, read_snapshot, write_transaction
from supply.domain.branches.models import Branch
from supply.domain.ledger import service as ledger
from supply.domain.outbox import delivering, subscribing
from supply.domain.outbox.models import Event, PauseReason, Webhook, WebhookMessage
from supply.domain.outbox.queue import PAUSES
from supply.domain.outbox.signing import secret_of
from supply.domain.planning import service as planning
from supply.domain.visits import service as visits
from supply.domain.visits.models import SkipReason
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale, SupplyError
from supply.permissions import Actor, Role
from tests import goods as shop
from tests import shelves
from tests.cast import Cast
from tests.listening import Listener, listening
from tests.treatments import complete, do, open_spa, plan

PUBLIC = "https://hooks.example/supply"


@pytest.fixture
def listener(app: Flask) -> Iterator[Listener]:
    """A program on this machine, and an installation that lets webhooks lead there."""
    before = app.extensions["supply_settings"]
    app.extensions["supply_settings"] = replace(before, webhook_private=True)
    with listening() as there:
        yield there
    app.extensions["supply_settings"] = before


def made(cast: Cast, url: str = PUBLIC, *events: Event, actor: Actor | None = None, **told: Any) -> UUID:
    def work(session: Session) -> UUID:
        who = actor or cast.manager
        wanted = {"branch_ids": [cast.branch_id], "private": url.startswith("http:"), **told}
        return subscribing.create_webhook(
            session, who, name="Booking", url=url, events=events or list(Event), **wanted
        ).id

    return write_transaction(work)


def secret(app: Flask, hook: UUID, number: int = 1) -> str:
    return secret_of(app.config["SECRET_KEY"], hook, number)


def known(hook: UUID) -> Webhook:
    db.session.rollback()
    return db.session.get_one(Webhook, hook, populate_existing=True)


def queued(hook: UUID | None = None) -> list[WebhookMessage]:
    """Messages in the order in which they were queued."""
    db.session.rollback()
    query = select(WebhookMessage).order_by(WebhookMessage.id)
    if hook is not None:
        query = query.where(WebhookMessage.webhook_id == hook)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def listeners(branch_id: UUID) -> Any:
    return read_snapshot(lambda s: s.scalar(select(Branch.listeners).where(Branch.id == branch_id)))


def item(cast: Cast, code: str = "perilla") -> UUID:
    return write_transaction(lambda session: shelves.add_item(session, code))


def test_a_movement_is_told_signed_and_without_names(
    app: Flask, session: Session, cast: Cast, listener: Listener
) -> None:
    hook, perilla = made(cast, listener.url, Event.MOVEMENT_POSTED), item(cast)
    delivery, lot = shelves.stock(cast, perilla, 5_500, number="L-7")
    assert calling.call_due() == Called(1, 0)
    assert calling.call_due() == Called(0, 0)
    told = listener.read(secret(app, hook))
    assert told["type"] == "movement.posted.v1"
    assert told["data"]["branch"] == {"id": str(cast.branch_id), "code": "MAIN"}
    (movement,) = told["data"]["movements"]
    assert movement["item"] == {"id": str(perilla), "code": "perilla"}
    assert (movement["amount"], movement["unit"], movement["type"]) == ("5.5", "g", "receipt")
    assert (movement["lot_id"], movement["lot_number"]) == (str(lot), "L-7")
    assert movement["source_id"] == str(delivery)
    assert b"name" not in listener.got[0][1]
    assert b"person" not in listener.got[0][1]
    (message,) = queued(hook)
    assert listener.got[0][0]["webhook-id"] == str(message.id)
    assert (message.answered, message.sent_at is not None) == (200, True)


def test_what_is_taken_back_is_not_told(session: Session, cast: Cast) -> None:
    made(cast)
    perilla = item(cast)
    shelves.stock(cast, perilla, 1_000)
    before = len(queued())

    def fail(session: Session) -> None:
        writer = ledger.lock(session, cast.therapist, cast.branch_id)
        ledger.deduct(writer, [ledger.Use(perilla, 500, "completion", new_id(), 1, clock.now())])
        raise Conflict("changed_my_mind", "…")

    with pytest.raises(Conflict):
        write_transaction(fail)
    assert len(queued()) == before == 1


def test_each_event_is_told_where_it_happens(
    app: Flask, session: Session, cast: Cast, listener: Listener
) -> None:
    hook = made(cast, listener.url, *(event for event in Event if event is not Event.MOVEMENT_POSTED))
    goods = shop.stock_up(cast)
    (order,) = shop.ordered(cast, (goods.ginger, "2", "carton"))
    shop.policy(cast, goods.oil, 20_000_000, 30_000_000)
    soon = clock.today("Asia/Ho_Chi_Minh") + timedelta(days=10)
    shop.deliver(cast, goods.farm, shop.line(goods.ginger, "3", "kg", "G-1", soon))
    for _night in range(2):
        write_transaction(lambda s: planning.plan_branch(s, s.get_one(Branch, cast.branch_id)).id)
    open_spa(cast)
    visit = plan(cast, booking_reference="B-17", package="massage-only").visit
    (step,) = visit.steps
    complete(cast, visit.id, step.position)
    do(visits.reverse_completion, cast, visit.id, step.position)
    do(visits.skip_step, cast, visit.id, step.position, reason=SkipReason.CLIENT_WISH)
    assert calling.call_all_due().failed == 0
    told = [listener.read(secret(app, hook), number) for number in range(len(listener.got))]
    by_type: dict[str, list[Any]] = {}
    for one in told:
        by_type.setdefault(one["type"].removesuffix(".v1"), []).append(one["data"])
    (approved,) = by_type.pop("order.approved")
    assert (approved["order_id"], approved["number"]) == (str(order), "MAIN-00001")
    assert approved["lines"][0]["ordered"] == {"amount": "10", "unit": "kg"}
    (expiring,) = by_type.pop("lot.expiring")
    assert (expiring["lot_number"], expiring["expires_on"]) == ("G-1", soon.isoformat())
    assert expiring["quantity"] == {"amount": "3", "unit": "kg"}
    flags = by_type.pop("flag.raised")
    assert [one["item"]["code"] for one in flags if one["flag_id"] is None] == ["orange-oil"]
    finished = by_type.pop("visit.completed")
    assert [one["booking_reference"] for one in finished] == ["B-17", "B-17"]
    assert finished[0].keys() == {
        *("branch", "visit_id", "booking_reference", "procedure", "package", "party_size", "completed_at")
    }
    assert by_type == {}
    # Who listens only now has heard of none of what still holds; the first one has.
    before, late = len(queued(hook)), made(cast, PUBLIC, Event.LOT_EXPIRING, Event.FLAG_RAISED)
    for _night in range(2):
        write_transaction(lambda s: planning.plan_branch(s, s.get_one(Branch, cast.branch_id)).id)
    assert sorted(one.type for one in queued(late)) == ["flag.raised", "lot.expiring"]
    assert len(queued(hook)) == before


def test_who_does_not_take_it_is_left_alone_for_longer_and_longer(
    app: Flask, session: Session, cast: Cast, listener: Listener
) -> None:
    hook, perilla = made(cast, listener.url, Event.MOVEMENT_POSTED), item(cast)
    shelves.stock(cast, perilla, 1_000, number="A")
    shelves.stock(cast, perilla, 1_000, number="B")
    now = clock.now()
    with clock.standing_at(now):
        listener.answers = [(500, {})]
        assert calling.call_due() == Called(0, 1)  # the second one is not even tried
        assert calling.call_due() == Called(0, 0)
    first, second = queued(hook)
    assert (first.attempts, first.answered, second.attempts) == (1, 500, 0)
    assert "no thanks" in (first.last_error or "")
    assert known(hook).retry_at == now + PAUSES[0]
    with clock.standing_at(now + PAUSES[0]):
        assert calling.call_due() == Called(2, 0)
    ids = [headers["webhook-id"] for headers, _body in listener.got]
    assert sorted(ids) == sorted([str(first.id), str(first.id), str(second.id)])
    again = [body for headers, body in listener.got if headers["webhook-id"] == str(first.id)]
    assert again[0] == again[1]
    assert (known(hook).failures, known(hook).failing_since) == (0, None)


def test_one_that_cannot_be_put_into_words_keeps_nobody_else_waiting(
    session: Session, cast: Cast, listener: Listener
) -> None:
    broken, other = made(cast, listener.url), made(cast, listener.url)
    for hook in (broken, other):
        write_transaction(lambda s, hook=hook: delivering.send_test(s, cast.manager, hook).id)
    (message,) = queued(broken)
    write_transaction(lambda s: setattr(s.get_one(WebhookMessage, message.id), "type", "odd"))
    assert calling.call_due() == Called(1, 1)
    assert len(listener.got) == 1
    (message,) = queued(broken)
    assert (message.body, message.last_error) == (None, "It could not be put into words: KeyError")
    assert message.next_at > clock.now()


def test_given_up_paused_and_replayed(session: Session, cast: Cast, listener: Listener) -> None:
    hook, perilla = made(cast, listener.url, Event.MOVEMENT_POSTED), item(cast)
    shelves.stock(cast, perilla, 1_000)
    (message,) = queued(hook)
    now = clock.now()
    listener.answers = [(500, {})] * (len(PAUSES) + 1)
    for pause in (timedelta(0), *PAUSES):
        now += pause
        with clock.standing_at(now):
            assert calling.call_due() == Called(0, 1)
    assert queued(hook)[0].given_up_at == now
    # Of two days' failing it is not paused yet; after three it is.
    assert known(hook).paused_at is None
    later = now + timedelta(days=2)
    listener.answers = [(503, {})]
    with clock.standing_at(later):
        write_transaction(lambda s: delivering.replay_message(s, cast.manager, hook, message.id).id)
        assert calling.call_due() == Called(0, 1)
        assert known(hook).pause_reason is PauseReason.FAILING
        assert listeners(cast.branch_id) is None
        for deed in (delivering.send_test, delivering.replay_given_up):
            with pytest.raises(Conflict, match="paused"):
                write_transaction(lambda s, deed=deed: deed(s, cast.manager, hook))
        shelves.stock(cast, perilla, 1_000, number="unheard")
        write_transaction(lambda s: subscribing.resume_webhook(s, cast.manager, hook).id)
        assert calling.call_due() == Called(1, 0)
    assert len(queued(hook)) == 1


def test_all_that_was_given_up_is_replayed_at_once(session: Session, cast: Cast, listener: Listener) -> None:
    hook, perilla = made(cast, listener.url, Event.MOVEMENT_POSTED), item(cast)
    for number in "ABC":
        shelves.stock(cast, perilla, 1_000, number=number)

    def lose(session: Session) -> None:
        for message in session.scalars(select(WebhookMessage)):
            message.given_up_at, message.attempts = clock.now(), 9

    write_transaction(lose)
    assert calling.call_due() == Called(0, 0)
    assert write_transaction(lambda s: delivering.replay_given_up(s, cast.manager, hook)) == 3
    assert calling.call_due() == Called(3, 0)


def test_gone_is_gone(session: Session, cast: Cast, listener: Listener) -> None:
    hook = made(cast, listener.url)
    write_transaction(lambda s: delivering.send_test(s, cast.manager, hook).id)
    listener.answers = [(410, {})]
    assert calling.call_due() == Called(0, 1)
    assert known(hook).pause_reason is PauseReason.GONE


def test_a_new_secret_signs_beside_the_old_one_for_a_day(
    app: Flask, session: Session, cast: Cast, listener: Listener
) -> None:
    hook = made(cast, listener.url)
    write_transaction(lambda s: subscribing.renew_secret(s, cast.manager, hook, version=1).id)
    for when, signatures in ((clock.now(), 2), (clock.now() + timedelta(days=1, minutes=1), 1)):
        with clock.standing_at(when):
            write_transaction(lambda s: delivering.send_test(s, cast.manager, hook).id)
            assert calling.call_due() == Called(1, 0)
        assert len(listener.got[-1][0]["webhook-signature"].split(" ")) == signatures
    for number in (1, 2):
        told = listener.read(secret(app, hook, number), 0)
        assert told["type"] == "webhook.test.v1"


def test_what_leads_inside_is_never_called(app: Flask, session: Session, cast: Cast) -> None:
    """Also where the address was let through once: the setting of now counts."""
    with listening() as there:
        hook = made(cast, there.url)
        write_transaction(lambda s: delivering.send_test(s, cast.manager, hook).id)
        assert calling.call_due() == Called(0, 1)
        assert there.got == []
    assert "may not be called" in (queued(hook)[0].last_error or "")
    for url in ("https://127.0.0.1/", "http://hooks.example/", "https://user@hooks.example/"):
        with pytest.raises(Invalid) as refused:
            made(cast, url, private=False)
        assert list(refused.value.errors) == ["url"]


def test_who_listens_is_known_with_the_branch(session: Session, cast: Cast) -> None:
    hook = made(cast, PUBLIC, Event.FLAG_RAISED, Event.LOT_EXPIRING)
    other = made(cast, PUBLIC, Event.FLAG_RAISED, actor=cast.admin, branch_ids=None)
    both = {"flag.raised": [str(hook), str(other)], "lot.expiring": [str(hook)]}
    assert listeners(cast.branch_id) == both
    assert listeners(cast.other_branch_id) == {"flag.raised": [str(other)]}
    write_transaction(lambda s: subscribing.pause_webhook(s, cast.manager, hook).id)
    assert listeners(cast.branch_id) == {"flag.raised": [str(other)]}
    write_transaction(lambda s: subscribing.resume_webhook(s, cast.manager, hook).id)
    assert listeners(cast.branch_id) == both

    def move(session: Session) -> UUID:
        told = {"name": "Moved", "url": PUBLIC, "events": [Event.MOVEMENT_POSTED]}
        where = [cast.other_branch_id]
        return subscribing.change_webhook(session, cast.admin, other, version=1, branch_ids=where, **told).id

    write_transaction(move)
    assert listeners(cast.branch_id) == {"flag.raised": [str(hook)], "lot.expiring": [str(hook)]}
    assert listeners(cast.other_branch_id) == {"movement.posted": [str(other)]}
    with pytest.raises(Stale):
        write_transaction(move)
    write_transaction(lambda s: subscribing.end_webhook(s, cast.manager, hook))
    assert listeners(cast.branch_id) is None
    # None of it is a change of the branch that somebody may be editing.
    assert read_snapshot(lambda s: s.scalar(select(Branch.version).where(Branch.id == cast.branch_id))) == 1


DEEDS: dict[str, Any] = {
    "get": lambda s, actor, hook: subscribing.get_webhook(s, actor, hook).id,
    "pause": lambda s, actor, hook: subscribing.pause_webhook(s, actor, hook).id,
    "resume": lambda s, actor, hook: subscribing.resume_webhook(s, actor, hook).id,
    "secret": lambda s, actor, hook: subscribing.renew_secret(s, actor, hook, version=3).id,
    "test": lambda s, actor, hook: delivering.send_test(s, actor, hook).id,
    "messages": lambda s, actor, hook: list(delivering.list_messages(s, actor, hook)),
    "replay": lambda s, actor, hook: delivering.replay_given_up(s, actor, hook),
    "end": lambda s, actor, hook: subscribing.end_webhook(s, actor, hook),
}


def test_only_who_looks_after_all_of_its_branches(session: Session, cast: Cast) -> None:
    hook = made(cast)
    everywhere = made(cast, actor=cast.admin, branch_ids=None)
    both = Actor(
        cast.manager.person_id,
        "both",
        frozenset({(Role.MANAGER, cast.branch_id), (Role.STOREROOM, cast.other_branch_id)}),
    )
    ladder: list[tuple[Actor, UUID, type[SupplyError]]] = [
        (cast.storekeeper, hook, Forbidden),
        (cast.therapist, hook, Forbidden),
        (cast.outsider, hook, NotFound),
        (cast.manager, everywhere, NotFound),
        (both, everywhere, Forbidden),
    ]
    for deed in DEEDS.values():
        for actor, which, refusal in ladder:
            with pytest.raises(refusal):
                write_transaction(lambda s, d=deed, a=actor, w=which: d(s, a, w))
        write_transaction(lambda s, d=deed: d(s, cast.second_manager, hook))
    for actor, refusal in ((cast.storekeeper, Forbidden), (cast.outsider, NotFound)):
        with pytest.raises(refusal):
            made(cast, actor=actor)
    with pytest.raises(NotFound):
        DEEDS["get"](session, cast.manager, hook)
    assert made(cast, actor=both, branch_ids=None)
    assert [one.id for one in subscribing.list_webhooks(session, cast.admin)][-1] == everywhere


def test_old_messages_are_forgotten(session: Session, cast: Cast) -> None:
    made(cast)
    shelves.stock(cast, item(cast), 1_000, expires_on=date(2099, 1, 1))
    assert write_transaction(delivering.forget_old) == 0
    with clock.standing_at(clock.now() + timedelta(days=31)):
        assert write_transaction(delivering.forget_old) == 1
