"""By which words a lot is found: its number, with its marks; its item and who sold it, with or without."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from supply.domain.catalog.search import search_words, written_words
from supply.domain.finding import items
from supply.domain.ledger.models import Lot
from supply.domain.suppliers.models import Supplier


def numbered(text: str) -> ColumnElement[bool]:
    """Whether the number holds every word."""
    return and_(true(), *(func.lower(Lot.number).like(word, escape="\\") for word in written_words(text)))


def named(text: str) -> ColumnElement[bool]:
    """Whether each word stands in the number, the item's names or the supplier's. Of Lot and Item."""
    return and_(true(), *(_bears(word) for word in text.split()[:8]))


def _bears(word: str) -> ColumnElement[bool]:
    keys = search_words(word)
    sellers = select(Supplier.id).where(*(Supplier.search_key.like(key, escape="\\") for key in keys))
    return or_(numbered(word), items.named(word), Lot.supplier_id.in_(sellers))
