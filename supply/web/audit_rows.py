"""Audit entries in words for people: what was changed, who did it, where and when. Values: audit_values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import url_for

from supply.domain.audit.models import AuditEntry
from supply.domain.catalog.models import Item
from supply.i18n import _
from supply.presenting import format_instant
from supply.web.audit_values import About, item_of, told
from supply.web.audit_words import ENTITY_WORDS, action_word, field_word
from supply.web.frame import named
from supply.web.session import BranchChoice
from supply.web.stock_rows import quarantine_word

# Where a thing has a page that everybody who sees the audit may open, in the branch of the thing.
_PAGES = {
    "item": ("stock.show_item", "item_id"),
    "supplier": ("suppliers.show_supplier", "supplier_id"),
    "procedure": ("treatments.show_procedure", "procedure_id"),
    "requisition": ("purchasing.show_requisition", "requisition_id"),
    "purchase-order": ("orders.show_order", "order_id"),
    "delivery": ("receiving.show_delivery", "delivery_id"),
    "lot": ("stock.show_lot", "lot_id"),
    "recall": ("recalls.show_recall", "recall_id"),
    "container": ("containers.show_container", "container_id"),
    "visit": ("visits.show_visit", "visit_id"),
    "transfer": ("transfers.show_transfer", "transfer_id"),
    "stocktake": ("stocktake_ends.show_stocktake", "stocktake_id"),
}

# What bears the name of an item.
_OF_ITEMS = ("item", "brew-recipe")


def entry_row(
    entry: AuditEntry,
    names: Mapping[UUID, str],
    items: Mapping[str, Item],
    branches: Mapping[UUID, str],
    conditions: Mapping[str, str],
    here: BranchChoice | None,
) -> dict[str, Any]:
    """A row of the list: who, what, which fields, where, when."""
    item = item_of(entry, items)
    timezone = here.timezone if here else "UTC"
    about = About(item, items, branches, conditions, _currency(entry, here), timezone)
    kind = str(ENTITY_WORDS.get(entry.entity, entry.entity))
    where = _("all branches") if entry.branch_id is None else branches.get(entry.branch_id, "–")
    return {
        "what": f"{kind}: {named(item)}" if item is not None and entry.entity in _OF_ITEMS else kind,
        "did": action_word(entry.action),
        "url": _address(entry) if entry.branch_id in (None, here.id if here else None) else "",
        "all_url": url_for("audit.list_entries", entity=entry.entity, entity_id=entry.entity_id),
        "changes": [
            (field_word(field, entry.entity), told(before, field, about), told(after, field, about))
            for field, (before, after) in entry.changes.items()
            if before != after
        ],
        "reason": quarantine_word(entry.reason) if entry.action == "lot.quarantine" else entry.reason or "",
        "who": names.get(entry.person_id, "–") if entry.person_id else _("the program"),
        "when": format_instant(entry.recorded_at, timezone),
        "where": where,
    }


def _currency(entry: AuditEntry, here: BranchChoice | None) -> str:
    """The money that an entry counts in: its own, else that of the branch one works in."""
    own = next((code for code in reversed(entry.changes.get("currency", ())) if code), None)
    return own or (here.currency if here else "VND")


def _address(entry: AuditEntry) -> str:
    endpoint, name = _PAGES.get(entry.entity, ("", ""))
    values: dict[str, Any] = {name: entry.entity_id}
    return url_for(endpoint, **values) if endpoint else ""
