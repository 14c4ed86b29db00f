"""The Vietnamese catalogue says everything that the program says."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.pofile import read_po

from tests.sources import ROOT

CATALOGUE = ROOT / "supply" / "translations" / "vi" / "LC_MESSAGES" / "messages.po"
KEYWORDS = DEFAULT_KEYWORDS | {"lazy": None, "plural": (1, 2), "lazy_ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


# Sources are read, nothing of the product runs.
pytestmark = pytest.mark.no_cover


@cache
def spoken() -> list[tuple[str, str]]:
    """(message, where) of everything that goes through gettext; a counted one by its singular."""
    sources = [("python", path) for path in (ROOT / "supply").rglob("*.py")]
    sources += [("jinja2", path) for path in (ROOT / "supply" / "templates").rglob("*.html")]
    found = []
    for method, path in sources:
        for line, message, _comments, _context in extract_from_file(method, path, keywords=KEYWORDS):
            singular = message if isinstance(message, str) else message[0]
            if singular:
                found.append((singular, f"{path.relative_to(ROOT)}:{line}"))
    return found


@pytest.fixture(scope="module")
def vietnamese() -> Catalog:
    with Path(CATALOGUE).open("rb") as file:
        return read_po(file, locale="vi")


def texts(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def test_every_message_is_translated(vietnamese: Catalog) -> None:
    missing = {}
    for message, where in spoken():
        entry = vietnamese.get(message)
        if entry is None or entry.fuzzy or not all(texts(entry)):
            missing.setdefault(message, where)
    assert not missing, "run make messages, then translate what is new"


def test_nothing_is_translated_that_nobody_says(vietnamese: Catalog) -> None:
    said = {message for message, _ in spoken()}
    kept = {entry.id if isinstance(entry.id, str) else entry.id[0] for entry in vietnamese if entry.id}
    assert kept <= said, "run make messages"


def test_placeholders_survive_translation(vietnamese: Catalog) -> None:
    wrong = []
    for entry in vietnamese:
        if not entry.id:
            continue
        source = entry.id if isinstance(entry.id, str) else entry.id[-1]
        wanted = sorted(PLACEHOLDER.findall(source))
        wrong += [text for text in texts(entry) if sorted(PLACEHOLDER.findall(text)) != wanted]
    assert not wrong
