"""How forms are read, refused, repeated, and what they show of their schema: web/pages.py, web/forms.py."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from flask_babel import Babel
from marshmallow import fields, validate
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from supply.domain.people.models import ApiToken
from supply.errors import Invalid
from supply.fields import Amount, BaseSchema, Code, Day, Moment, Text, Tick, Whole
from supply.web.fieldspecs import spec
from supply.web.forms import FormState, branch_of_key, faults_of, load, load_query, new_key, read
from supply.web.session import safe_next
from tests.cast import Cast
from tests.client import OneLookClient
from tests.web.browsing import frame_of, sign_in

ITEM = "0198f7a0-0000-7000-8000-000000000001"


class Line(BaseSchema):
    item_id = fields.UUID(required=True)
    amount = Amount(required=True)
    unit = Text(required=True, max_length=20)
    lot_number = Text(max_length=60)


class Document(BaseSchema):
    reference = Code(required=True)
    happened_at = Moment()
    expires_on = Day(allow_none=True)
    tubs = Whole(minimum=1, maximum=14)
    confirmed = Tick(load_default=False)
    tags = fields.List(fields.String(validate=validate.OneOf(["a", "b"])))
    lines = fields.List(fields.Nested(Line), required=True, validate=validate.Length(min=1, max=50))


def typed(**more: str) -> MultiDict[str, str]:
    given = {
        "csrf_token": "x",
        "reference": "D-1",
        "lines-2-item_id": ITEM,
        "lines-2-amount": "1,25",
        "lines-2-unit": "kg",
    }
    return MultiDict(given | {name.replace("__", "-"): value for name, value in more.items()})


@pytest.fixture(scope="module")
def words() -> Flask:
    """Just enough of an application for messages to find their words."""
    app = Flask("words")
    Babel(app)
    return app


def refused(words: Flask, values: MultiDict[str, str]) -> dict[str, list[str]]:
    with words.test_request_context():
        reading = read(Document(), values, "Asia/Ho_Chi_Minh")
        with pytest.raises(Invalid) as caught:
            load(Document(), reading)
        return faults_of(caught.value, None)


def test_a_form_is_read_like_json(words: Flask) -> None:
    values = typed(happened_at="2026-11-22T10:00", expires_on="22/11/2026", confirmed="on")
    values.setlist("tags", ["a", "b"])
    with words.test_request_context():
        data = load(Document(), read(Document(), values, "Asia/Ho_Chi_Minh"))
    assert data["happened_at"].isoformat() == "2026-11-22T03:00:00+00:00"
    assert data["expires_on"].isoformat() == "2026-11-22"
    assert data["confirmed"] is True
    assert data["tags"] == ["a", "b"]
    assert str(data["lines"][0]["amount"]) == "1.25"


def test_empty_rows_are_not_meant_and_faults_name_the_row_that_was_drawn(words: Flask) -> None:
    faults = refused(words, typed(lines__0__unit="g", lines__7__lot_number="L1"))
    assert set(faults) == {"lines-7-item_id", "lines-7-amount", "lines-7-unit"}


def test_rows_that_the_server_filled_in_are_not_meant_either(words: Flask) -> None:
    values = typed(lines__0__item_id=ITEM, lines__0__unit="g", lines__0___given="item_id,unit")
    with words.test_request_context():
        assert len(load(Document(), read(Document(), values, "UTC"))["lines"]) == 1


@pytest.mark.parametrize("name", ["evil", "id", "lines-2-cost", "person_id"])
def test_what_the_schema_lacks_is_refused(words: Flask, name: str) -> None:
    values = typed()
    values[name] = "1"
    assert name in refused(words, values)


@pytest.mark.parametrize("amount", ["1.2.3", "1e3", "-1", "٣", "NaN", "", "0", "1,2,3"])
def test_amounts_that_cannot_be_meant(words: Flask, amount: str) -> None:
    values = typed()
    values["lines-2-amount"] = amount
    assert "lines-2-amount" in refused(words, values)


def test_a_query_forgets_what_it_does_not_understand(words: Flask) -> None:
    with words.test_request_context():
        told = load_query(
            Document(only=["tubs", "reference"], partial=True), MultiDict({"tubs": "99", "x": "1"})
        )
    assert told == {}


def test_inputs_bear_the_limits_of_the_schema(words: Flask) -> None:
    with words.test_request_context():
        assert (spec(Document, "tubs").minimum, spec(Document, "tubs").maximum) == (1, 14)
        amount = spec(Document, "lines.3.amount", label="Amount")
        assert (amount.name, amount.kind, amount.unit_name) == ("lines-3-amount", "quantity", "lines-3-unit")
        assert amount.required
        assert spec(Document, "reference").pattern == r"[A-Za-z0-9][A-Za-z0-9._\-]*"
        assert spec(Document, "lines.0.lot_number").max_length == 60
        assert spec(Document, "tags", choices=[("a", "A")]).kind == "checkbox"


def test_a_refused_form_keeps_everything() -> None:
    state = FormState(values=MultiDict({"name": "Gừng", "lines-4-amount": "2"}), endpoint="x.y", sent_key="k")
    assert state.value("name", "other") == "Gừng"
    assert state.value("box", "on") == ""
    assert state.value("ticks", ["a"]) == []
    assert state.of("x.z").value("name", "other") == "other"
    assert state.key == "k"
    assert list(state.rows("lines")) == [0, 1, 2, 3, 4]


def test_a_key_remembers_the_branch() -> None:
    branch_id = UUID(ITEM)
    assert branch_of_key(new_key(branch_id)) == branch_id
    assert branch_of_key(new_key()) is None
    assert branch_of_key("x.y") is None


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\tevil",
        "evil",
        "\\\\evil",
        "/x\r\nSet-Cookie: a=b",
        "",
        None,
        "/" + "x" * 3000,
        "///evil.example",
    ],
)
def test_next_leads_nowhere_else(target: str | None) -> None:
    assert safe_next(target, "/home") == "/home"


def test_next_leads_to_a_page() -> None:
    assert safe_next("/stock?q=gung&x=%2F", "/home") == "/stock?q=gung&x=%2F"


def token_form(client: OneLookClient) -> dict[str, object]:
    fields_ = frame_of(client.get("/tokens/new").text, "/tokens")
    return {**fields_, "name": "Scanner", "scopes": ["stock:see"], "days": "30"}


def tokens(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(ApiToken)) or 0


def test_the_same_form_sent_twice_is_done_once(client: OneLookClient, cast: Cast, session: Session) -> None:
    sign_in(client, cast.manager)
    form = token_form(client)
    first, second = client.post("/tokens", data=form), client.post("/tokens", data=form)
    assert (first.status_code, second.status_code) == (200, 303)
    assert "spl_" in first.text
    assert "spl_" not in client.get("/tokens").text
    assert tokens(session) == 1


def test_the_same_key_for_something_else_is_refused_and_may_be_sent_anew(
    client: OneLookClient, cast: Cast, session: Session
) -> None:
    sign_in(client, cast.manager)
    form = token_form(client)
    client.post("/tokens", data=form)
    again = client.post("/tokens", data=form | {"name": "Another"})
    assert again.status_code == 422
    assert "sent already" in again.text
    assert "Another" in again.text
    fresh = frame_of(again.text, "/tokens")
    assert fresh["idempotency_key"] != form["idempotency_key"]
    assert client.post("/tokens", data=form | {"name": "Another"} | fresh).status_code == 200
    assert tokens(session) == 2


@pytest.mark.parametrize("key", ["", "x", "a" * 500, "0" * 31, "' or 1=1"])
def test_a_form_without_a_key_is_not_done(
    client: OneLookClient, cast: Cast, session: Session, key: str
) -> None:
    sign_in(client, cast.manager)
    answer = client.post("/tokens", data=token_form(client) | {"idempotency_key": key})
    assert answer.status_code == 422
    assert "Scanner" in answer.text
    assert tokens(session) == 0


def test_a_refused_form_leaves_its_key_free(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.manager)
    form = token_form(client)
    answer = client.post("/tokens", data=form | {"days": "0"})
    assert answer.status_code == 422
    assert frame_of(answer.text, "/tokens")["idempotency_key"] == form["idempotency_key"]
    assert client.post("/tokens", data=form).status_code == 200


def test_every_action_leads_back_to_a_page_that_is_there(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        back = getattr(app.view_functions[rule.endpoint], "back", None)
        if back is not None:
            wanted = next(app.url_map.iter_rules(back)).arguments
            assert wanted <= rule.arguments, f"{rule.endpoint} cannot lead back to {back}"
