"""The tag: the short code on our own labels. Pure.

Ten signs: a letter, eight more, and one that checks them. No vowel, D or W stands among them, so that a
Vietnamese keyboard layout through which a scanner types (Telex, VNI) finds nothing to put a mark on, and no
sign that is mistaken for another by eye.
"""

from __future__ import annotations

import re
import secrets

SIGNS = "0123456789CFGHJKMNPRTVX"
_LETTERS = SIGNS[10:]
_BASE = len(SIGNS)  # a prime: one wrong sign and two that changed places are both found
LENGTH = 10
# What people write for a sign that is not there.
_MEANT = str.maketrans("OQILZSB", "0011258")
_TAG = re.compile(rf"[{_LETTERS}][{SIGNS}]{{{LENGTH - 1}}}", re.ASCII)
# A tag stands alone or at the end of the address on our labels, whose host may change.
_ADDRESS = re.compile(r"(?:.*/s/)?([^/?#]{10,13})/?", re.IGNORECASE | re.DOTALL)


def new_tag() -> str:
    """A tag that cannot be guessed from another one."""
    payload = secrets.choice(_LETTERS) + "".join(secrets.choice(SIGNS) for _place in range(LENGTH - 2))
    return payload + _check(payload)


def find_tag(text: str) -> str | None:
    """The tag that a text is, or that stands in the address of a label; None where it is neither."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        return None
    bare = match[1].upper().replace("-", "").replace(" ", "").translate(_MEANT)
    return bare if _TAG.fullmatch(bare) and _check(bare[:-1]) == bare[-1] else None


def spaced(tag: str) -> str:
    """A tag as it is printed, easier to type: "C1234-56789"."""
    return f"{tag[:5]}-{tag[5:]}"


def _check(payload: str) -> str:
    return SIGNS[sum(place * SIGNS.index(sign) for place, sign in enumerate(payload, start=2)) % _BASE]
