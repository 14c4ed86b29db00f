"""What about a guest changes how much they get: codes in four groups. Pure: no model, no database.

An adult of ordinary skin, size and taste bears none. Health is not a factor: that is a condition.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from itertools import product

from supply.errors import Invalid
from supply.i18n import Text, lazy


class Factor(StrEnum):
    """One thing about a guest."""

    CHILD = "child"
    SENIOR = "senior"
    SENSITIVE_SKIN = "sensitive-skin"
    SMALL_BODY = "small-body"
    LARGE_BODY = "large-body"
    LIGHT_SCENT = "light-scent"
    STRONG_SCENT = "strong-scent"


# Of each group a guest bears at most one: age band, skin, body size, preference.
GROUPS: tuple[tuple[Factor, ...], ...] = (
    (Factor.CHILD, Factor.SENIOR),
    (Factor.SENSITIVE_SKIN,),
    (Factor.SMALL_BODY, Factor.LARGE_BODY),
    (Factor.LIGHT_SCENT, Factor.STRONG_SCENT),
)
WORDS: Mapping[str, Text] = {
    "child": lazy("child"),
    "senior": lazy("senior"),
    "sensitive-skin": lazy("sensitive skin"),
    "small-body": lazy("small body"),
    "large-body": lazy("large body"),
    "light-scent": lazy("light scent"),
    "strong-scent": lazy("strong scent"),
}


def require_possible(codes: Collection[str], *, field: str) -> None:
    """That a guest can bear these together. Raises Invalid("factors_clash")."""
    for group in GROUPS:
        borne = [factor for factor in group if factor in codes]
        if len(borne) > 1:
            one, other = (WORDS[factor] for factor in borne)
            words = lazy("Nobody is both: %(one)s and %(other)s.", one=one, other=other)
            raise Invalid("factors_clash", words, field=field)


def possible_guests(factors: Collection[Factor]) -> list[frozenset[Factor]]:
    """Every guest that can be told apart by these factors, the one who bears none among them."""
    choices = [[None, *(one for one in group if one in factors)] for group in GROUPS]
    return [frozenset(one for one in guest if one is not None) for guest in product(*choices)]
