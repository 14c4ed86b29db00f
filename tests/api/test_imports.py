"""Imports over the API: a file given, looked at, applied once, taken back; what is no file is refused."""

from __future__ import annotations

from base64 import b64encode

from flask.testing import FlaskClient

from tests.api.calling import Caller
from tests.cast import Cast

FILE = "Mã;Tên;Nhóm;Đơn vị\ngung;Gừng;củ;kg\nque;Quế;đá;kg\n"


def given(cast: Cast, text: str = FILE, kind: str = "items") -> dict[str, str]:
    content = b64encode(text.encode("utf-16")).decode()
    return {"branch_id": str(cast.branch_id), "kind": kind, "file_name": "items.csv", "content": content}


def test_an_import_from_the_file_to_its_undoing(client: FlaskClient, cast: Cast) -> None:
    manager = Caller(client, cast.manager)
    file = manager.done("POST", "/imports", given(cast))
    here = f"/imports/{file['id']}"
    assert file["state"] == "read"
    columns = [
        {name: column[name] for name in ("column", "place", "otherwise")}
        for column in file["columns"]
        if column["place"]
    ]
    assert [column["column"] for column in columns] == ["code", "name_vi", "category", "stock_unit"]
    seen = manager.done("PUT", f"{here}/preview", {"columns": columns}, If_Match='"1"')
    assert seen["counts"] == {"create": 1, "change": 0, "skip": 0, "error": 1}
    (bad,) = manager.get(f"{here}/rows", outcome="error")["data"]
    assert (bad["number"], bad["cells"][0]) == (3, "que")
    assert bad["faults"] == [{"column": "category", "expected": "Choose one of the list.", "found": "đá"}]
    # Whoever opens it reads it in their own language.
    other = manager.send("GET", f"{here}/rows?outcome=error", Accept_Language="vi").get_json()["data"][0]
    assert other["faults"][0]["expected"] == "Hãy chọn trong danh sách."
    faulty = manager.send("POST", f"{here}/application", If_Match=f'"{seen["version"]}"')
    assert (faulty.status_code, faulty.get_json()["code"]) == (409, "import_faulty")
    right = FILE.replace("đá", "vỏ")
    file = manager.done("POST", "/imports", given(cast, right))
    here = f"/imports/{file['id']}"
    # The columns are named as the last time.
    assert [column["place"] for column in file["columns"][:4]] == [1, 2, None, 3]
    seen = manager.done("PUT", f"{here}/preview", {"columns": columns}, If_Match='"1"')
    first = manager.get(f"{here}/rows", limit=1)
    assert first["data"][0]["changes"][0] == {"column": "code", "before": "", "after": "gung"}
    assert manager.get(f"{here}/rows", limit=1, cursor=first["next_cursor"])["data"][0]["subject"] == "que"
    stale = manager.send("POST", f"{here}/application", If_Match='"1"')
    assert stale.status_code == 412
    key, tag = "the-same-key", f'"{seen["version"]}"'
    done = [
        manager.send("POST", f"{here}/application", Idempotency_Key=key, If_Match=tag) for _time in range(2)
    ]
    assert [(one.status_code, one.get_json()["state"]) for one in done] == [(201, "applied")] * 2
    assert len(manager.get("/items")["data"]) == 2
    back = manager.done("POST", f"{here}/undoing", If_Match=done[0].headers["ETag"])
    assert (back["state"], back["undone"]["removed"]) == ("undone", 2)
    assert manager.get("/items")["data"] == []
    assert [one["state"] for one in manager.get("/imports", branch_id=str(cast.branch_id))["data"]] == [
        "undone",
        "previewed",
    ]


def test_a_file_is_looked_at_before_anything_else(client: FlaskClient, cast: Cast) -> None:
    manager = Caller(client, cast.manager)
    for content, words in (
        ("%%%", "Send the file in base64."),
        (b64encode(b"PK\x03\x04").decode(), "This workbook cannot be read."),
        (b64encode(b"code\n").decode(), "a row of headings"),
        (b64encode(b"x;y\n" * 1_200_000).decode(), "5 MB"),
    ):
        refused = manager.send("POST", "/imports", given(cast) | {"content": content})
        assert refused.status_code in (413, 422), refused.text
        if refused.status_code == 422:
            assert words in refused.get_json()["errors"]["content"][0] or words == "5 MB"
    for actor, status in ((cast.storekeeper, 403), (cast.therapist, 403), (cast.outsider, 404)):
        assert Caller(client, actor).send("POST", "/imports", given(cast)).status_code == status
