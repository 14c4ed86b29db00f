"""By which words items are found: the code and the names, whatever their marks."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select, true

from supply.domain.catalog.models import Item
from supply.domain.catalog.search import search_words


def named(text: str) -> ColumnElement[bool]:
    """Whether each word stands in the item's code or names."""
    return and_(true(), *(Item.search_key.like(key, escape="\\") for key in search_words(text)))


def ids_named(text: str) -> Select[UUID]:
    """The ids of these items, active or not, as part of a statement."""
    return select(Item.id).where(named(text))
