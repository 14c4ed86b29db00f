"""Keys by which names are found. Pure: no model, no database.

A search key drops marks and case, so that "gung" finds "Gừng". The order of names: supply/alphabet.py.
"""

from __future__ import annotations

import unicodedata

_SEARCH_LENGTH = 400


def search_key(*texts: str | None) -> str:
    """What is searched: lowercase, đ as d, no marks, single spaces; several texts are joined by a space."""
    plain = unicodedata.normalize("NFD", " ".join(text for text in texts if text).lower().replace("đ", "d"))
    kept = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(kept.split())[:_SEARCH_LENGTH]


def search_words(text: str) -> list[str]:
    """The words of a search, ready to stand in LIKE patterns with a backslash as escape; at most eight."""
    return written_words(search_key(text))


def written_words(text: str) -> list[str]:
    """As `search_words`, with the marks that were typed: of numbers and references there is no search key."""
    words = text.lower().split()[:8]
    escaped = (word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in words)
    return [f"%{word}%" for word in escaped]
