"""Pages of scanning: the field that stays open, what was found and where it leads, a label's own address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import redirect, url_for
from marshmallow import ValidationError
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from supply.domain.catalog import service as catalog
from supply.domain.labels import service as labels
from supply.domain.labels.deciphering import best_first
from supply.domain.labels.pictures import MAX_BYTES, read_codes
from supply.domain.labels.resolving import resolve
from supply.domain.labels.schemas import ScannedText
from supply.domain.labels.tags import find_tag
from supply.errors import Invalid, NotFound
from supply.fields import BaseSchema, Text
from supply.i18n import lazy
from supply.permissions import Actor, Permission
from supply.web import scan_rows
from supply.web.pages import Pages, query, render, tried
from supply.web.session import current_branch

bp = Pages("scanning", __name__)
# The picture and what a form says beside it.
MOST_BYTES = MAX_BYTES + 1024 * 1024
MOST_ITEMS = 100
_TEXT = ScannedText(required=True)


class ScanFilter(BaseSchema):
    code = ScannedText(load_default="", min_length=0)


class ItemToLink(BaseSchema):
    code = Text(max_length=80, load_default="")
    q = Text(max_length=100, load_default="")


@bp.page("/scan", permission=Permission.STOCK_SEE)
def show_scan(session: Session, actor: Actor) -> Any:
    """A code that means nothing is no missing page: the field stays open and says so."""
    told = query(ScanFilter)["code"]
    texts: list[str] = tried() or ([told] if told else [])
    found, said, status = None, "", 200
    if texts:
        try:
            found = scan_rows.card(session, actor, resolve(session, actor, current_branch().id, texts[0]))
        except Invalid as refusal:
            said, status = str(refusal.message), 422
        except NotFound as refusal:
            said, status = str(refusal.message), 404
    return render("scan/scan.html", found=found, said=said, others=texts[1:]), status


@bp.look("/scan", permission=Permission.STOCK_SEE, back="scanning.show_scan", most_bytes=MOST_BYTES)
def read_scan(typed: Mapping[str, str], files: Mapping[str, FileStorage]) -> list[str]:
    return scanned(typed, files)


def scanned(typed: Mapping[str, str], files: Mapping[str, FileStorage]) -> list[str]:
    """What was typed into the field, or what stands in the picture, the most telling code first.

    Raises Invalid naming "scanned" or "picture", Unavailable.
    """
    picture = files.get("picture")
    if picture is not None and picture.filename:
        found = read_codes(picture.stream.read(MAX_BYTES + 1))
        if not found:
            words = lazy("No code was found in the picture. Go closer, keep it sharp, or type the code.")
            raise Invalid("no_code", words, field="picture")
        return best_first(found)
    try:
        return [_TEXT.deserialize(typed.get("scanned", ""))]
    except ValidationError as error:
        raise Invalid(
            "nothing_scanned", lazy("Scan a code or type it here first."), field="scanned"
        ) from error


@bp.page("/s/<tag>", permission=Permission.STOCK_SEE)
def follow_label(session: Session, actor: Actor, tag: str) -> Response:
    """Where the square on a label leads: to its lot or container, or to where its branch can be chosen."""
    if find_tag(tag) is None:
        raise labels.not_found()
    found = resolve(session, actor, current_branch().id, tag)
    if found.branch_id != current_branch().id or not found.lots:
        return redirect(url_for("scanning.show_scan", code=tag), 303)
    if found.container is not None:
        return redirect(url_for("containers.show_container", container_id=found.container.id), 303)
    return redirect(url_for("stock.show_lot", lot_id=found.lots[0].id), 303)


@bp.page("/scan/choose", permission=Permission.CODE_LINK)
def choose_item(session: Session, actor: Actor) -> str:
    """Which item a code means that nobody has linked yet."""
    chosen = query(ItemToLink)
    items = catalog.list_items(session, search=chosen["q"], limit=MOST_ITEMS)
    return render(
        "scan/choose.html",
        code=chosen["code"],
        text=chosen["q"],
        items=[scan_rows.item_to_link(item, chosen["code"]) for item in items],
    )
