"""What a scan writes into the form of a delivery: item, lot, expiry and how much one package holds.

Nothing is saved by it: the person sees what was filled in, and sends the form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from supply.domain.catalog.models import Item
from supply.domain.catalog.units import told_amount
from supply.domain.labels.resolving import Resolved, resolve
from supply.domain.purchasing.asking import terms_of
from supply.domain.receiving.schemas import MAX_LINES
from supply.errors import Invalid, NotFound
from supply.i18n import _
from supply.permissions import Actor
from supply.presenting import format_day
from supply.web.frame import named

Package = tuple[Decimal, str]
"""An amount and its unit."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan did: words for it, the line that it filled, and where an unknown code can be linked."""

    kind: str
    title: str
    body: str = ""
    line: int | None = None
    item: Item | None = None
    link_url: str = ""


def scan_into(
    session: Session,
    actor: Actor,
    branch_id: UUID,
    text: str,
    values: MultiDict[str, str],
    *,
    supplier_id: UUID | None,
    ordered: Mapping[int, UUID],
) -> Scanned:
    """Fill the line of what was scanned into `values`. `ordered`: the lines of an order and their items."""
    try:
        found = resolve(session, actor, branch_id, text)
    except (Invalid, NotFound) as refusal:
        return Scanned("danger", str(refusal.message))
    # The lines of an order stand in the page, also where nobody has typed anything yet.
    for number, item_id in ordered.items():
        values.setdefault(f"lines-{number}-item_id", str(item_id))
    if found.item is None and not found.lot_number and found.expires_on is None:
        return _unknown(found)
    line = _line_of(values, found)
    if line is None:
        return Scanned("warning", _("This delivery is full. Log it, then begin another one."))
    package = _package(session, found, supplier_id)
    _write(values, line, found, package, counted=line in ordered)
    if found.item is None:
        return _unknown(found, line)
    return Scanned("ok", named(found.item), _told(found, package), line, found.item)


def _unknown(found: Resolved, line: int | None = None) -> Scanned:
    body = _("Lot and expiry are filled in; choose the item.") if line is not None else ""
    url = url_for("scanning.choose_item", code=found.code) if found.code and len(found.code) <= 80 else ""
    title = _("Nobody has said yet what %(code)s means.", code=found.code or found.text)
    return Scanned("warning", title, body, line, link_url=url)


def _line_of(values: MultiDict[str, str], found: Resolved) -> int | None:
    """The line of this item and lot, else of this item where no lot is written, else the first empty one."""
    item_id = str(found.item.id) if found.item is not None else None
    empty = None
    for number in range(MAX_LINES):
        told, lot = values.get(f"lines-{number}-item_id", ""), values.get(f"lines-{number}-lot_number", "")
        if told and told == item_id and (not found.lot_number or lot.strip() in ("", found.lot_number)):
            return number
        written = any(values.get(f"lines-{number}-{name}", "").strip() for name in ("amount", "lot_number"))
        if empty is None and not told and not written:
            empty = number
    return empty


def _package(session: Session, found: Resolved, supplier_id: UUID | None) -> Package | None:
    """One package as the form tells it: in the item's own unit or the supplier's pack where it is one."""
    if found.item is None or found.quantity is None:
        return None
    for own in found.item.units:
        if own.factor == found.quantity:
            return Decimal(1), own.code
    suppliers = {supplier_id} if supplier_id else set()
    for terms in terms_of(session, suppliers, [found.item.id]).values():
        if terms.pack_quantity == found.quantity:
            return Decimal(1), terms.pack_name
    return told_amount(found.item, found.quantity)


def _write(
    values: MultiDict[str, str], line: int, found: Resolved, package: Package | None, *, counted: bool
) -> None:
    """Each scan of the same package adds one; what an order still awaits is there already."""
    at = f"lines-{line}-"
    if found.item is not None:
        values[f"{at}item_id"] = str(found.item.id)
    if found.lot_number:
        values[f"{at}lot_number"] = found.lot_number
    if found.expires_on is not None:
        values[f"{at}expires_on"] = found.expires_on.isoformat()
    if package is None or counted:
        return
    amount, unit = package
    before = values.get(f"{at}amount", "").strip()
    if before and values.get(f"{at}unit") != unit:
        return
    try:
        amount += Decimal(before.replace(",", ".")) if before else 0
    except InvalidOperation:
        return
    values[f"{at}amount"], values[f"{at}unit"] = format(amount, "f"), unit


def _told(found: Resolved, package: Package | None) -> str:
    parts = [_("lot %(number)s", number=found.lot_number)] if found.lot_number else []
    if found.expires_on is not None:
        parts.append(_("until %(when)s", when=format_day(found.expires_on)))
    if package is None:
        parts.append(_("say how much came"))
    return " · ".join(parts)
