"""The path of rules that a resolved line bears, in words: "per client · senior −20 % · limit 60 %".

Paths are written by recipe and stay with the visit; what a path of an older version says is read here too.
"""

from __future__ import annotations

import re

from supply.domain.treatments.factors import WORDS
from supply.i18n import Text, lazy

_FACTOR = re.compile(r"([a-z]+(?:-[a-z]+)*)([+-])([0-9]+)")


def rule_words(rule: str) -> str:
    """The whole path in the reader's language, its parts in the order in which they counted."""
    return " · ".join(str(_part_words(part)) for part in rule.split("|"))


def explained(rule: str) -> bool:
    """Whether more than the scale gave the quantity."""
    return "|" in rule


def _part_words(part: str) -> Text | str:
    name, _, told = part.partition(":")
    if name == "tub":
        return lazy("per tub, %(tubs)s in use", tubs=told or "1")
    if name == "water":
        return _water_words(told)
    if name == "limit":
        return lazy("limit %(percent)s %%", percent=told)
    if name == "for":
        return lazy("decided by guest %(number)s", number=told)
    plain = _PLAIN.get(part)
    return plain if plain is not None else _factor_words(part)


_PLAIN = {
    "client": lazy("per client"),
    "room": lazy("once per room"),
    "add": lazy("added by the package"),
    "set": lazy("quantity of the package"),
}


def _water_words(told: str) -> Text:
    tubs, _, water = told.partition("x")
    if water.endswith("?"):
        measured = water.removesuffix("?")
        return lazy("per kg of water: %(tubs)s × %(water)s kg (water assumed)", tubs=tubs, water=measured)
    return lazy("per kg of water: %(tubs)s × %(water)s kg", tubs=tubs, water=water)


def _factor_words(part: str) -> Text | str:
    found = _FACTOR.fullmatch(part)
    if found is None or found[1] not in WORDS:
        return part
    sign = "\N{MINUS SIGN}" if found[2] == "-" else "+"
    return lazy("%(factor)s %(percent)s %%", factor=WORDS[found[1]], percent=f"{sign}{found[3]}")
