"""What a device kept and sends later: the same forms in JSON; once, at its time, as its own person."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from supply import clock
from tests.cast import Cast
from tests.client import OneLookClient
from tests.treatments import MUCH, level, look, open_spa, plan
from tests.web.browsing import MOST_STATEMENTS, frame_of, sign_in, statements

HOUR_MS = 3_600_000
JSON = {"Accept": "application/json"}
LATER = JSON | {"Prefer": "return=minimal"}


def life(client: FlaskClient) -> dict[str, str]:
    told: dict[str, str] = client.get("/sign-of-life").get_json()
    return told


def send(
    client: FlaskClient, path: str, key: str = "", headers: dict[str, str] = LATER, **more: Any
) -> TestResponse:
    """As js/sending.js does."""
    alive = life(client)
    frame = {"csrf_token": alive["csrf_token"], "idempotency_key": key or uuid4().hex}
    frame |= {"kept_by": alive["person"], "waited_ms": str(HOUR_MS)}
    return client.post(path, data=frame | more, headers=headers)


def completion(visit_id: UUID | str, position: int = 4) -> str:
    return f"/visits/{visit_id}/steps/{position}/completion"


def test_it_is_recorded_once_and_at_the_time_of_the_tap(app: Flask, client: FlaskClient, cast: Cast) -> None:
    items = open_spa(cast)
    visit_id = plan(cast).visit.id
    sign_in(client, cast.therapist)
    key = uuid4().hex
    first = send(client, completion(visit_id), key)
    again = send(client, completion(visit_id), key, waited_ms=2 * HOUR_MS)
    assert (first.status_code, again.status_code) == (200, 200), first.text
    assert first.get_json() == again.get_json() == {"location": f"/visits/{visit_id}#step-4"}
    assert level(cast, items["ginger"])[0] == MUCH - 100_000
    done = look(cast, visit_id).step(4).completion
    assert done is not None
    assert timedelta() < done.recorded_at - done.happened_at - timedelta(hours=1) < timedelta(minutes=1)
    assert "is recorded" not in client.get(f"/visits/{visit_id}").text, "nobody followed, so nothing is said"
    assert send(client, completion(visit_id, 1), headers=JSON).status_code == 200
    assert "Step 1 is recorded" in client.get(f"/visits/{visit_id}").text


@pytest.mark.parametrize(
    ("who", "position", "more", "status", "code", "words"),
    [
        ("storekeeper", 4, {}, 403, "not_permitted", "Your role does not allow this"),
        ("outsider", 4, {}, 404, "visit_not_found", ""),
        ("therapist", 9, {}, 404, "step_not_found", "no such step"),
        ("therapist", 4, {"lines-0-amount": "x"}, 422, "invalid", "Something does not fit"),
        ("therapist", 4, {"waited_ms": "-1"}, 422, "waited_unclear", "incomplete"),
        ("therapist", 4, {"waited_ms": 90 * 24 * HOUR_MS}, 422, "waited_too_long", "months"),
        ("therapist", 4, {"kept_by": str(uuid4())}, 403, "kept_for_other", "somebody else"),
        ("therapist", 4, {"csrf_token": "old"}, 400, "form_expired", "grown old"),
    ],
)
def test_a_refusal_is_told_in_words(
    app: Flask,
    client: FlaskClient,
    cast: Cast,
    who: str,
    position: int,
    more: dict[str, Any],
    status: int,
    code: str,
    words: str,
) -> None:
    items = open_spa(cast)
    visit_id = plan(cast).visit.id
    sign_in(client, getattr(cast, who))
    answer = send(client, completion(visit_id, position), **more)
    told = answer.get_json()
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code), told
    assert words in told["detail"]
    assert answer.mimetype == "application/problem+json"
    assert level(cast, items["ginger"])[0] == MUCH


def test_what_is_short_is_told_and_the_key_stays_free(app: Flask, client: FlaskClient, cast: Cast) -> None:
    items = open_spa(cast, quantity=0)
    visit_id = plan(cast).visit.id
    sign_in(client, cast.therapist)
    key = uuid4().hex
    assert send(client, completion(visit_id), key).get_json()["code"] == "stock_short"
    assert send(client, completion(visit_id), key, consent_to_shortage="on").status_code == 200
    assert level(cast, items["ginger"])[0] == 0


def test_what_comes_before_a_step_is_judged_as_it_arrives(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    """Its reading, a consent, what gives way, a skip taken back: with their time, a conflict in words."""
    items = open_spa(cast)
    hurt, expecting = (plan(cast, guests=[[code]]).visit.id for code in ("injury-prone-areas", "pregnancy"))
    sign_in(client, cast.therapist)
    consent = frame_of(client.get(f"/visits/{expecting}").text, f"/visits/{expecting}/consents")
    told = {name: consent[name] for name in ("guest_position", "rule_id", "rule_version", "step")}
    line = f"/visits/{expecting}/steps/3/lines/1/substitution"
    asked: list[tuple[str, dict[str, Any], str]] = [
        (f"/visits/{hurt}/steps/6/start", {"acknowledged": "injury-prone-areas"}, "still waits"),
        (f"/visits/{expecting}/consents", told | {"rule_version": 9}, "was changed meanwhile"),
        (f"/visits/{expecting}/consents", told, "is on record"),
        (line, {"item_id": items["ginger"]}, "cannot stand in here"),
        (line, {"item_id": ""}, ""),
        (f"/visits/{expecting}/steps/3/skip/reversal", {}, "not skipped"),
    ]
    answers = [[send(client, path, **typed) for _turn in (1, 2)] for path, typed, _words in asked]
    assert [[answer.status_code for answer in two] for two in answers] == [
        [200, 409],
        [409, 409],
        [200, 409],
        [409, 409],
        [200, 200],
        [409, 409],
    ]
    for (path, _typed, words), (_first, second) in zip(asked, answers, strict=True):
        assert words in second.get_json().get("detail", ""), path
    (agreed,) = look(cast, expecting).records
    assert timedelta() < agreed.recorded_at - agreed.happened_at - timedelta(hours=1) < timedelta(minutes=1)
    assert look(cast, hurt).step(6).acknowledged_by == "therapist"


def test_nothing_is_sent_as_somebody_else(app: Flask, client: FlaskClient, cast: Cast) -> None:
    items = open_spa(cast)
    path = completion(plan(cast).visit.id)
    assert client.get("/sign-of-life").status_code == 303, "nobody is signed in"
    sign_in(client, cast.therapist)
    old = life(client)
    frame = {"csrf_token": old["csrf_token"], "idempotency_key": uuid4().hex}
    other = OneLookClient(app)
    sign_in(other, cast.manager)
    assert life(other)["person"] != old["person"]
    assert other.post(path, data=frame, headers=JSON).get_json()["code"] == "form_expired"
    mine = {**frame, "csrf_token": life(other)["csrf_token"], "kept_by": old["person"]}
    assert other.post(path, data=mine, headers=JSON).get_json()["code"] == "kept_for_other"
    assert level(cast, items["ginger"])[0] == MUCH


def test_the_worker_keeps_todays_pages_of_who_is_signed_in(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    open_spa(cast)
    visit_id = plan(cast, planned_at=clock.now()).visit.id
    assert client.get("/kept-pages").status_code == 303, "nobody is signed in"
    script = client.get("/service-worker")
    assert script.mimetype == "text/javascript"
    assert "no-store" in script.headers["Cache-Control"]
    (drawn,) = re.findall(r"/static/\w+/js/app.js", script.text.splitlines()[1])
    assert drawn in client.get("/sign-in").text
    assert "worker-src 'self'" in script.headers["Content-Security-Policy"]
    steps = {f"/visits/{visit_id}/steps/4/{name}" for name in ("adjust", "skip")}
    for who, seen in (("therapist", True), ("outsider", False), ("storekeeper", True)):
        sign_in(client, getattr(cast, who))
        with statements() as asked:
            pages = set(client.get("/kept-pages").get_json()["pages"])
        assert len(asked) <= MOST_STATEMENTS
        assert (f"/visits/{visit_id}" in pages) is seen
        assert (steps <= pages) is (who == "therapist")
        for page in pages:
            body = client.get(page).text.partition("<body ")[2].partition(">")[0]
            assert " data-keep " in body + " ", page
