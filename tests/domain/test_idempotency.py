"""Keys where they are kept: bound to person and request, stored with their effect or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import read_snapshot, write_transaction
from supply.domain.branches.models import Branch
from supply.domain.idempotency import service as idempotency
from supply.domain.idempotency.models import IdempotencyKey
from supply.domain.idempotency.service import Answer
from supply.errors import Conflict, Invalid
from supply.repeating import fingerprint, run_once
from tests.cast import Cast

KEY = "a-key-of-a-test"
DONE = Answer(201, '{"id": 1}', {"ETag": '"1"'})


def find(key: str, person_id: UUID, told: str = "this") -> Answer | None:
    return read_snapshot(lambda session: idempotency.find_answer(session, key, person_id, told))


def once(cast: Cast, work: Any, told: str = "this", **more: Any) -> Answer:
    return run_once(KEY, cast.manager.person_id, told, work, **more)


def add_branch(session: Session) -> Answer:
    session.add(Branch(code="NEW", name="New branch"))
    session.flush()
    return DONE


def branches(session: Session) -> int:
    found = len(session.scalars(select(Branch).where(Branch.code == "NEW")).all())
    session.rollback()
    return found


def test_the_first_answer_is_given_again(cast: Cast, session: Session) -> None:
    first, again = (once(cast, add_branch) for _time in range(2))
    assert (first.replayed, again.replayed) == (False, True)
    assert (again.status, again.body, again.headers) == (first.status, first.body, first.headers)
    assert branches(session) == 1


@pytest.mark.parametrize(
    ("who", "told"), [("manager", "that"), ("storekeeper", "this"), ("storekeeper", "that")]
)
def test_a_key_is_bound_to_its_person_and_request(cast: Cast, session: Session, who: str, told: str) -> None:
    once(cast, add_branch)
    person_id = getattr(cast, who).person_id
    with pytest.raises(Invalid, match="idempotency_key_reused") as refusal:
        find(KEY, person_id, told)
    assert list(refusal.value.errors) == ["Idempotency-Key"]
    with pytest.raises(Invalid, match="idempotency_key_reused"):
        run_once(KEY, person_id, told, add_branch)
    assert branches(session) == 1


@pytest.mark.parametrize("fault", [Conflict("stock_short", "Too little."), RuntimeError("broken")])
def test_what_failed_leaves_neither_effect_nor_key(cast: Cast, session: Session, fault: Exception) -> None:
    def fails(session: Session) -> Answer:
        add_branch(session)
        raise fault

    with pytest.raises(type(fault)):
        once(cast, fails)
    assert branches(session) == 0
    assert find(KEY, cast.manager.person_id) is None
    assert not once(cast, add_branch).replayed


def test_a_refusal_that_is_the_echo_of_the_own_effect_becomes_the_answer(
    cast: Cast, session: Session
) -> None:
    """A copy was carried out before ours: what is a conflict now is its effect, and its answer is ours."""

    def echo(_session: Session) -> Answer:
        raise Conflict("already_completed", "It is done already.")

    write_transaction(
        lambda session: idempotency.store_answer(session, KEY, cast.manager.person_id, "this", DONE)
    )
    answer = once(cast, echo)
    assert (answer.body, answer.replayed) == (DONE.body, True)


def test_only_the_kept_copy_is_without_secrets(cast: Cast) -> None:
    answers = [once(cast, add_branch, stored=lambda _answer: Answer(201, "{}")) for _time in range(2)]
    assert [answer.body for answer in answers] == [DONE.body, "{}"]


def test_old_keys_are_forgotten_and_may_be_used_anew(
    cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    once(cast, add_branch)
    then = clock.now()
    monkeypatch.setattr(clock, "now", lambda: then + timedelta(days=89))
    assert write_transaction(idempotency.forget_old) == 0
    monkeypatch.setattr(clock, "now", lambda: then + timedelta(days=91))
    assert write_transaction(idempotency.forget_old) == 1
    assert session.scalars(select(IdempotencyKey)).all() == []


def test_a_fingerprint_tells_requests_apart_and_hides_them(app: Flask) -> None:
    with app.app_context():
        asked = [
            ("POST", "/a", None, {"x": 1, "y": 2}),
            ("PUT", "/a", None, {"x": 1, "y": 2}),
            ("POST", "/b", None, {"x": 1, "y": 2}),
            ("POST", "/a", 1, {"x": 1, "y": 2}),
            ("POST", "/a", None, {"x": "1", "y": 2}),
            ("POST", "/a", None, {"x": True, "y": 2}),
            ("POST", "/a", None, {"x": 1.0, "y": 2}),
            ("POST", "/a", None, {"x": [1], "y": 2}),
            ("POST", "/a", None, {}),
            ("POST", "/a", None, None),
            ("POST", "/a", None, {"x": "\ud800"}),
        ]
        marks = {fingerprint(*one) for one in asked}
        assert len(marks) == len(asked)
        assert {len(mark) for mark in marks} == {64}
        assert fingerprint({"x": 1, "y": 2}) == fingerprint({"y": 2, "x": 1})
        app.config["SECRET_KEY"], kept = "another", app.config["SECRET_KEY"]
        try:
            assert fingerprint(*asked[0]) not in marks
        finally:
            app.config["SECRET_KEY"] = kept
