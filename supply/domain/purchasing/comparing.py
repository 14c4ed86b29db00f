"""All suppliers of an item side by side: what a stock unit costs, how they sell it, how long they took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.catalog.models import Item
from supply.domain.purchasing.punctuality import LeadRecord, lead_records
from supply.domain.suppliers import service as suppliers
from supply.domain.suppliers.models import Supplier, SupplierTerms
from supply.domain.suppliers.ordering import lead_days
from supply.permissions import Actor
from supply.quantity import UNITS


@dataclass(frozen=True, slots=True)
class Compared:
    """One supplier of the item, and what its orders took in the branch."""

    terms: SupplierTerms
    record: LeadRecord

    @property
    def supplier(self) -> Supplier:
        return self.terms.supplier

    @property
    def item(self) -> Item:
        return self.terms.item

    @property
    def unit_price_minor(self) -> int:
        """What one stock unit costs, rounded to the smallest coin."""
        factor = UNITS[self.item.stock_unit].factor
        return round(self.terms.price_minor * factor / self.terms.pack_quantity)

    @property
    def minimum(self) -> int:
        """The least that can be ordered, in base units."""
        return self.terms.minimum_packs * self.terms.pack_quantity

    @property
    def stated_days(self) -> int:
        return lead_days(self.supplier, self.terms)


def compare_suppliers(session: Session, actor: Actor, branch_id: UUID, item_id: UUID) -> Sequence[Compared]:
    """Who sells the item: the preferred first, then the second, then by code."""
    terms = suppliers.terms_of_item(session, item_id)
    records = lead_records(session, actor, branch_id, [one.supplier_id for one in terms])
    return [Compared(one, records[one.supplier_id]) for one in terms]
