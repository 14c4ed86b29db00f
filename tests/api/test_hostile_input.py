"""Numbers, texts and bodies made to break something: the sender's fault, told at once, nothing stored."""

from __future__ import annotations

import gzip
import json
import resource
import socket
import time
import uuid
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from supply.domain.ledger.models import Movement
from supply.domain.receiving.models import Delivery
from supply.domain.suppliers.models import Supplier
from supply.quantity import MAX_BASE
from tests import goods as shop
from tests.api.calling import Caller, make_token
from tests.cast import Cast
from tests.goods import Goods

AMOUNTS: list[Any] = [
    "NaN", "Infinity", "-Infinity", "1e400", "1E5", "1e-30", "-0", "-1", "+1", "0", "0.0", "0.0000001",
    "9" * 5_000,    "9" * 13, "0." + "0" * 5_000 + "1", "", " ", "1 000", "1,5", "1.", ".5", "0x10",
    "1_000", "١٢", "１２", "½", "²",
    "1\u0000", "1\n", "\ud800", 1, 1.5, 0, -0.0, 1e300, True, False, None, [], {}, ["1"], {"$gt": ""},
]  # fmt: skip
RAW_NUMBERS = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "-1e400",
    "9" * 5_000,
    "1e-30",
    "-0",
    "-0.0",
    "01",
    "1.",
    ".5",
]
TEXTS = {
    "NUL": "a\x00b",
    "a lone surrogate": "\ud83d",
    "70 kB": "a" * 70_000,
    "a bidi override": "gừng\u202egnp.exe",
    "a zero-width space": "gừ\u200bng",
    "an escape": "\x1b[2J",
    "a line break": "one\ntwo",
    "only spaces": " \u00a0\u2003 ",
    "nothing": "",
}
SLOW = 1.0


class Stopwatch:
    """Holds an answer to a second, also on a busy machine: the processor's time counts."""

    def __enter__(self) -> Stopwatch:
        self.began = time.process_time()
        return self

    def __exit__(self, *_error: object) -> None:
        assert time.process_time() - self.began < SLOW


@pytest.fixture
def goods(cast: Cast) -> Goods:
    return shop.stock_up(cast)


@pytest.fixture
def storekeeper(client: FlaskClient, cast: Cast) -> Caller:
    return Caller(client, cast.storekeeper)


@pytest.fixture
def manager(client: FlaskClient, cast: Cast) -> Caller:
    return Caller(client, cast.manager)


def stored(session: Session) -> tuple[int, ...]:
    """How much there is of what the requests below would write."""
    rows = [
        session.scalar(select(func.count()).select_from(table)) or 0
        for table in (Movement, Delivery, Supplier)
    ]
    session.rollback()
    return tuple(rows)


def delivery(cast: Cast, goods: Goods, **line: Any) -> dict[str, Any]:
    one = {
        "item_id": str(goods.ginger),
        "amount": "2",
        "unit": "kg",
        "lot_number": "G-1",
        "expires_on": shop.LATER.isoformat(),
    }
    return {"branch_id": str(cast.branch_id), "supplier_id": str(goods.farm), "lines": [one | line]}


def supplier(**facts: Any) -> dict[str, Any]:
    return {"code": "FARM-7", "name": "Seventh farm", "lead_time_days": 2} | facts


def post(caller: Caller, path: str, body: bytes, **headers: str) -> Any:
    sent = {
        "Authorization": f"Bearer {caller.secret}",
        "Idempotency-Key": uuid.uuid4().hex,
        "Content-Type": "application/json",
    }
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    with Stopwatch():
        return caller.client.post(f"/api/v1{path}", data=body, headers=sent)


# --- numbers -----------------------------------------------------------------------------------------------


def test_an_amount_is_a_plain_decimal_text(
    storekeeper: Caller, cast: Cast, goods: Goods, session: Session
) -> None:
    before = stored(session)
    for amount in AMOUNTS:
        with Stopwatch():
            answer = storekeeper.send("POST", "/deliveries", delivery(cast, goods, amount=amount))
        assert answer.status_code == 422, amount
        assert list(answer.get_json()["errors"]) == ["lines.0.amount"], amount
    assert stored(session) == before


def test_a_number_is_a_plain_whole_one(manager: Caller, session: Session) -> None:
    before = stored(session)
    for number in RAW_NUMBERS:
        body = json.dumps(supplier(lead_time_days="here")).replace('"here"', number).encode()
        answer = post(manager, "/suppliers", body)
        if number == "-0":
            continue  # JSON's -0 is the whole number 0
        assert answer.status_code in (400, 422), number
    for value in (True, 1.0, 1.5, "1e2", "١٢", -1, 10**30, [], {}):
        answer = post(manager, "/suppliers", json.dumps(supplier(lead_time_days=value)).encode())
        assert answer.status_code == 422, value
        assert list(answer.get_json()["errors"]) == ["lead_time_days"], value
    assert stored(session)[:2] == before[:2]


def test_what_a_unit_cannot_hold_is_refused_not_rounded(
    storekeeper: Caller, cast: Cast, goods: Goods, session: Session
) -> None:
    before = stored(session)
    for amount, unit, code in (
        ("0.0005", "g", "quantity_inexact"),
        ("0.000001", "g", "quantity_inexact"),
        ("999999999999", "carton", "quantity_too_large"),
    ):
        answer = storekeeper.send("POST", "/deliveries", delivery(cast, goods, amount=amount, unit=unit))
        assert (answer.status_code, answer.get_json()["code"]) == (422, code), amount
    assert stored(session) == before


@pytest.mark.both_databases
def test_many_largest_amounts_do_not_overflow(storekeeper: Caller, cast: Cast, goods: Goods) -> None:
    """Whatever is let in can be summed and shown."""
    largest = str(MAX_BASE // shop.KG)
    answers = [
        storekeeper.send("POST", "/deliveries", delivery(cast, goods, amount=largest, unit="kg"))
        for _time in range(12)
    ]
    assert {answer.status_code for answer in answers} == {201}
    for path in ("/stock-levels", "/lots", "/flags", "/deliveries"):
        assert storekeeper.get(path, branch_id=str(cast.branch_id))["next_cursor"] is None


# --- text --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_cannot_be_meant(manager: Caller, session: Session, name: str) -> None:
    before = stored(session)
    answer = post(manager, "/suppliers", json.dumps(supplier(name=TEXTS[name])).encode())
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == ["name"]
    assert stored(session) == before


@pytest.mark.parametrize("name", TEXTS)
def test_the_same_in_a_search(manager: Caller, name: str) -> None:
    text = TEXTS[name].encode("utf-8", "surrogatepass")
    with Stopwatch():
        answer = manager.client.get(
            "/api/v1/items",
            query_string={"search": text},
            headers={"Authorization": f"Bearer {manager.secret}"},
        )
    assert answer.status_code in (200, 414, 422)


@pytest.mark.parametrize(
    "search", ["%", "_", "\\", "'", '"', "'; DROP TABLE item; --", "(", "*", "%00", "{{7*7}}"]
)
def test_a_search_is_only_words(manager: Caller, goods: Goods, search: str) -> None:
    assert manager.get("/items", search=search)["data"] == []


def test_vietnamese_and_signs_come_back_as_they_went_in(manager: Caller) -> None:
    name = "Gừng tươi <b>'\"&</b> =1+1 {{7*7}}"
    assert manager.done("POST", "/suppliers", supplier(name=name))["name"] == name
    apart = manager.done("POST", "/suppliers", supplier(code="FARM-8", name="Gu\u031b\u0300ng"))
    assert apart["name"] == "Gừng"


# --- bodies ------------------------------------------------------------------------------------------------

BODIES: dict[str, tuple[bytes, set[int]]] = {
    "100,000 brackets": (b"[" * 100_000, {400}),
    "100,000 objects": (b'{"a":' * 100_000, {400}),
    "brackets in a field": (b'{"code": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", {400}),
    "a name twice": (b'{"code": "A", "code": "B", "name": "N", "lead_time_days": 1}', {400}),
    "bytes that are not UTF-8": (b'{"code": "A\xff"}', {400}),
    "a cut surrogate": (b'{"code": "\xed\xa0\x80"}', {400, 422}),
    "UTF-16": (json.dumps({"code": "A"}).encode("utf-16"), {400, 422}),
    "a byte order mark": (b"\xef\xbb\xbf{}", {400, 422}),
    "half of it": (b'{"code": "A"', {400}),
    "more than one": (b"{}{}", {400}),
    "a list": (b"[]", {422}),
    "a text": (b'"x"', {422}),
    "null": (b"null", {422}),
    "nothing": (b"", {422}),
    "NUL": (b"\x00", {400}),
    "100,000 unknown fields": (json.dumps({f"f{n}": 1 for n in range(60_000)}).encode(), {413, 422}),
    "many lines of many lines": (
        json.dumps({"completions": [{"lines": [{}] * 150_000}] * 2}).encode(),
        {413, 422},
    ),
    "100,000 lines": (json.dumps({"lines": [{}] * 100_000}).encode(), {413, 422}),
    "too large": (b'{"name": "' + b"a" * 2_000_000 + b'"}', {413}),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_cannot_be_meant(manager: Caller, session: Session, name: str) -> None:
    before = stored(session)
    body, statuses = BODIES[name]
    for path in ("/suppliers", "/requisitions", "/step-completions"):
        answer = post(manager, path, body)
        assert answer.status_code in statuses, answer.text[:500]
        assert answer.content_type == "application/problem+json"
        assert len(answer.data) < 100_000
    assert stored(session) == before


def test_a_bomb_is_not_unpacked(manager: Caller, session: Session) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bomb = gzip.compress(b" " * 50_000_000)
    for encoding in ("gzip", "deflate", "br", "identity, gzip"):
        assert post(manager, "/suppliers", bomb, Content_Encoding=encoding).status_code == 415
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json"]
)
def test_only_json_is_json(manager: Caller, session: Session, kind: str) -> None:
    before = stored(session)
    assert post(manager, "/suppliers", json.dumps(supplier()).encode(), Content_Type=kind).status_code == 415
    assert stored(session) == before


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("length", ["3221225472", "9" * 40, "-1", "x", "0x10"])
def test_a_declared_length_is_not_waited_for(port: int, cast: Cast, length: str) -> None:
    secret = make_token(cast.manager)
    head = [
        "POST /api/v1/suppliers HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {secret}",
        f"Idempotency-Key: {uuid.uuid4().hex}",
        "Content-Type: application/json",
        f"Content-Length: {length}",
        "Connection: close",
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall("\r\n".join([*head, "", "{"]).encode())
        answer = connection.recv(200).decode()
    assert answer.split()[1] in ("400", "413", "422"), answer


# --- fields that are nobody's to set -----------------------------------------------------------------------


def test_unknown_fields_are_refused_by_every_write(manager: Caller, client: FlaskClient, cast: Cast) -> None:
    """Mass assignment: a body with one field too many is refused before anything is looked up."""
    document = client.get("/api/v1/openapi.json").get_json()
    admin = Caller(client, cast.admin)
    nobody = str(uuid.uuid4())
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in ("get", "parameters"):
                continue
            (needed,) = operation["security"][0]["bearer"]
            caller = admin if needed in ("branch:manage", "people:manage") else manager
            body = (
                operation.get("requestBody", {"content": {"": {}}})["content"].popitem()[1].get("example")
                or {}
            )
            address = path.removeprefix("/api/v1").replace("{position}", "1").replace("{line_position}", "1")
            for part in [part for part in address.split("/") if part.startswith("{")]:
                address = address.replace(part, nobody)
            answer = caller.send(
                method.upper(), address, body | {"recorded_at": "2020-01-01T00:00:00Z"}, If_Match='"1"'
            )
            assert answer.status_code == 422, (method, path, answer.text)
            assert "recorded_at" in answer.get_json()["errors"], (method, path, answer.text)


def test_unknown_questions_are_refused_by_every_read(client: FlaskClient, cast: Cast) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    manager, nobody = Caller(client, cast.manager), str(uuid.uuid4())
    for path, methods in document["paths"].items():
        if "get" not in methods:
            continue
        address = path.removeprefix("/api/v1").replace("{position}", "1").replace("{line_position}", "1")
        for part in [part for part in address.split("/") if part.startswith("{")]:
            address = address.replace(part, nobody)
        answer = manager.send("GET", f"{address}?password_hash=x")
        assert answer.status_code == 422, (path, answer.text)
        assert "password_hash" in answer.get_json()["errors"], path


@pytest.mark.parametrize("place", ["1e3", "0", "-1", "9" * 30, "١", "1.0", "%00", "..%2f..", "a" * 5_000])
def test_a_position_that_is_none_is_not_found(manager: Caller, place: str) -> None:
    for path in (f"/visits/{uuid.uuid4()}/steps/{place}/completion", f"/suppliers/{place}"):
        method = "POST" if "completion" in path else "GET"
        assert manager.send(method, path, {} if method == "POST" else None).status_code in (404, 422)


@pytest.mark.parametrize(
    "header", ["Idempotency-Key", "If-Match", "If-None-Match", "Accept-Language", "X-Request-Id"]
)
def test_strange_headers_break_nothing(manager: Caller, header: str) -> None:
    made = manager.done("POST", "/suppliers", supplier())
    for value in ("a" * 8_000, "\u00ff\u00fe", '"9999999999999999999"', "*", 'W/"1"', "q=;;,,=", "../../etc"):
        sent = {"Authorization": f"Bearer {manager.secret}", "If-Match": '"1"'} | {header: value}
        answer = manager.client.put(f"/api/v1/suppliers/{made['id']}", json=supplier(name=""), headers=sent)
        assert 400 <= answer.status_code < 500, value
        got = manager.client.get(f"/api/v1/suppliers/{made['id']}", headers=sent)
        assert got.status_code in (200, 304), value
        assert len(got.headers["X-Request-Id"]) <= 64
