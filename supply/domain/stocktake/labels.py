"""What stands on a package that the shelf list did not show: which lot it is, a known one or a new one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from supply.domain.catalog.models import Item
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import Lot
from supply.domain.stocktake.service import number_of_day
from supply.errors import Invalid
from supply.i18n import lazy


def lot_on_label(
    writer: ledger.Writer, item: Item, told: Mapping[str, Any], when: datetime, prefix: str = ""
) -> Lot:
    """The lot with this `number` and `expires_on`: one that was used up by the book, or one it never knew.

    Raises Invalid naming `prefix` and the field where the item needs what was not told.
    """
    number: str | None = told.get("number")
    expires_on: date | None = told.get("expires_on")
    if item.lot_required and not number:
        raise Invalid(
            "lot_number_missing", lazy("Write the lot number on the package."), field=f"{prefix}number"
        )
    if item.expiry_required and expires_on is None:
        raise Invalid(
            "expires_on_missing", lazy("Write the expiry on the package."), field=f"{prefix}expires_on"
        )
    number = number or number_of_day(writer, when)
    same = writer.session.scalars(
        select(Lot)
        .where(
            Lot.branch_id == writer.branch_id,
            Lot.item_id == item.id,
            Lot.number == number,
            Lot.expires_on == expires_on if expires_on else Lot.expires_on.is_(None),
        )
        .order_by(Lot.id.desc())
        .limit(1)
    ).first()
    return same or ledger.obtain_lots(writer, [ledger.LotFacts(item.id, number, expires_on)])[0]
