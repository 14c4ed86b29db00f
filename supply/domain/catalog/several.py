"""Many items at once: added, changed, taken back. The statements do not grow with the items."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.attributes import flag_modified

from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.catalog.models import Item, ItemUnit
from supply.domain.catalog.service import apply_facts, item_told, items_by_code, keep_dimension, told_changes
from supply.errors import Conflict, Stale
from supply.i18n import lazy
from supply.pacing import paced
from supply.permissions import Actor, Permission, require
from supply.references import referred_to, remove


@dataclass(frozen=True, slots=True)
class Wanted:
    """How an item is to be: its facts as service.create_item takes them. `item` is the one to change."""

    facts: Mapping[str, Any]
    active: bool
    item: Item | None = None


def write_items(session: Session, actor: Actor, wanted: Sequence[Wanted]) -> list[Item]:
    """Add and change items; answers them in order. A code is changed by nobody here.

    Raises Invalid, Conflict("code_taken"), Stale where one was changed meanwhile.
    """
    require(actor, Permission.CATALOG_MANAGE)
    _require_free(session, [one.facts["code"] for one in wanted if one.item is None])
    known = _locked(session, [one.item for one in wanted if one.item is not None])
    items, before = [], []
    for one in wanted:
        item = known[one.item.id] if one.item is not None else None
        before.append(item_told(item) if item is not None else {})
        items.append(_written(session, item, one))
    session.flush()
    for item, then in zip(items, before, strict=True):
        action = "item.update" if then else "item.create"
        changes = told_changes(then, item_told(item))
        audit.record(session, actor, action=action, entity="item", entity_id=item.id, changes=changes)
    session.flush()
    return items


def _written(session: Session, item: Item | None, wanted: Wanted) -> Item:
    facts = dict(wanted.facts)
    dimension, units = facts.pop("dimension"), facts.pop("units")
    if item is None:
        item = Item(id=new_id(), dimension=dimension, assumed=False, units=[])
        session.add(item)
    keep_dimension(item, dimension)
    with session.no_autoflush:
        apply_facts(item, facts, units)
    item.active = wanted.active
    # A change of units alone must also count as a new version of the item.
    flag_modified(item, "search_key")
    return item


def _require_free(session: Session, codes: Collection[str]) -> None:
    taken = items_by_code(session, codes)
    if taken:
        raise Conflict(
            "code_taken",
            lazy("Another item bears this code. Choose a different one."),
            field="code",
            details={"codes": sorted(taken)},
        )


def _locked(session: Session, items: Collection[Item]) -> dict[UUID, Item]:
    """The items as they are now, held; each must be as it was seen."""
    seen = {item.id: item.version for item in items}
    query = select(Item).where(Item.id.in_(sorted(seen))).order_by(Item.id).options(selectinload(Item.units))
    fresh = query.with_for_update(of=Item).execution_options(populate_existing=True)
    known = {item.id: item for item in session.scalars(fresh)} if seen else {}
    if {item_id: item.version for item_id, item in known.items()} != seen:
        raise Stale(
            "stale",
            lazy("Somebody changed one of these items meanwhile. Look again, then repeat your change."),
        )
    return known


def take_back_items(session: Session, actor: Actor, ids: Collection[UUID]) -> tuple[int, int]:
    """(removed, hidden): what something refers to is hidden, all else is as if it had never been added."""
    require(actor, Permission.CATALOG_MANAGE)
    table = Item.__table__
    assert isinstance(table, Table)
    known = {item.id: item for item in session.scalars(select(Item).where(Item.id.in_(sorted(ids))))}
    used = referred_to(session, table, known.keys(), own=(ItemUnit.__tablename__,))
    hidden = [known[item_id] for item_id in sorted(used) if known[item_id].active]
    for item in hidden:
        item.active = False
        _record(session, actor, "item.deactivate", item.id, {"active": [True, False]})
    unused = sorted(known.keys() - used)
    for item_id in paced(unused):
        _record(session, actor, "item.remove", item_id, {"code": [known[item_id].code, None]})
    session.flush()
    session.execute(delete(ItemUnit).where(ItemUnit.item_id.in_(unused)))
    remove(session, table, unused)
    return len(unused), len(hidden)


def _record(
    session: Session, actor: Actor, action: str, item_id: UUID, changes: dict[str, list[Any]]
) -> None:
    audit.record(session, actor, action=action, entity="item", entity_id=item_id, changes=changes)
