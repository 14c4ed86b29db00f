"""What is printed on packages by others: which item a code means, and how much of it. Owns those links.

A code means one item in the whole installation. Reading a code off a label is labels' (deciphering).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.catalog import gtin
from supply.domain.catalog.models import Item, ItemCode
from supply.domain.catalog.service import base_quantity, get_item
from supply.errors import Conflict, Invalid, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


def key_of(code: str) -> str:
    """How a code is kept: a product's number as its fourteen digits, anything else as it is.

    Raises Invalid("check_digit_wrong").
    """
    if not gtin.shaped(code):
        return code
    key = gtin.normalised(code) or gtin.expanded(code)
    if key is None:
        raise Invalid(
            "check_digit_wrong",
            lazy("One of the digits is wrong: the last one does not fit the others. Scan it again."),
            field="code",
        )
    return key


def find_code(session: Session, key: str) -> ItemCode | None:
    """What is linked to a code as `key_of` tells it, with its item."""
    whole = joinedload(ItemCode.item).selectinload(Item.units)
    return session.scalar(select(ItemCode).options(whole).where(ItemCode.code == key))


def list_codes(session: Session, item_id: UUID) -> Sequence[ItemCode]:
    """The codes of an item, the first linked first."""
    get_item(session, item_id)
    query = select(ItemCode).options(joinedload(ItemCode.item)).where(ItemCode.item_id == item_id)
    return session.scalars(query.order_by(ItemCode.id)).all()


def link_code(
    session: Session,
    actor: Actor,
    item_id: UUID,
    *,
    code: str,
    amount: Decimal | None = None,
    unit: str | None = None,
) -> ItemCode:
    """Say that a code means an item and, where an amount is told, how much one package of it holds.

    Raises Invalid("check_digit_wrong"), Conflict("code_linked") naming the item that has it.
    """
    require(actor, Permission.CODE_LINK)
    item = get_item(session, item_id)
    key = key_of(code)
    quantity = None if amount is None or unit is None else base_quantity(item, amount, unit)
    linked = ItemCode(id=new_id(), code=key, item_id=item.id, quantity=quantity)
    try:
        with session.begin_nested():
            session.add(linked)
    except IntegrityError as error:
        raise _taken(session, key) from error
    _record(session, actor, linked, "item.link-code", [None, key], [None, quantity])
    return linked


def _taken(session: Session, key: str) -> Conflict:
    known = find_code(session, key)
    # Whoever linked it a moment ago may have taken it off again.
    named = {} if known is None else {"item_id": str(known.item_id), "item_code": known.item.code}
    return Conflict(
        "code_linked",
        lazy("This code is linked to an item already. Take it off there first."),
        field="code",
        details=named,
    )


def unlink_code(session: Session, actor: Actor, item_id: UUID, code_id: UUID) -> None:
    """The code means nothing from now on. Raises NotFound."""
    require(actor, Permission.CODE_LINK)
    linked = session.get(ItemCode, code_id, with_for_update=True, populate_existing=True)
    if linked is None or linked.item_id != item_id:
        raise NotFound("code_not_found", lazy("This item has no such code."))
    _record(session, actor, linked, "item.unlink-code", [linked.code, None], [linked.quantity, None])
    session.delete(linked)
    session.flush()


def _record(
    session: Session,
    actor: Actor,
    linked: ItemCode,
    action: str,
    code: list[str | None],
    quantity: list[int | None],
) -> None:
    changes = {"barcode": code} | ({"quantity": quantity} if quantity != [None, None] else {})
    audit.record(session, actor, action=action, entity="item", entity_id=linked.item_id, changes=changes)
