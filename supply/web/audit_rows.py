"""Audit entries in words for people: what was changed, its fields, values before and after."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import url_for

from supply.domain.audit.models import AuditEntry
from supply.domain.branches.models import RoomType
from supply.domain.catalog.models import Category, Item
from supply.domain.planning.models import EntryKind
from supply.domain.purchasing.models import OrderStatus, RequisitionStatus, SentBy
from supply.domain.treatments.models import Effect
from supply.i18n import Text, _, lazy
from supply.permissions import Role
from supply.presenting import format_instant, format_number, format_quantity
from supply.quantity import Dimension
from supply.web.frame import named
from supply.web.words import word

ENTITY_WORDS: dict[str, Text] = {
    "item": lazy("Item"),
    "supplier": lazy("Supplier"),
    "procedure": lazy("Procedure"),
    "package": lazy("Package"),
    "condition": lazy("Condition"),
    "contraindication": lazy("Contraindication"),
    "lot": lazy("Lot"),
    "container": lazy("Opened container"),
    "delivery": lazy("Delivery"),
    "requisition": lazy("Requisition"),
    "purchase-order": lazy("Purchase order"),
    "visit": lazy("Visit"),
    "brew-recipe": lazy("Brewing recipe"),
    "calendar": lazy("Calendar"),
    "branch": lazy("Branch"),
    "location": lazy("Place"),
    "room": lazy("Room"),
    "person": lazy("Person"),
    "token": lazy("Token"),
}
_ACTION_WORDS: dict[str, Text] = {
    "create": lazy("added"),
    "update": lazy("changed"),
    "remove": lazy("removed"),
    "activate": lazy("shown again"),
    "deactivate": lazy("hidden"),
    "confirm": lazy("confirmed"),
    "confirm-line": lazy("a line confirmed"),
    "set": lazy("reorder point and par level"),
    "publish": lazy("recipe published"),
    "begin": lazy("draft begun"),
    "save": lazy("draft saved"),
    "discard": lazy("draft discarded"),
    "quarantine": lazy("quarantined"),
    "release": lazy("released"),
    "approved": lazy("approved"),
    "rejected": lazy("rejected"),
    "submitted": lazy("submitted"),
    "withdrawn": lazy("withdrawn"),
    "cancel": lazy("cancelled"),
    "close": lazy("closed"),
    "send": lazy("sent to the supplier"),
    "retry": lazy("mail sent again"),
    "revoke": lazy("revoked"),
    "substitutes": lazy("substitutes set"),
    "move": lazy("taken to another room"),
    "tare": lazy("empty weight"),
    "reopen": lazy("taken back into use"),
    "terms": lazy("terms set"),
    "disclose": lazy("condition of a guest disclosed"),
    "consent": lazy("consent recorded"),
    "override": lazy("safety block overridden"),
    "substitute": lazy("supplies of a step changed"),
    "incident": lazy("done although a safety rule stood against it"),
    "hindsight": lazy("done before a condition was known that speaks against it"),
    "terms-removed": lazy("terms removed"),
    "price": lazy("price taken over from a delivery"),
    "suppliers": lazy("suppliers chosen"),
}
_FIELD_WORDS: dict[str, Text] = {
    "reorder_point": lazy("Reorder point"),
    "par_level": lazy("Par level"),
    "name": lazy("Name"),
    "name_en": lazy("Name in English"),
    "name_vi": lazy("Name in Vietnamese"),
    "code": lazy("Code"),
    "active": lazy("In use"),
    "status": lazy("Status"),
    "assumed": lazy("Assumption"),
    "quarantined": lazy("Quarantined"),
    "price_minor": lazy("Price in the smallest unit of the currency"),
    "lead_time_days": lazy("Lead time"),
    "timezone": lazy("Time zone"),
    "grants": lazy("Roles"),
    "roles": lazy("Roles"),
    "login": lazy("Sign-in name"),
    "category": lazy("Category"),
    "dimension": lazy("Counted as"),
    "stock_unit": lazy("Stock unit"),
    "usage_unit": lazy("Usage unit"),
    "natural_step": lazy("One tap of + or −"),
    "lot_required": lazy("Ask for the lot number"),
    "expiry_required": lazy("Ask for the expiry date"),
    "shelf_life_days": lazy("Shelf life in days"),
    "opened_life_days": lazy("Days after opening"),
    "units": lazy("Own units"),
    "room": lazy("Room"),
    "package": lazy("Package"),
    "therapist": lazy("Therapist"),
    "planned_at": lazy("Begins at"),
    "guests": lazy("Guests"),
    "note": lazy("Note"),
    "tare_mg": lazy("Milligrams when empty"),
    "tares": lazy("Milligrams when empty"),
    "density_mg_per_l": lazy("Milligrams in a litre"),
    "recipe": lazy("Recipe"),
    "number": lazy("Version"),
    "steps": lazy("Steps"),
    "lines": lazy("Lines"),
    "effect": lazy("Effect"),
    "condition": lazy("Condition"),
    "advice_en": lazy("English advice"),
    "advice_vi": lazy("Vietnamese advice"),
    "source": lazy("Source"),
    "step_position": lazy("Step"),
    "room_type": lazy("Room type"),
    "max_guests": lazy("Guests at most"),
    "tubs": lazy("Tubs"),
    "tub_water_kg": lazy("Water in a tub, in kg"),
    "package_rules": lazy("What packages change"),
    "factor_rules": lazy("What guests change"),
    "rules": lazy("Rules"),
    "position": lazy("Sequence"),
    "item": lazy("Item"),
    "substitutes": lazy("Substitutes"),
    "pack_name": lazy("Pack"),
    "pack_quantity": lazy("A pack holds"),
    "minimum_packs": lazy("Packs at least"),
    "preferred": lazy("Order from here first"),
    "second": lazy("Second choice"),
    "cutoff_minute": lazy("Orders until (minutes after midnight)"),
    "currency": lazy("Currency"),
    "language": lazy("Language of orders"),
    "email": lazy("Email"),
    "phone": lazy("Phone"),
    "order_days": lazy("Days on which orders are taken"),
    "sent_by": lazy("Sent by"),
    "recipient": lazy("To"),
    "kind": lazy("What happens"),
    "first_on": lazy("First day"),
    "last_on": lazy("Last day"),
    "factor_percent": lazy("Demand in percent of a usual day"),
}
# What a field's codes are codes of.
_CODES: dict[str, tuple[type[StrEnum], ...]] = {
    "status": (RequisitionStatus, OrderStatus),
    "sent_by": (SentBy,),
    "category": (Category,),
    "dimension": (Dimension,),
    "effect": (Effect,),
    "room_type": (RoomType,),
    "kind": (EntryKind,),
}
# Where a thing has a page that everybody who sees the audit may open, in the branch of the thing.
_PAGES = {
    "item": ("stock.show_item", "item_id"),
    "supplier": ("suppliers.show_supplier", "supplier_id"),
    "procedure": ("treatments.show_procedure", "procedure_id"),
    "requisition": ("purchasing.show_requisition", "requisition_id"),
    "purchase-order": ("orders.show_order", "order_id"),
    "delivery": ("receiving.show_delivery", "delivery_id"),
    "lot": ("stock.show_lot", "lot_id"),
    "container": ("containers.show_container", "container_id"),
    "visit": ("visits.show_visit", "visit_id"),
}
_AMOUNTS = frozenset({"reorder_point", "par_level"})


def entry_row(
    entry: AuditEntry,
    names: Mapping[UUID, str],
    items: Mapping[UUID, Item],
    branches: Mapping[UUID, str],
    branch_id: UUID | None,
    timezone: str,
) -> dict[str, Any]:
    """A row of the list: who, what, which fields, where, when."""
    item = items.get(entry.entity_id)
    kind = str(ENTITY_WORDS.get(entry.entity, entry.entity))
    verb = entry.action.rpartition(".")[2]
    where = _("all branches") if entry.branch_id is None else branches.get(entry.branch_id, "–")
    return {
        "what": f"{kind}: {named(item)}" if item is not None else kind,
        "did": str(_ACTION_WORDS.get(verb, verb.replace("-", " "))),
        "url": _address(entry) if entry.branch_id in (None, branch_id) else "",
        "all_url": url_for("audit.list_entries", entity=entry.entity, entity_id=entry.entity_id),
        "changes": [
            (field_word(field), told(before, field, item, branches), told(after, field, item, branches))
            for field, (before, after) in entry.changes.items()
            if before != after
        ],
        "reason": entry.reason or "",
        "who": names.get(entry.person_id, "–") if entry.person_id else _("the program"),
        "when": format_instant(entry.recorded_at, timezone),
        "where": where,
    }


def _address(entry: AuditEntry) -> str:
    endpoint, name = _PAGES.get(entry.entity, ("", ""))
    values: dict[str, Any] = {name: entry.entity_id}
    return url_for(endpoint, **values) if endpoint else ""


def field_word(field: str) -> str:
    """A field in words; one without words of its own shows its name."""
    return str(_FIELD_WORDS.get(field, field.replace("_", " ")))


def told(value: Any, field: str, item: Item | None, branches: Mapping[UUID, str]) -> str:
    """A value before or after, in words: amounts in the item's unit, yes and no, lists one by one."""
    if value is None or value in ("", []):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return format_quantity(value, item) if item and field in _AMOUNTS else format_number(value)
    if isinstance(value, list):
        return ", ".join(told(one, field, item, branches) for one in value)
    if isinstance(value, Mapping):
        parts = [(field_word(name), told(one, name, item, branches)) for name, one in value.items()]
        return ", ".join(f"{name} {one}" for name, one in parts)
    return _coded(str(value), field) or _grant(str(value), branches)


def _coded(text: str, field: str) -> str:
    return next((word(kind(text)) for kind in _CODES.get(field, ()) if text in list(kind)), "")


def _grant(text: str, branches: Mapping[UUID, str]) -> str:
    """ "manager@<id of a branch>" with both in words; any other text stays what it is."""
    role, at, place = text.partition("@")
    if not at or role not in {one.value for one in Role}:
        return text
    known = {str(branch_id): name for branch_id, name in branches.items()}
    return f"{word(Role(role))} ({_('all branches') if place == '*' else known.get(place, '–')})"
