"""An allergy is the condition `allergy` with an ingredient beside it: "allergy:" and the item's code. Pure.

It needs no written rule: what somebody cannot bear is not put before them.
"""

from __future__ import annotations

ALLERGY = "allergy"
_MARK = f"{ALLERGY}:"
ADVICE_EN = "Must not touch this guest nor be breathed in. What takes its place must be free of it too."
ADVICE_VI = "Không để khách này tiếp xúc hay hít phải. Thứ thay thế cũng không được có chất này."


def allergy_to(item: str) -> str:
    """The condition code of an allergy to the item of this code."""
    return f"{_MARK}{item}"


def allergen(condition: str) -> str | None:
    """The code of the item that a condition code names as an allergen, if it is an allergy."""
    return condition.removeprefix(_MARK) if condition.startswith(_MARK) else None
