"""Keys by which names are found and sorted. Pure: no model, no database.

A search key drops marks and case, so that "gung" finds "Gừng". A sort key puts names into the order of the
Vietnamese alphabet; it is made of lowercase hex digits only, so every collation of either database agrees.
"""

from __future__ import annotations

import unicodedata

# Letters of the Vietnamese alphabet with their own place; f, j, w, z stand where Latin puts them.
_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_PRIMARY = {letter: index for index, letter in enumerate(_ALPHABET, start=0x20)}
_PRIMARY |= {digit: index for index, digit in enumerate("0123456789", start=0x10)}
# ngang, huyền, hỏi, ngã, sắc, nặng: the order in which dictionaries list the tones of one syllable.
_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
_SPACE, _OTHER, _END = 0x01, 0xFF, "00"
_SEARCH_LENGTH, _SORT_TEXT = 400, 120


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


def sort_key(text: str) -> str:
    """Hex digits that sort as Vietnamese does: letters first, and only among equals the tones."""
    letters: list[int] = []
    tones: list[int] = []
    for char in " ".join(text.lower().split())[:_SORT_TEXT]:
        letter, tone = _taken_apart(char)
        place = _PRIMARY.get(letter, _OTHER if letter.isalnum() else _SPACE)
        if place == _SPACE and letters[-1:] in ([], [_SPACE]):
            continue
        letters.append(place)
        tones.append(tone)
    return "".join(f"{place:02x}" for place in letters) + _END + "".join(f"{tone:x}" for tone in tones)


def _taken_apart(char: str) -> tuple[str, int]:
    """A letter with its own mark (ă, â, ê, ô, ơ, ư, đ) and the number of its tone."""
    tone = 0
    kept = []
    for part in unicodedata.normalize("NFD", char):
        if part in _TONES:
            tone = _TONES[part]
        else:
            kept.append(part)
    letter = unicodedata.normalize("NFC", "".join(kept))
    return (letter if letter in _PRIMARY else letter[:1]), tone
