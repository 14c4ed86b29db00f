"""Rows, facts and arithmetic of the container pages: bottles in words. Asks the database nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from flask import url_for

from supply.domain.catalog.models import Item
from supply.domain.catalog.schemas import density_out
from supply.domain.containers.models import CheckKind, ContainerCheck, FinishReason
from supply.domain.containers.reading import Opened
from supply.domain.containers.schemas import ContainerState, state_of
from supply.i18n import _
from supply.presenting import format_day, format_instant, format_number, format_quantity
from supply.quantity import Dimension
from supply.web.frame import named
from supply.web.session import current_branch
from supply.web.stock_rows import SOON_DAYS, Mark, days_left
from supply.web.words import word

_KINDS = {
    ContainerState.EXPIRED: "danger",
    ContainerState.QUARANTINED: "danger",
    ContainerState.FINISHED: "neutral",
}


def marks(opened: Opened, today: date) -> list[Mark]:
    """Why a container is not, or soon not, used."""
    state = state_of(opened, today)
    if state is not ContainerState.IN_USE:
        return [(_KINDS[state], word(state))]
    found: list[Mark] = []
    if opened.expires_on is not None and (opened.expires_on - today).days <= SOON_DAYS:
        found.append(("warning", days_left(opened.expires_on, today)))
    if not opened.remaining:
        found.append(("warning", _("empty by the book")))
    return found


def list_row(opened: Opened, today: date) -> dict[str, Any]:
    """A tappable row of the list."""
    number, last = opened.lot.number, format_day(opened.expires_on)
    return {
        "title": named(opened.item),
        "url": url_for("containers.show_container", container_id=opened.container.id),
        "category": opened.item.category.value,
        "detail": _("%(number)s · until %(day)s", number=number, day=last),
        "side": format_quantity(opened.remaining, opened.item),
        "marks": marks(opened, today),
    }


def by_room(rows: Iterable[Opened], today: date) -> list[tuple[str, list[dict[str, Any]]]]:
    """Rooms by name with their containers by item; what stands in no room comes last."""
    rooms: dict[str, list[Opened]] = {}
    for opened in rows:
        rooms.setdefault(opened.room.name if opened.room else "", []).append(opened)
    return [
        (
            room or _("In no room"),
            [list_row(one, today) for one in sorted(found, key=lambda one: one.item.sort_key)],
        )
        for room, found in sorted(rooms.items(), key=lambda pair: (not pair[0], pair[0]))
    ]


def facts(opened: Opened) -> list[tuple[str, str]]:
    """What is known of a container."""
    container, item, zone = opened.container, opened.item, current_branch().timezone
    told = [
        (_("The book holds in it"), format_quantity(opened.remaining, item)),
        (_("Was put in"), format_quantity(opened.filled, item)),
        (_("Use until"), format_day(opened.expires_on)),
        (_("Room"), opened.room.name if opened.room else _("In no room")),
        (_("Opened"), format_instant(container.opened_at, zone)),
        (_("By"), opened.opened_by),
    ]
    if container.finished_at is not None:
        told.append((_("Finished"), format_instant(container.finished_at, zone)))
        told.append((_("Why"), word(FinishReason(container.finish_reason or "empty"))))
    return told


def weighable(item: Item) -> bool:
    """Whether a scale can tell what is left of it."""
    return item.dimension is Dimension.MASS or item.density_mg_per_l is not None


def grams(weight_mg: int | None) -> str:
    """A weight in the unit a person would use."""
    return format_quantity(weight_mg, Dimension.MASS)


def check_row(row: Any) -> dict[str, Any]:
    """What was found in a container, with its arithmetic where it was weighed."""
    check, item = row.ContainerCheck, row.Item
    return {
        "when": format_instant(check.happened_at, current_branch().timezone),
        "who": row.Person.name,
        "what": word(check.kind) if check.undone_at is None else _("%(what)s, undone", what=word(check.kind)),
        "expected": format_quantity(check.expected, item),
        "found": format_quantity(check.found, item),
        "difference": format_quantity(check.difference, item, signed=True),
        "sum": _sum(check, item) if check.kind is CheckKind.WEIGHED else [],
    }


def _sum(check: ContainerCheck, item: Item) -> list[tuple[Any, ...]]:
    net = check.gross_mg - check.tare_mg  # type: ignore[operator]
    lines: list[tuple[Any, ...]] = [
        (_("The scale says"), grams(check.gross_mg)),
        (_("Empty it weighs"), f"− {grams(check.tare_mg)}"),
    ]
    density = density_out(check.density_mg_per_l)
    if density is not None:
        lines.append((_("What is in it weighs"), grams(net)))
        lines.append((_("Grams in a millilitre"), f"÷ {format_number(Decimal(density))}"))
    found = format_quantity(check.found, item)
    lines.append((_("Left, rounded to the nearest %(unit)s", unit=_finest(item)), found, True))
    return lines


def _finest(item: Item) -> str:
    return "µl" if item.dimension is Dimension.VOLUME else "mg"
