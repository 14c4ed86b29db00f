"""Scanning over the API: what a code means, and which codes of packages an item has."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.catalog import codes
from supply.domain.labels.resolving import resolve
from supply.domain.labels.schemas import (
    ItemCodeOut,
    ItemCodesOut,
    LinkCode,
    ReadPicture,
    ReadScan,
    ScanOut,
    ScansOut,
    scan_view,
)
from supply.permissions import Actor, Permission

blp = ApiBlueprint(
    "scans", description="What a scanned code means: our own labels, GS1, EAN and UPC, and what was linked."
)
# The number 8935001712343 as a small QR.
_PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAADIAAAAyAQAAAAA2RLUcAAAAfElEQVR42n2QMQpDQQhEJR5gryLYCnv1BduFXGXBVpgfwoev"
    "RTKNPGQcRsJXi37NQxbE60W3ApNnFGZj0crTO0tnmFb/IdV6H4j45D48mLRwOnKP4h8GLwxLt5qXTFL3OGLvlr8DrV8Ob/1k"
    "tT66dXSm7jfxet8yW/7ff19QV4XqX0aR5AAAAABJRU5ErkJggg=="
)
_SEE, _LINK = Permission.STOCK_SEE, Permission.CODE_LINK


@blp.get(
    "/scans",
    permission=_SEE,
    query=ReadScan,
    out=ScanOut,
    summary="Read a code",
    description="What a scanned or typed text means in a branch: a label of ours, a GS1 message (item, lot, "
    "expiry), the number of a product, an item's code, a lot's number. Looks only; nothing is written.",
)
def read_scan(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    return scan_view(resolve(session, actor, query["branch_id"], query["text"]))


@blp.post(
    "/scans",
    permission=_SEE,
    body=ReadPicture,
    out=ScansOut,
    summary="Read the codes in a picture",
    description="What each code in a photo means, the most telling first. The picture is not kept: JPEG, PNG "
    "or WebP in base64, as small as still shows the code (2000 pixels are enough).",
    example={
        "branch_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01",
        "picture": _PICTURE,
    },
)
def read_picture(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    found = [resolve(session, actor, data["branch_id"], text) for text in data["picture"]]
    return {"data": [scan_view(one) for one in found]}


@blp.get(
    "/items/<uuid:item_id>/codes",
    permission=_SEE,
    out=ItemCodesOut,
    summary="List an item's codes",
    description="The codes of packages that mean this item, and how much one such package holds.",
)
def list_item_codes(session: Session, actor: Actor, item_id: UUID) -> Any:
    return {"data": codes.list_codes(session, item_id)}


@blp.post(
    "/items/<uuid:item_id>/codes",
    permission=_LINK,
    body=LinkCode,
    out=ItemCodeOut,
    status=201,
    summary="Link a code to an item",
    description="From now on the code means this item, in every branch. A code means one item; the check "
    "digit of a product's number is verified, and it is kept in fourteen digits.",
    example={"code": "8935001712343", "amount": "5", "unit": "kg"},
    conflicts=("code_linked",),
)
def link_item_code(session: Session, actor: Actor, data: dict[str, Any], item_id: UUID) -> Any:
    return codes.link_code(session, actor, item_id, **data)


@blp.delete(
    "/items/<uuid:item_id>/codes/<uuid:code_id>",
    permission=_LINK,
    summary="Take a code off an item",
    description="The code means nothing from now on, and may be linked again.",
)
def unlink_item_code(session: Session, actor: Actor, item_id: UUID, code_id: UUID) -> None:
    codes.unlink_code(session, actor, item_id, code_id)
