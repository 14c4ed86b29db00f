"""What a scanned text means here: a lot, an opened container, an item, or nothing yet. Looks only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from supply.domain.catalog import codes
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.labels import service as labels
from supply.domain.labels.deciphering import Deciphered, Kind, decipher
from supply.domain.ledger.models import Container, Holding, Lot
from supply.errors import Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

MOST_LOTS = 10


class Meaning(StrEnum):
    """CONTAINER and LOT name one thing; LOTS are several that bear the number; UNKNOWN can be linked."""

    CONTAINER = "container"
    LOT = "lot"
    LOTS = "lots"
    ITEM = "item"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a text means. `code` is what can be linked; `quantity` is what one such package holds, base units.

    `lot_number` and `expires_on` are what the text itself says, or the label's lot.
    """

    meaning: Meaning
    text: str
    branch_id: UUID
    code: str = ""
    item: Item | None = None
    quantity: int | None = None
    lot_number: str = ""
    expires_on: date | None = None
    lots: Sequence[Lot] = ()
    container: Container | None = None


def resolve(session: Session, actor: Actor, branch_id: UUID, text: str) -> Resolved:
    """What a text means to somebody in a branch. A label of another of their branches says which one.

    Raises Invalid("check_digit_wrong"), NotFound for a label that is not of their branches.
    """
    require(actor, Permission.STOCK_SEE, branch_id)
    told = decipher(text)
    label = _of_label(session, actor, branch_id, told) if told.tag else None
    if label is not None:
        return label
    package = _of_package(session, branch_id, told)
    if package is not None and (told.kind is Kind.GS1 or package.meaning is not Meaning.UNKNOWN):
        return package
    # A lot number may look like anything, also like a label's tag or like a product's number.
    typed = _of_typed(session, branch_id, told)
    if typed is not None:
        return typed
    if told.tag:
        raise labels.not_found()
    if told.kind is Kind.MISREAD:
        raise Invalid(
            "check_digit_wrong",
            lazy("One of the digits is wrong: the last one does not fit the others. Scan it again."),
            field="text",
        )
    return package or Resolved(Meaning.UNKNOWN, told.text, branch_id, told.text)


def _of_label(session: Session, actor: Actor, branch_id: UUID, told: Deciphered) -> Resolved | None:
    """By our own label: of this branch, of a lot that was sent here with it, or of another one of theirs."""
    sticker = labels.find_sticker(session, actor, told.tag)
    if sticker is not None and sticker.label.branch_id == branch_id:
        return _named(session, told, sticker.lot, sticker.container)
    arrived = labels.find_arrived(session, branch_id, told.tag)
    if arrived is not None:
        return _named(session, told, arrived)
    return None if sticker is None else _named(session, told, sticker.lot, sticker.container)


def _named(session: Session, told: Deciphered, lot: Lot, container: Container | None = None) -> Resolved:
    return Resolved(
        Meaning.LOT if container is None else Meaning.CONTAINER,
        told.text,
        lot.branch_id,
        item=catalog.get_item(session, lot.item_id),
        lot_number=lot.number,
        expires_on=lot.expires_on,
        lots=[lot],
        container=container,
    )


def _of_package(session: Session, branch_id: UUID, told: Deciphered) -> Resolved | None:
    """By the code of a package, with the lot it names where that is here; None where it is only a text."""
    code = told.product or (told.text if told.kind is Kind.OTHER else "")
    known = codes.find_code(session, code) if code else None
    facts: dict[str, Any] = {"lot_number": told.lot_number, "expires_on": told.expires_on}
    if known is None:
        fields = told.kind in (Kind.GS1, Kind.PRODUCT)
        return Resolved(Meaning.UNKNOWN, told.text, branch_id, code, **facts) if fields else None
    lots = _lots(session, branch_id, told.lot_number, known.item_id) if told.lot_number else []
    facts |= {"item": known.item, "quantity": known.quantity, "lots": lots}
    return Resolved(_meaning(lots), told.text, branch_id, code, **facts)


def _of_typed(session: Session, branch_id: UUID, told: Deciphered) -> Resolved | None:
    """What somebody typed who had nothing to scan: an item's code, or the number of a lot."""
    item = catalog.find_item_by_code(session, told.text)
    if item is not None:
        return Resolved(Meaning.ITEM, told.text, branch_id, item=item)
    lots = _lots(session, branch_id, told.text)
    if not lots:
        return None
    if len(lots) == 1:
        return _named(session, told, lots[0])
    return Resolved(Meaning.LOTS, told.text, branch_id, lot_number=told.text, lots=lots)


def _meaning(lots: Sequence[Lot]) -> Meaning:
    return Meaning.LOTS if len(lots) > 1 else Meaning.LOT if lots else Meaning.ITEM


def _lots(session: Session, branch_id: UUID, number: str, item_id: UUID | None = None) -> Sequence[Lot]:
    """Lots that bear a number: of those that still stand, else of those that ever came; newest first."""
    standing = (
        select(func.coalesce(cast(func.sum(Holding.quantity), BigInteger), 0))
        .where(Holding.branch_id == branch_id, Holding.lot_id == Lot.id)
        .scalar_subquery()
    )
    query = select(Lot, standing.label("standing")).where(Lot.branch_id == branch_id, Lot.number == number)
    if item_id is not None:
        query = query.where(Lot.item_id == item_id)
    rows = session.execute(query.order_by(Lot.id.desc()).limit(MOST_LOTS)).all()
    return [row.Lot for row in rows if row.standing] or [row.Lot for row in rows]
