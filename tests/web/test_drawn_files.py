"""The files that pages are drawn with: kept by the browser, and new as soon as any of them is."""

from __future__ import annotations

import re
from pathlib import Path

from flask.testing import FlaskClient

from supply.web.files import YEAR_S, files_of, stamp


def test_a_browser_keeps_them_whoever_asks_and_never_under_another_versions_address(
    client: FlaskClient,
) -> None:
    drawn = re.findall(r'(?:href|src)="(/(?:static|bootstrap)/[^"#]+)"', client.get("/sign-in").text)
    assert len(drawn) > 6
    for address in drawn:
        answer = client.get(address)
        assert answer.cache_control.max_age == YEAR_S, address
        assert (list(answer.vary), answer.headers.get("Set-Cookie")) == ([], None), address
    (script,) = [address for address in drawn if address.endswith("/js/app.js")]
    other = client.get(script.replace(script.split("/")[2], "0" * 16))
    assert other.status_code == 200
    assert other.cache_control.no_cache
    assert not other.cache_control.max_age


def test_the_stamp_changes_with_any_of_them(tmp_path: Path) -> None:
    stamps = set()
    for number, text in enumerate(("a", "b")):
        folder = tmp_path / str(number)
        (folder / "css").mkdir(parents=True)
        (folder / "css" / "one.css").write_text(text)
        stamps.add(stamp(folder))
    assert len(stamps) == 2
    assert [path.name for path in files_of(tmp_path / "0")] == ["one.css"]
