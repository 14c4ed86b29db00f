"""Searching the audit by words: also by the names of the things and people that its entries are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, union_all
from sqlalchemy.orm import Session

from supply.domain.audit import service as audit
from supply.domain.audit.models import AuditEntry
from supply.domain.branches.models import Branch, Location, Room
from supply.domain.catalog.models import Item
from supply.domain.catalog.search import search_key
from supply.domain.ledger.models import Lot
from supply.domain.people.models import Person
from supply.domain.suppliers.models import Supplier
from supply.domain.treatments.models import Package, Procedure
from supply.permissions import Actor


def search_audit(session: Session, actor: Actor, **asked: Any) -> Sequence[AuditEntry]:
    """As audit.list_entries; the words also find what bears them as its name. One statement."""
    words = asked.get("words")
    return audit.list_entries(session, actor, about=_named(words) if words else None, **asked)


def _named(words: str) -> Select[tuple[UUID]]:
    """The ids of things and people whose names hold the words; "gung" finds "Gừng"."""
    key = search_key(words)
    by_key = (select(kind.id).where(kind.search_key.contains(key, autoescape=True)) for kind in _KEYED)
    by_name = (select(kind.id).where(kind.name.icontains(words, autoescape=True)) for kind in _NAMED)
    lots = select(Lot.id).where(Lot.number == words)
    packages = select(Package.id).where(
        Package.name_en.icontains(words, autoescape=True) | Package.name_vi.icontains(words, autoescape=True)
    )
    found = union_all(*by_key, *by_name, lots, packages).subquery()
    return select(found.c[0])


_KEYED: tuple[Any, ...] = (Item, Supplier, Procedure)
_NAMED: tuple[Any, ...] = (Person, Branch, Location, Room)
