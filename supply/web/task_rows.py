"""A task as pages draw it: what happened, to which item, at which visit, and where it is seen to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import url_for

from supply.domain.tasks.models import TaskKind
from supply.domain.waste.expired import ExpiredLot
from supply.i18n import _, lazy
from supply.presenting import format_instant, format_money, format_quantity
from supply.web.frame import named
from supply.web.session import choose_locale, current_branch
from supply.web.stock_rows import until
from supply.web.words import word

_HAPPENED = {
    "safety-rule": lazy("A step was done although a safety rule stood against it"),
    "known-later": lazy("A step was done before a guest told of a condition that speaks against it"),
    "shortfall": lazy("Used, but the book had too little"),
    "expired-lot": lazy("An expired lot was used"),
    "quarantined-lot": lazy("A quarantined lot was used"),
}


def task_row(task: Any, visits: Mapping[UUID, UUID]) -> dict[str, Any]:
    visit_id = visits.get(task.source_id)
    name = (task.item_name_vi if choose_locale() == "vi" else task.item_name_en) or "–"
    counted = task.kind is TaskKind.COUNT and task.item_id is not None
    return {
        "id": task.id,
        "name": name,
        "url": url_for("stock.show_item", item_id=task.item_id) if task.item_id else "",
        "kind": task.kind.value,
        "kind_word": word(task.kind),
        "happened": str(_HAPPENED.get(task.reason, task.reason.replace("-", " "))),
        "amount": format_quantity(task.quantity, task.dimension) if task.quantity and task.dimension else "",
        "when": format_instant(task.opened_at, current_branch().timezone),
        "who": task.opened_by_name,
        "visit_url": url_for("visits.show_visit", visit_id=visit_id) if visit_id else "",
        "count_url": url_for("counts.new_count", item_id=task.item_id) if counted else "",
    }


def expired_row(one: ExpiredLot) -> dict[str, Any]:
    """A lot that is past its use: since when, where, and what it cost."""
    lot, places = one.lot, ", ".join(one.places)
    return {
        "lot_id": lot.id,
        "name": named(one.item),
        "url": url_for("stock.show_lot", lot_id=lot.id),
        "where": f"{_('Lot %(number)s', number=lot.number)} · {places}",
        "until": until(one.expired_on, lot.use_by_at),
        "amount": format_quantity(one.quantity, one.item),
        "cost": format_money(one.cost_minor, lot.currency or current_branch().currency),
        "other_url": url_for("waste.new_waste", item_id=one.item.id, lot_id=lot.id),
    }
