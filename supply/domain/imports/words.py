"""What people write into cells, in both languages: yes and no, units, categories, days. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from supply.domain.catalog.search import search_key

_LOCAL_DAY = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})(?: 00:00(?::00)?)?", re.ASCII)
_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ]00:00(?::00)?)?", re.ASCII)
_YES = {"yes", "y", "true", "1", "x", "co", "dung", "ja", "on", "active"}
_NO = {"no", "n", "false", "0", "khong", "sai", "nein", "off", "inactive", "-"}

UNIT_WORDS = {
    "mg": "milligram milligrams miligam",
    "g": "gram grams gam gr",
    "kg": "kilogram kilograms kilo kilos kilogam ky ki can",
    "ul": "µl microlitre microliter microlit",
    "ml": "millilitre millilitres milliliter milliliters mililit",
    "l": "litre litres liter liters lit",
    "drop": "drops giot",
    "piece": "pieces pc pcs pce each ea unit units cai chiec qua con mieng",
}
CATEGORY_WORDS = {
    "essential-oil": "essential oil|essential oils|oil|oils|tinh dau|dau",
    "herb": "herbs|thao duoc|thao moc|la thuoc|duoc lieu",
    "wood": "woods|go",
    "peel": "peels|vo",
    "root": "roots|re|cu|re, cu",
    "refreshment": "refreshments|drink|drinks|beverage|beverages|food|do uong|tra|do an|do an uong",
    "remedy": "remedies|medicine|medicines|bai thuoc|thuoc|cao, thuoc thao duoc",
    "consumable": "consumables|supplies|vat tu|vat tu tieu hao|do tieu hao|tieu hao",
}
DIMENSION_WORDS = {
    "mass": "weight|khoi luong|can nang|trong luong",
    "volume": "the tich|dung tich",
    "count": "pieces|piece|so luong|dem|cai",
}
SCALE_WORDS = {
    "client": "per client|guest|per guest|person|khach|moi khach|nguoi",
    "tub": "per tub|bath|bon|moi bon|bon tam",
    "room": "per room|phong|moi phong",
    "water": "per kg of water|kg of water|nuoc|kg nuoc|moi kg nuoc",
}
LANGUAGE_WORDS = {"vi": "vietnamese|tieng viet|vn", "en": "english|tieng anh"}
DAY_WORDS = {
    "monday": "mon|mo|t2|thu 2|thu hai|2",
    "tuesday": "tue|tu|t3|thu 3|thu ba|3",
    "wednesday": "wed|we|t4|thu 4|thu tu|4",
    "thursday": "thu|th|t5|thu 5|thu nam|5",
    "friday": "fri|fr|t6|thu 6|thu sau|6",
    "saturday": "sat|sa|t7|thu 7|thu bay|7",
    "sunday": "sun|su|cn|chu nhat|8",
}


def meant(words: Mapping[str, str], text: str, parted: str = "|") -> str:
    """The code that a word stands for; a text that stands for none stays what it is."""
    key = search_key(text)
    if key in words:
        return key
    return next((code for code, others in words.items() if key in others.split(parted)), text)


def unit_meant(text: str) -> str:
    """ "Gam" is g, "lít" is l; an item's own unit stays what it is."""
    return meant(UNIT_WORDS, text, " ")


def tick_meant(text: str) -> str:
    """ "true" or "false"; what is neither stays what it is, for the schema to refuse."""
    key = search_key(text)
    return "true" if key in _YES else "false" if key in _NO else text


def is_tick(text: str) -> bool:
    return search_key(text) in _YES | _NO


def day_meant(text: str) -> str:
    """22/11/2026, 22-11-2026 and 2026-11-22 as ISO; anything else stays what it is."""
    local, iso = _LOCAL_DAY.fullmatch(text), _ISO_DAY.fullmatch(text)
    parts = [int(local[place]) for place in (3, 2, 1)] if local else []
    parts = [int(iso[place]) for place in (1, 2, 3)] if iso else parts
    try:
        return date(*parts).isoformat() if parts else text
    except ValueError:
        return text
