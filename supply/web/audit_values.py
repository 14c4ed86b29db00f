"""Values before and after a change as people write them: amounts in units, money, days, names for ids.

The audit keeps base units and ids, which are exact; what they are amounts of is looked up here. An id that
nobody knows any more is left out rather than shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.audit.models import AuditEntry
from supply.domain.branches.models import RoomType
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Category, Item
from supply.domain.outbox.models import Event
from supply.domain.planning.models import EntryKind
from supply.domain.purchasing.models import OrderStatus, RequisitionStatus, SentBy
from supply.domain.stocktake.models import StocktakeStatus
from supply.domain.suppliers.ordering import clock_of
from supply.domain.transfers.models import TransferStatus
from supply.domain.treatments.allergies import allergen
from supply.domain.treatments.factors import WORDS as FACTOR_WORDS
from supply.domain.treatments.models import Effect
from supply.domain.treatments.recipe import PackageAction, Scale
from supply.domain.visits.models import VisitStatus
from supply.i18n import _, lazy
from supply.permissions import Role
from supply.presenting import (
    format_day,
    format_instant,
    format_money,
    format_number,
    format_quantity,
    unit_symbol,
)
from supply.quantity import DENSITY_FACTOR, Dimension, from_base
from supply.web.audit_words import field_word
from supply.web.frame import named
from supply.web.safety_rows import condition_words
from supply.web.supplier_days import days_told
from supply.web.units import told_quantity
from supply.web.words import word

# What a field's codes are codes of.
_CODES: dict[str, tuple[type[StrEnum], ...]] = {
    "status": (RequisitionStatus, OrderStatus, TransferStatus, VisitStatus, StocktakeStatus),
    "sent_by": (SentBy,),
    "category": (Category,),
    "dimension": (Dimension,),
    "effect": (Effect,),
    "room_type": (RoomType,),
    "kind": (EntryKind,),
    "scale": (Scale,),
    "action": (PackageAction,),
    "events": (Event,),
}
_THEMES = {"auto": lazy("Like the device"), "light": lazy("Light"), "dark": lazy("Dark")}
_AMOUNTS = frozenset(
    {
        "reorder_point",
        "par_level",
        "daily",
        "natural_step",
        "pack_quantity",
        "yield_quantity",
        "quantity",
        "units",
    }
)
_WEIGHTS = frozenset({"tare_mg", "tares"})


@dataclass(frozen=True, slots=True)
class About:
    """What the values of one entry are values of."""

    item: Item | None
    items: Mapping[str, Item]
    branches: Mapping[UUID, str]
    conditions: Mapping[str, str]
    currency: str
    timezone: str


def items_of(session: Session, entries: Sequence[AuditEntry]) -> dict[str, Item]:
    """Every item that the entries are about or name, by id and by code."""
    words = {text for entry in entries for text in (str(entry.entity_id), *_texts(entry.changes))}
    ids = [one for text in words if (one := _as_id(text)) is not None]
    codes = [code for entry in entries for code in entry.changes.get("item", ()) if code]
    codes += [item for text in words for code in text.split(", ") if (item := allergen(code))]
    found = [*catalog.items_by_id(session, ids).values(), *catalog.items_by_code(session, codes).values()]
    return {key: item for item in found for key in (str(item.id), item.code)}


def item_of(entry: AuditEntry, items: Mapping[str, Item]) -> Item | None:
    """The item whose amounts an entry changes, where it is of one."""
    told = [str(entry.entity_id), *(str(one) for one in reversed(entry.changes.get("item", ())))]
    return next((items[one] for one in told if one in items), None)


def told(value: Any, field: str, about: About) -> str:
    """A value before or after, in words."""
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return _number(value, field, about)
    if isinstance(value, list):
        return _line(value, about) if field == "lines" and _is_line(value) else _listed(value, field, about)
    if isinstance(value, Mapping):
        return _mapped(value, field, about)
    return _text(str(value), field, about)


def _number(value: int, field: str, about: About) -> str:
    if field in _AMOUNTS and about.item is not None:
        return format_quantity(value, about.item)
    if field in _WEIGHTS:
        return format_quantity(value, Dimension.MASS)
    if field.endswith("_minor"):
        return format_money(value, about.currency)
    special: dict[str, Callable[[int], str]] = {
        "density_mg_per_l": lambda density: f"{format_number(from_base(density, DENSITY_FACTOR))} g/ml",
        "cutoff_minute": clock_of,
        "order_days": days_told,
        "factor_percent": lambda percent: f"{percent} %",
    }
    return special.get(field, format_number)(value)


def _is_line(value: Sequence[Any]) -> bool:
    return len(value) >= 2 and isinstance(value[0], str) and isinstance(value[1], int)


def _line(line: Sequence[Any], about: About) -> str:
    """A line of a recipe, [item, quantity, scale?, assumed]: "Ginger 100 g per client"."""
    item = about.items.get(line[0])
    if item is None:
        return "–"
    scale = [word(Scale(one)) for one in line[2:] if isinstance(one, str)]
    return " ".join([named(item), format_quantity(line[1], item), *scale])


def _listed(values: Iterable[Any], field: str, about: About) -> str:
    parts = [told(one, field, about) for one in values]
    return ("; " if field in ("recipe", "rules") else ", ").join(part for part in parts if part)


def _mapped(value: Mapping[str, Any], field: str, about: About) -> str:
    if value.keys() == {"amount", "unit"}:
        return told_quantity(value)
    if field in ("units", "tares"):
        return ", ".join(f"{_unit(code, about)} ({told(one, field, about)})" for code, one in value.items())
    if value.keys() == {"step", "lines"}:
        return f"{value['step']}: {told(value['lines'], 'lines', about)}"
    own = about.items.get(str(value.get("item_id")), about.item)
    inner = replace(about, item=own)
    parts = [(field_word(name), told(_plain(one, name), name, inner)) for name, one in value.items()]
    return ", ".join(f"{name} {text}" for name, text in parts if text)


def _unit(code: str, about: About) -> str:
    """An item's own unit by its name, where the item still has it."""
    own = {unit.code: unit for unit in about.item.units} if about.item else {}
    return named(own[code]) if code in own else unit_symbol(code)


def _plain(value: Any, field: str) -> Any:
    """Rules are kept as texts: a quantity among them is a number all the same."""
    return int(value) if field in _AMOUNTS and isinstance(value, str) and value.isdecimal() else value


def _text(text: str, field: str, about: About) -> str:
    if field in ("condition", "guests") or field.startswith("guest "):
        return ", ".join(_of_guest(code, about) for code in text.split(", "))
    if field in ("factor", "theme"):
        return str((FACTOR_WORDS if field == "factor" else _THEMES).get(text, text))
    if text in about.items and field != "code":
        return named(about.items[text])
    if _as_id(text) is not None:
        return ""
    if field in ("stock_unit", "usage_unit", "pack_unit"):
        return _unit(text, about)
    coded = next((word(kind(text)) for kind in _CODES.get(field, ()) if text in list(kind)), "")
    return coded or _when(text, field, about) or _grant(text, about.branches)


def _of_guest(code: str, about: About) -> str:
    """A condition, an allergy or a factor by its code."""
    item = about.items.get(allergen(code) or "")
    if item is not None:
        return condition_words(code, item)
    return about.conditions.get(code) or str(FACTOR_WORDS.get(code, code))


def _when(text: str, field: str, about: About) -> str:
    with suppress(ValueError):
        if field.endswith("_at"):
            return format_instant(datetime.fromisoformat(text), about.timezone)
        if field.endswith(("_on", "_until")):
            return format_day(date.fromisoformat(text))
    return ""


def _grant(text: str, branches: Mapping[UUID, str]) -> str:
    """ "manager@<id of a branch>" with both in words; any other text stays what it is."""
    role, at, place = text.partition("@")
    if not at or role not in {one.value for one in Role}:
        return text
    known = {str(branch_id): name for branch_id, name in branches.items()}
    return f"{word(Role(role))} ({_('all branches') if place == '*' else known.get(place, '–')})"


def _texts(value: Any) -> Iterator[str]:
    """Every text anywhere in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _as_id(text: str) -> UUID | None:
    with suppress(ValueError):
        return UUID(text) if len(text) == 36 else None
    return None
