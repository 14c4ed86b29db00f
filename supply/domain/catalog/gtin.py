"""The numbers under the bars of a product (EAN-8, UPC-A, EAN-13, GTIN-14). Pure.

One product bears one number, whatever symbol it is printed as: they are kept as the fourteen digits of GS1.
"""

from __future__ import annotations

import re

LENGTHS = (8, 12, 13, 14)
_DIGITS = re.compile(r"[0-9]+", re.ASCII)


def check_digit(payload: str) -> str:
    """The last digit of a number whose others are `payload`: weights 3, 1, 3 … from the right, modulo 10."""
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(payload)))
    return str(-total % 10)


def shaped(text: str) -> bool:
    """Whether it has the form of such a number, whatever its check digit."""
    return len(text) in LENGTHS and _DIGITS.fullmatch(text) is not None


def normalised(text: str) -> str | None:
    """Fourteen digits, or None where it is no such number or its check digit is wrong."""
    if not shaped(text) or check_digit(text[:-1]) != text[-1]:
        return None
    return text.zfill(14)


def expanded(text: str) -> str | None:
    """A UPC-E (eight digits, the first 0 or 1) as fourteen digits; None where it is none."""
    if len(text) != 8 or not _DIGITS.fullmatch(text) or text[0] not in "01":
        return None
    system, body, last, check = text[0], text[1:6], text[6], text[7]
    if last in "012":
        middle = f"{body[:2]}{last}0000{body[2:]}"
    elif last == "3":
        middle = f"{body[:3]}00000{body[3:]}"
    elif last == "4":
        middle = f"{body[:4]}00000{body[4:]}"
    else:
        middle = f"{body}0000{last}"
    return normalised(f"{system}{middle}{check}")
