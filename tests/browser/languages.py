"""Which language a page speaks: its visible words, and those of them that only the other language has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any

from babel.messages.pofile import read_po
from sqlalchemy import JSON, Column, String, select
from sqlalchemy.orm import Session

from supply.database import Base
from supply.domain.imports.kinds import KINDS
from tests.sources import ROOT
from tests.test_style import NAMES

WORD = re.compile(r"[^\W\d_]{3,}")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|&\w+;")
SPOKEN = ("title", "alt", "placeholder", "aria-label", "aria-description", "data-label", "data-text")
SILENT = {"script", "style", "code", "pre", "kbd"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "use", "wbr"}
# What people set up in both languages; what only one has is data and stands as it was written.
ENGLISH, VIETNAMESE = "_en", "_vi"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        # A passage in another language says so, for who reads it out.
        silent = self._silent() or tag in SILENT or ("lang" in told and tag != "html")
        if not silent:
            self.texts += [text for name in SPOKEN if (text := told.get(name))]
        if tag not in VOID:
            self._open.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._silent():
            self.texts.append(" ".join(data.split()))

    def _silent(self) -> bool:
        return bool(self._open) and self._open[-1][1]


def texts_of(page: str) -> list[str]:
    """Every text that is shown or read out, but for passages marked as of another language."""
    reader = _Reader()
    reader.feed(page)
    return reader.texts


def words(texts: Iterable[str]) -> set[str]:
    return {word.casefold() for text in texts for word in WORD.findall(PLACEHOLDER.sub(" ", text))}


def own_words(session: Session) -> dict[str, set[str]]:
    """The words that each language has and the other has not: of the program and of what is stored."""
    with (ROOT / "supply/translations/vi/LC_MESSAGES/messages.po").open("rb") as file:
        messages = [message for message in read_po(file, locale="vi") if message.id]
    spoken = {
        "en": words(text for message in messages for text in _several(message.id)),
        "vi": words(text for message in messages for text in _several(message.string)),
    }
    data = words(NAMES) | words(column.example for kind in KINDS.values() for column in kind.columns)
    for column in (column for table in Base.metadata.sorted_tables for column in table.columns):
        side = {ENGLISH: "en", VIETNAMESE: "vi"}.get(column.name[-3:])
        (spoken[side] if side else data).update(words(_stored(session, column)))
    return {"en": spoken["en"] - spoken["vi"] - data, "vi": spoken["vi"] - spoken["en"] - data}


def _stored(session: Session, column: Column[Any]) -> Iterator[str]:
    """What people wrote into a column: names and notes, and the cells of files."""
    if isinstance(column.type, String) and not column.name.endswith("_hash"):
        yield from session.scalars(select(column).where(column.is_not(None)).distinct().limit(5000))
    if isinstance(column.type, JSON) and column.name in ("header", "cells"):
        yield from (cell for row in session.scalars(select(column).limit(5000)) for cell in row)


def _several(told: object) -> tuple[str, ...]:
    return (told,) if isinstance(told, str) else tuple(told or ())  # type: ignore[arg-type]


def strangers(page: str, own: dict[str, set[str]]) -> list[tuple[str, list[str]]]:
    """The texts of a page with words that only the other language has. A page says which is its own."""
    declared = re.search(r'<html lang="(\w\w)"', page)
    assert declared, "a page says its language"
    other = own["en" if declared[1] == "vi" else "vi"]
    return [(text, sorted(strange)) for text in texts_of(page) if (strange := words([text]) & other)]
