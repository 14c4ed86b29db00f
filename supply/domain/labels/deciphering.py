"""What a scanned or typed text is: a label of ours, a GS1 message, a product's number, something else. Pure.

Scanners differ: some name the symbol first (]C1), some send the separator of GS1 fields, some type brackets,
some nothing at all; some type the address that a label bears. All of them are read alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from biip import ParseError
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_element_strings import GS1ElementString
from biip.gs1_messages import GS1Message

from supply.domain.catalog import gtin
from supply.domain.labels.tags import find_tag

SEPARATOR = "\x1d"
# Symbols that carry GS1 fields by definition; of ]Q3, ]d2 and ]e0 too the name is all that is cut off.
_SYMBOL = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_GS1_SYMBOLS = ("]C1", "]e0", "]d2", "]Q3", "]J1")
_BRACKETED = re.compile(r"\(\d{2,4}\)[^()]")
_PRODUCT, _LOT = ("01", "02"), "10"
_LOT_AND_DAY = re.compile(r"(.+)(17\d{6})")
# The last day of use; where it is not told, until when it is best, then until when it is sold.
_EXPIRY = ("17", "15", "16")


class Kind(StrEnum):
    OURS = "ours"
    GS1 = "gs1"
    PRODUCT = "product"
    MISREAD = "misread"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Deciphered:
    """What a text says. `product` is a GTIN in fourteen digits; `text` is without the scanner's own signs."""

    kind: Kind
    text: str
    tag: str = ""
    product: str = ""
    lot_number: str = ""
    expires_on: date | None = None


def decipher(text: str) -> Deciphered:
    """Say what a text is. MISREAD is a product's number whose check digit does not fit the others."""
    symbol = _SYMBOL.match(text)
    bare = (text[3:] if symbol else text).strip().strip(SEPARATOR)
    if tag := find_tag(bare):
        return Deciphered(Kind.OURS, bare, tag=tag)
    fields = _fields(bare, certain=text.startswith(_GS1_SYMBOLS))
    if any(one.ai.ai in _PRODUCT and one.gtin is None for one in fields):
        return Deciphered(Kind.MISREAD, bare)
    if fields:
        return _told(bare, fields)
    digits = bare.replace(" ", "")  # people type them in groups, as they stand under the bars
    if gtin.shaped(digits):
        number = gtin.normalised(digits) or gtin.expanded(digits)
        return Deciphered(Kind.PRODUCT if number else Kind.MISREAD, bare, product=number or "")
    return Deciphered(Kind.OTHER, bare)


def best_first(texts: Sequence[str]) -> list[str]:
    """Of the codes that stand on one package, those that say most in front."""
    return sorted(texts, key=lambda text: list(Kind).index(decipher(text).kind))


def _fields(text: str, *, certain: bool) -> Sequence[GS1ElementString]:
    """The fields of a GS1 message; none where the text is none.

    Without the scanner's word or brackets, it must name a product in the first place: a lot number of a
    supplier may well begin like a field.
    """
    try:
        if text.lower().startswith(("http://", "https://")):
            return GS1DigitalLinkURI.parse(text).element_strings
        if _BRACKETED.match(text):
            message = GS1Message.parse_hri(text)
            # What it passed over, such as brackets within a lot number, it does not tell.
            return message.element_strings if message.as_hri() == text.replace(" ", "") else ()
        found = _parted(text, GS1Message.parse(text).element_strings)
    except (ParseError, ValueError):
        return ()
    return found if found and (certain or found[0].ai.ai in _PRODUCT) else ()


def _parted(text: str, fields: Sequence[GS1ElementString]) -> Sequence[GS1ElementString]:
    """Where the scanner swallows the separators, the last day of use behind a lot number is none of it."""
    known = [one.ai.ai for one in fields]
    if SEPARATOR in text or known[-1:] != [_LOT] or not {*_EXPIRY}.isdisjoint(known):
        return fields
    told = _LOT_AND_DAY.fullmatch(fields[-1].value)
    if told is None:
        return fields
    try:
        return [*fields[:-1], *GS1Message.parse(f"{_LOT}{told[1]}{SEPARATOR}{told[2]}").element_strings]
    except ParseError:
        return fields


def _told(text: str, fields: Sequence[GS1ElementString]) -> Deciphered:
    product = next((one.gtin.as_gtin_14() for one in fields if one.ai.ai in _PRODUCT and one.gtin), "")
    lot = next((one.value for one in fields if one.ai.ai == _LOT), "")
    days = {one.ai.ai: one.date for one in fields if one.date is not None}
    expires_on = next((days[name] for name in _EXPIRY if name in days), None)
    return Deciphered(Kind.GS1, text, product=product, lot_number=lot, expires_on=expires_on)
