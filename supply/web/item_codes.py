"""The codes of an item's packages: which there are, linking another one, taking one off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from supply.domain.catalog import codes
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item, ItemCode
from supply.domain.labels.schemas import LinkCode
from supply.fields import BaseSchema, Text
from supply.i18n import _
from supply.permissions import Actor, Permission
from supply.presenting import format_quantity
from supply.web.frame import named
from supply.web.pages import Pages, query, render, say
from supply.web.units import echo_unit, unit_options

bp = Pages("item_codes", __name__)
Target = tuple[str, dict[str, Any]]


class CodeToLink(BaseSchema):
    code = Text(max_length=80, load_default="")


@bp.page("/stock/items/<uuid:item_id>/codes", permission=Permission.STOCK_SEE)
def list_codes(session: Session, actor: Actor, item_id: UUID) -> str:
    item = catalog.get_item(session, item_id)
    return render(
        "scan/codes.html",
        item=item,
        rows=[_row(linked, item) for linked in codes.list_codes(session, item_id)],
        code=query(CodeToLink)["code"],
        schema=LinkCode,
        units=unit_options(item),
        echo=echo_unit(item),
    )


def _row(linked: ItemCode, item: Item) -> dict[str, Any]:
    return {
        "code": linked.code,
        "holds": "" if linked.quantity is None else format_quantity(linked.quantity, item),
        "off_url": url_for("item_codes.unlink_code", item_id=item.id, code_id=linked.id),
    }


@bp.action(
    "/stock/items/<uuid:item_id>/codes",
    permission=Permission.CODE_LINK,
    schema=LinkCode,
    back="item_codes.list_codes",
)
def link_code(session: Session, actor: Actor, data: dict[str, Any], item_id: UUID) -> Target:
    """Back to the field that scans: whoever links a code has the package in hand."""
    linked = codes.link_code(session, actor, item_id, **data)
    item = catalog.get_item(session, item_id)
    say(_("From now on %(code)s means %(item)s.", code=linked.code, item=named(item)))
    return "scanning.show_scan", {"code": linked.code}


@bp.action(
    "/stock/items/<uuid:item_id>/codes/<uuid:code_id>/removal",
    permission=Permission.CODE_LINK,
    back="item_codes.list_codes",
)
def unlink_code(session: Session, actor: Actor, item_id: UUID, code_id: UUID) -> Target:
    codes.unlink_code(session, actor, item_id, code_id)
    say(_("Taken off. The code can be linked again."))
    return "item_codes.list_codes", {"item_id": item_id}
