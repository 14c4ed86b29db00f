"""Labels over the API: their tags, what stands on them, and the square as SVG."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.labels import service
from supply.domain.labels.schemas import LabelOut, LabelsOut, MakeLabels, label_view
from supply.permissions import Actor, Permission

blp = ApiBlueprint("labels", description="Labels of lots and opened containers, to be printed.")


@blp.post(
    "/labels",
    permission=Permission.LABEL_PRINT,
    body=MakeLabels,
    out=LabelsOut,
    status=201,
    summary="Make labels",
    description="What stands on the labels of lots and opened containers, lots first. A lot keeps its tag: "
    "made again, it is the same label.",
    example={
        "branch_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01",
        "lot_ids": ["018f2c3e-5a70-7c1e-9d55-0c6b1f2f8b02"],
    },
)
def make_labels(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    made = service.make_labels(session, actor, **data)
    return {"data": [label_view(one, request.url_root) for one in made]}


@blp.get(
    "/labels/<uuid:label_id>",
    permission=Permission.STOCK_SEE,
    out=LabelOut,
    summary="Get a label",
    description="What stands on it now: the expiry of a lot may have been corrected since it was printed.",
)
def get_label(session: Session, actor: Actor, label_id: UUID) -> Any:
    return label_view(service.get_sticker(session, actor, label_id), request.url_root)
