"""The order of names: as the Vietnamese alphabet has them, on every database alike. Pure.

A sort key is made of lowercase hex digits only, so every collation agrees; it is kept in a column where a
database sorts, and reckoned where a list is short.
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
_SORT_TEXT = 120


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


def person_key(name: str) -> str:
    """As lists of people stand in Viet Nam: by the given name, which comes last, then by the whole name."""
    return sort_key(" ".join(name.split()[-1:])) + sort_key(name)


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
