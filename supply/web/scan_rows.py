"""What was scanned as a card: its words, its marks, and where it leads whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.catalog.models import Item
from supply.domain.containers import reading as containers
from supply.domain.containers.service import last_day
from supply.domain.labels.resolving import Meaning, Resolved
from supply.domain.ledger import reading
from supply.domain.ledger.models import Lot
from supply.i18n import _
from supply.permissions import Actor, Permission
from supply.presenting import format_day, format_quantity
from supply.web import container_rows, stock_rows
from supply.web.frame import named
from supply.web.session import choose_locale, current_branch

Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Way:
    """A button of the card."""

    text: str
    url: str
    symbol: str
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """What was found. `kind` colours it; `elsewhere` is the other branch, (id, name), that it belongs to."""

    kind: str
    title: str
    lead: str
    facts: Sequence[Fact] = ()
    marks: Sequence[stock_rows.Mark] = ()
    ways: Sequence[Way] = ()
    rows: Sequence[dict[str, Any]] = ()
    elsewhere: tuple[Any, str] | None = None
    again: str = ""


def card(session: Session, actor: Actor, found: Resolved) -> Card:
    """What a resolved text is shown as, with the ways that this person may go."""
    if found.branch_id != current_branch().id:
        return _elsewhere(session, actor, found)
    if found.meaning is Meaning.CONTAINER and found.container is not None:
        return _container(session, actor, found)
    if found.meaning is Meaning.LOT and found.item is not None:
        return _lot(session, actor, found.item, found.lots[0])
    if found.meaning is Meaning.LOTS:
        return _lots(found)
    if found.item is not None:
        return _item(actor, found, found.item)
    return _unknown(actor, found)


def item_to_link(item: Item, code: str) -> dict[str, Any]:
    """An item in the list of those that a code may mean."""
    return {
        "title": named(item),
        "detail": f"{stock_rows.other_name(item)} · {item.code}",
        "detail_lang": "en" if choose_locale() == "vi" else "vi",
        "category": item.category.value,
        "url": url_for("item_codes.list_codes", item_id=item.id, code=code or None),
    }


def _may(actor: Actor, permission: Permission) -> bool:
    return actor.may(permission, current_branch().id)


def _elsewhere(session: Session, actor: Actor, found: Resolved) -> Card:
    branch = branches.get_branch(session, actor, found.branch_id)
    title = named(found.item) if found.item else found.lot_number
    lead = _("This label belongs to %(branch)s.", branch=branch.name)
    again = url_for("scanning.show_scan", code=found.text)
    return Card("warning", title, lead, elsewhere=(branch.id, branch.name), again=again)


def _container(session: Session, actor: Actor, found: Resolved) -> Card:
    assert found.container is not None
    branch, container = current_branch(), found.container
    opened = containers.get_opened(session, actor, branch.id, container.id)
    today = clock.today(branch.timezone)
    ways = [
        Way(
            _("To the container"),
            url_for("containers.show_container", container_id=container.id),
            "bottle",
            True,
        )
    ]
    if container.finished_at is None and _may(actor, Permission.CONTAINER_HANDLE):
        ways.append(Way(_("Finish it"), url_for("containers.ask_finish", container_id=container.id), "check"))
        url = url_for("moves.new_move", lot_id=opened.lot.id, container_id=container.id)
        ways += [Way(_("Move"), url, "transfer")] if _may(actor, Permission.TRANSFER_LOG) else []
    ways += _label_way(actor, container_id=container.id)
    ways.append(Way(_("The lot"), url_for("stock.show_lot", lot_id=opened.lot.id), "shelf"))
    facts = [
        (_("The book holds in it"), format_quantity(opened.remaining, opened.item)),
        (_("Use until"), format_day(last_day(opened.lot, container))),
        (_("Room"), opened.room.name if opened.room else _("In no room")),
    ]
    lead = _("Opened container of lot %(number)s", number=opened.lot.number)
    return Card("ok", named(opened.item), lead, facts, container_rows.marks(opened, today), ways)


def _lot(session: Session, actor: Actor, item: Item, lot: Lot) -> Card:
    branch = current_branch()
    today = clock.today(branch.timezone)
    holdings = [row for row in reading.list_holdings(session, branch.id, item.id) if row.Lot.id == lot.id]
    standing = sum(row.Holding.quantity for row in holdings)
    places = list(dict.fromkeys(row.Location.name for row in holdings))
    facts = [
        (_("Stands"), format_quantity(standing, item)),
        (_("Use until"), stock_rows.until(lot.expires_on, lot.use_by_at)),
        (_("Place"), ", ".join(places) or "–"),
    ]
    ways = [Way(_("To the lot"), url_for("stock.show_lot", lot_id=lot.id), "shelf", True)]
    if standing and _may(actor, Permission.COUNT_LOG):
        ways.append(Way(_("Count"), url_for("counts.new_count", item_id=item.id), "count"))
    if standing and _may(actor, Permission.WASTE_LOG):
        url = url_for("waste.new_waste", item_id=item.id, lot_id=lot.id)
        ways.append(Way(_("Write off"), url, "trash"))
    if standing and _may(actor, Permission.TRANSFER_LOG):
        ways.append(Way(_("Move"), url_for("moves.new_move", lot_id=lot.id), "transfer"))
    ways += _label_way(actor, lot_id=lot.id)
    marks = stock_rows.lot_marks(lot, lot.expires_on, today)
    if not standing:
        marks = [("neutral", _("nothing left")), *marks]
    return Card("ok", named(item), _("Lot %(number)s", number=lot.number), facts, marks, ways)


def _label_way(actor: Actor, **of: Any) -> list[Way]:
    if not _may(actor, Permission.LABEL_PRINT):
        return []
    return [Way(_("Print a label"), url_for("labels.new_labels", **of), "label")]


def _lots(found: Resolved) -> Card:
    rows = [
        {
            "title": _("Lot %(number)s", number=lot.number),
            "detail": _("until %(when)s", when=stock_rows.until(lot.expires_on, lot.use_by_at)),
            "url": url_for("stock.show_lot", lot_id=lot.id),
            "symbol": "shelf",
        }
        for lot in found.lots
    ]
    return Card("info", found.text, _("Several lots bear this number. Which one is it?"), rows=rows)


def _item(actor: Actor, found: Resolved, item: Item) -> Card:
    facts = _read(found)
    if found.quantity is not None:
        facts.insert(0, (_("One package holds"), format_quantity(found.quantity, item)))
    ways = [Way(_("To the item"), url_for("stock.show_item", item_id=item.id), "leaf", True)]
    if _may(actor, Permission.DELIVERY_LOG):
        ways.append(Way(_("Log a delivery"), url_for("receiving.new_delivery", code=found.text), "truck"))
    if _may(actor, Permission.COUNT_LOG):
        ways.append(Way(_("Count"), url_for("counts.new_count", item_id=item.id), "count"))
    if _may(actor, Permission.WASTE_LOG):
        ways.append(Way(_("Waste"), url_for("waste.new_waste", item_id=item.id), "trash"))
    if found.lot_number:
        lead = _("Lot %(number)s is not in this branch.", number=found.lot_number)
    else:
        lead = item.code
    return Card("ok", named(item), lead, facts, (), ways)


def _read(found: Resolved) -> list[Fact]:
    """What stands in the code beside the product."""
    facts = []
    if found.lot_number:
        facts.append((_("Lot number"), found.lot_number))
    if found.expires_on is not None:
        facts.append((_("Expiry"), format_day(found.expires_on)))
    return facts


def _unknown(actor: Actor, found: Resolved) -> Card:
    ways = []
    if found.code and len(found.code) <= 80 and _may(actor, Permission.CODE_LINK):
        ways.append(
            Way(_("Link it to an item"), url_for("scanning.choose_item", code=found.code), "label", True)
        )
        if _may(actor, Permission.CATALOG_MANAGE):
            ways.append(Way(_("New item"), url_for("catalog.new_item"), "plus"))
    lead = _("Nobody has said yet what this code means.")
    return Card("warning", found.code or found.text, lead, _read(found), (), ways)
