"""Which item of the catalogue a cell names: by its code, or by its name where only one item bears it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from supply.domain.catalog.models import Item
from supply.domain.catalog.search import search_key


@dataclass(frozen=True, slots=True)
class KnownItems:
    """The items that a file names, with their units."""

    by_code: dict[str, Item]
    by_name: dict[str, Item]

    def find(self, text: str) -> Item | None:
        return self.by_code.get(text) or self.by_name.get(search_key(text))


def known_items(session: Session, texts: Iterable[str]) -> KnownItems:
    """Those that the texts name. Two statements, and two more only where names are told instead of codes."""
    wanted = {text for text in texts if text}
    by_code = {item.code: item for item in _with_units(session, Item.code.in_(sorted(wanted)))}
    names = {search_key(text) for text in wanted - by_code.keys()}
    if not names:
        return KnownItems(by_code, {})
    bearers: dict[str, set[UUID]] = {}
    for item_id, *told in session.execute(select(Item.id, Item.name_vi, Item.name_en)):
        for key in {search_key(name) for name in told} & names:
            bearers.setdefault(key, set()).add(item_id)
    alone = {key: next(iter(ids)) for key, ids in bearers.items() if len(ids) == 1}
    items = {item.id: item for item in _with_units(session, Item.id.in_(sorted(set(alone.values()))))}
    return KnownItems(by_code, {key: items[item_id] for key, item_id in alone.items()})


def _with_units(session: Session, which: object) -> list[Item]:
    query = select(Item).where(which).options(selectinload(Item.units))  # type: ignore[arg-type]
    return list(session.scalars(query))
