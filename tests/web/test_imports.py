"""The pages of imports: a file given, its columns named, its rows looked at, applied, taken back; exports."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from types import SimpleNamespace
from unittest.mock import Mock
from uuid import UUID, uuid4

import openpyxl
import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from supply import afterwards, importing, pacing
from supply.domain.imports import running
from supply.domain.imports.models import ImportState
from supply.errors import Conflict
from supply.i18n import lazy
from tests.cast import Cast
from tests.client import OneLookClient
from tests.web.browsing import frame_of, let_in, send, sign_in

FILE = "Mã;Tên;Loại;Đơn vị\ngung;Gừng;củ;kg\n=que;Quế;vỏ;kg\n"


def give(client: OneLookClient, content: str | bytes) -> TestResponse:
    raw = content.encode() if isinstance(content, str) else content
    fields = frame_of(client.get("/imports").text, "/imports")
    return client.post("/imports", data=fields | {"kind": "items", "file": (io.BytesIO(raw), "items.csv")})


def begin(client: OneLookClient, text: str) -> str:
    """A file given and previewed with its columns as they are named in it; the address of its page."""
    naming = give(client, text).headers["Location"]
    page = client.get(naming).text
    pattern = r'name="(columns-\d+-place)".*?(?:value="(\d+)" selected|</select>)'
    chosen = dict(re.findall(pattern, page, re.DOTALL))
    assert client.post(naming, data=frame_of(page, naming) | chosen).status_code == 303
    return naming.removesuffix("/columns")


def test_an_import_on_its_pages(app: Flask, client: OneLookClient, session: Session, cast: Cast) -> None:
    sign_in(client, cast.manager)
    assert 'value="items" selected' in client.get("/imports?kind=items").text
    naming = give(client, FILE).headers["Location"]
    here = naming.removesuffix("/columns")
    page = client.get(naming).text
    assert "Gừng" in page
    fields = frame_of(page, naming)
    numbers = {name: key.split("-")[1] for key, name in fields.items() if key.endswith("-column")}
    names = ("code", "name_vi", "category", "stock_unit")
    columns = {f"columns-{numbers[name]}-place": str(place) for place, name in enumerate(names, 1)}
    refused = client.post(naming, data=fields | {**columns, f"columns-{numbers['category']}-place": ""})
    assert refused.status_code == 422
    assert "Say which column of the file this is" in refused.text
    assert client.post(naming, data=fields | columns).headers["Location"] == here
    shown = client.get(here).text
    assert "1 row cannot be taken in" in shown
    assert "Found: “=que”" in shown
    rejects = list(csv.reader(io.StringIO(client.get(f"{here}/rejects").data.decode("utf-8-sig"))))
    assert rejects[0] == ["Mã", "Tên", "Loại", "Đơn vị", "Error"]
    assert rejects[1][0] == "'=que"
    assert "Code: " in rejects[1][-1]
    # The corrected file: its columns are remembered.
    here = begin(client, FILE.replace("=que", "que"))
    naming = f"{here}/columns"
    assert "Apply 2 rows" in client.get(here).text
    assert send(client, here, here).headers["Location"] == here
    assert "Applied: everything in the file is in." in client.get(here).text
    assert "Gừng" in client.get("/items").text
    assert send(client, f"{here}/undoing", f"{here}/undoing").headers["Location"] == here
    assert "Removed, since nothing was made of it" in client.get(here).text
    pages = ["/imports", naming, here, f"{here}/undoing"]
    opened = {page: {"manager"} for page in pages} | {"/imports": {"manager", "storekeeper"}}
    assert let_in(app, cast, pages) == opened


def test_what_is_given_must_be_a_table(client: OneLookClient, session: Session, cast: Cast) -> None:
    sign_in(client, cast.manager)
    for content, words in (
        (b"", "The file is empty."),
        (b"%PDF-1.7", "neither CSV nor XLSX"),
        (b"PK\x03\x04", "This workbook cannot be read."),
        (b"a;b\n1;2;3\n", "more cells than there are headings"),
    ):
        refused = give(client, content)
        assert refused.status_code == 422
        assert words in refused.text
    fields = frame_of(client.get("/imports").text, "/imports")
    assert "Choose a file first." in client.post("/imports", data=fields | {"kind": "items"}).text
    # The same form with another file is another request, not a repetition of the first.
    twice = [
        client.post("/imports", data=fields | {"kind": "items", "file": (io.BytesIO(text.encode()), "a.csv")})
        for text in (FILE, FILE, FILE + "x;X;củ;kg\n")
    ]
    assert [answer.status_code for answer in twice] == [303, 303, 422]
    assert twice[0].headers["Location"] == twice[1].headers["Location"]


@pytest.mark.parametrize("kind", ["items", "opening-stock", "past-usage", "suppliers", "recipes"])
def test_what_can_be_imported_can_be_exported(
    client: OneLookClient, session: Session, cast: Cast, kind: str
) -> None:
    sign_in(client, cast.storekeeper)
    answer = client.get(f"/exports/{kind}")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/exports/{kind}?format=xlsx").data))
    assert [cell.value for cell in book.active[1]] == answer.data.decode("utf-8-sig").splitlines()[0].split(
        ","
    )
    assert client.get("/exports/people").status_code == 404


class Later:
    """Instead of threads: what goes on after the answers, in their order, done when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.work: list[Callable[[], None]] = []
        monkeypatch.setattr(running, "SMALL", 1)
        monkeypatch.setattr(afterwards, "Thread", self._thread)

    def _thread(self, target: Callable[[], None], daemon: bool) -> SimpleNamespace:
        return SimpleNamespace(start=lambda: self.work.append(target))

    def do(self, *, times: int = 1) -> None:
        """The oldest, as often as it is taken up; who comes too late finds it done."""
        work = self.work.pop(0)
        for _time in range(times):
            work()


def planned(client: OneLookClient, later: Later, text: str) -> str:
    here = begin(client, text)
    later.do()
    return here


@pytest.mark.both_databases
def test_a_large_import_goes_on_once_after_each_answer(
    client: OneLookClient, session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = Later(monkeypatch)
    sign_in(client, cast.manager)
    here = begin(client, "code,name_vi,category,stock_unit\nla,Lá,herb,kg\nre,Rễ,root,kg\n")
    import_id = UUID(here.rsplit("/", 1)[-1])
    # Begun, and nobody here is at it: another machine is, so the bar is no number.
    assert "how far it is cannot be seen from here" in client.get(here).text
    assert "Being looked through" in client.get("/imports").text
    naming = f"{here}/columns"
    busy = client.post(naming, data=frame_of(client.get(naming).text, naming) | {"columns-0-place": "1"})
    assert (busy.status_code, "This import is being worked on." in busy.text) == (409, True)
    later.do(times=2)
    form = frame_of(client.get(here).text, here)
    assert client.post(here, data=form).headers["Location"] == here
    # Begun: a bar and no form, with and without script; a second tap joins, a repeated one is answered again.
    assert 'http-equiv="refresh"' in client.get(here).text
    for again in (form, form | {"idempotency_key": uuid4().hex}):
        assert client.post(here, data=again).headers["Location"] == here
    with pacing.telling(import_id):
        pacing.went(1)
        page = client.get(here).text
        assert '<progress value="1" max="4"' in page
        assert "Being applied" in page
        assert "Apply 2 rows" not in page
        later.work[0]()
        assert "25 % of the work" in client.get(here).text, "two are at it"
        left_behind = pacing._path(import_id).read_bytes()
    # Killed: the file lies there and nobody holds it.
    pacing._path(import_id).write_bytes(left_behind)
    page = client.get(here).text
    assert "Applying did not come to its end" in page
    assert client.post(here, data=frame_of(page, here)).headers["Location"] == here
    assert len(later.work) == 2
    # The disk is full: not even that it was given up can be written.
    with monkeypatch.context() as full:
        full.setattr(importing, "write_transaction", lambda _work: 1 / 0)
        later.work[1]()
    assert "Applying did not come to its end" in client.get(here).text
    later.work[1]()
    later.do()
    later.do()
    assert not pacing._path(import_id).exists()
    assert "Rễ" in client.get("/items").text
    undoing = f"{here}/undoing"
    page = frame_of(client.get(undoing).text, undoing)
    for again in (page, page | {"idempotency_key": uuid4().hex}):
        assert client.post(undoing, data=again).headers["Location"] == here
    with pacing.telling(import_id):
        pacing.went(3)
        assert "75 % of the work" in client.get(here).text
    later.do(times=2)
    assert "Removed, since nothing was made of it" in client.get(here).text
    assert "Rễ" not in client.get("/items").text
    assert not later.work


def test_what_keeps_a_large_import_from_going_on_is_told(
    client: OneLookClient, session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = Later(monkeypatch)
    sign_in(client, cast.manager)
    # What is found out under the lock is told, in the language of whoever looks; and it may be begun anew.
    here, twin = (
        planned(client, later, f"code,name_vi,category,stock_unit\nla,{name},herb,kg\n{code},Hoa,herb,kg\n")
        for name, code in (("Lá xông", "ho"), ("Lá lốt", "hat"))
    )
    for address in (here, twin):
        send(client, address, address)
    later.work.reverse()
    later.do()
    later.do()
    page = client.get(here).text
    assert "Not applied: nothing of the file is in" in page
    assert "Something changed since the preview." in page
    assert "Take it back" in client.get(twin).text
    # Every other way to end: the words belong to what was begun.
    send(client, f"{twin}/undoing", f"{twin}/undoing")
    refused = Conflict("already_used", lazy("Some of it was used already."))
    monkeypatch.setattr(running, "_NEXT", dict.fromkeys(ImportState, Mock(side_effect=refused)))
    later.do()
    page = client.get(twin).text
    assert "Not taken back: all of the file is still in" in page
    assert "Some of it was used already." in page
