"""Pages of labels: how many of what on which paper, and the paper itself."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from flask import request, url_for
from markupsafe import Markup
from marshmallow import fields
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.containers import reading as containers
from supply.domain.labels import qr
from supply.domain.labels import service as labels
from supply.domain.labels.service import Sticker
from supply.domain.labels.sheet import MOST_COPIES, MOST_PLACES, PER_SHEET, Paper, laid_out
from supply.domain.labels.tags import spaced
from supply.domain.ledger.models import LotKind
from supply.domain.receiving.models import DeliveryLine
from supply.domain.receiving.service import get_delivery
from supply.domain.reports.stock import lot_report
from supply.errors import Invalid
from supply.fields import BaseSchema, Id, Text, Whole
from supply.i18n import lazy
from supply.permissions import Actor, Permission
from supply.presenting import format_day, format_instant
from supply.quantity import UNITS
from supply.web.frame import named
from supply.web.pages import Pages, query, render
from supply.web.session import current_branch
from supply.web.stock_rows import until

bp = Pages("labels", __name__)
_PRINT = Permission.LABEL_PRINT
_WANTED = re.compile(r"([0-9A-Z]{10})\.([0-9]{1,3})", re.ASCII)
Target = tuple[str, dict[str, Any]]


class LabelsOf(BaseSchema):
    """Of what labels are wanted."""

    delivery_id = Id(load_default=None)
    lot_id = Id(load_default=None)
    container_id = Id(load_default=None)


class WantedLabel(BaseSchema):
    lot_id = Id(load_default=None, allow_none=True)
    container_id = Id(load_default=None, allow_none=True)
    copies = Whole(minimum=0, maximum=MOST_COPIES, load_default=0, metadata={"label": lazy("How many")})


class PrintLabels(BaseSchema):
    branch_id = Id(required=True)
    paper = fields.Enum(Paper, by_value=True, required=True, metadata={"label": lazy("Paper of the labels")})
    used = Whole(
        minimum=0,
        maximum=PER_SHEET - 1,
        load_default=0,
        metadata={
            "label": lazy("Labels that the first sheet lacks already"),
            "hint": lazy("For a sheet that was begun: they stay empty."),
        },
    )
    lines = fields.List(fields.Nested(WantedLabel), load_default=list)


class Printed(BaseSchema):
    """What the address of the paper says."""

    of = fields.List(Text(max_length=14), load_default=list)
    paper = fields.Enum(Paper, by_value=True, load_default=Paper.ROLL)
    used = Whole(minimum=0, maximum=PER_SHEET - 1, load_default=0)


@bp.page("/labels/new", permission=_PRINT)
def new_labels(session: Session, actor: Actor) -> str:
    chosen = query(LabelsOf)
    return render(
        "labels/new.html",
        schema=PrintLabels,
        rows=_offered(session, actor, **chosen),
        form_url=url_for("labels.make_labels", **{name: value for name, value in chosen.items() if value}),
    )


def _offered(
    session: Session,
    actor: Actor,
    delivery_id: UUID | None,
    lot_id: UUID | None,
    container_id: UUID | None,
) -> list[dict[str, Any]]:
    """A row for each lot or container, with how many labels are likely wanted."""
    branch = current_branch()
    if delivery_id is not None:
        delivery = get_delivery(session, actor, delivery_id)
        return [
            _row(
                named(line.item),
                line.lot.number,
                until(line.lot.expires_on, line.lot.use_by_at),
                _packs(line),
            )
            | {"lot_id": line.lot_id}
            for line in delivery.lines
            if line.quantity
        ]
    if container_id is not None:
        opened = containers.get_opened(session, actor, branch.id, container_id)
        row = _row(named(opened.item), opened.lot.number, format_day(opened.expires_on), 1)
        return [row | {"container_id": container_id}]
    if lot_id is not None:
        report = lot_report(session, actor, branch.id, lot_id)
        lot = report.lot
        row = _row(named(report.item), lot.number, until(lot.expires_on, lot.use_by_at), 1)
        return [row | {"lot_id": lot_id}]
    return []


def _row(name: str, number: str, expires: str, copies: int) -> dict[str, Any]:
    return {"name": name, "number": number, "expires": expires, "copies": copies}


def _packs(line: DeliveryLine) -> int:
    """A label for each package: where it came in whole packs, so many."""
    whole = line.entered_unit not in UNITS and line.entered_amount.isdigit()
    return min(int(line.entered_amount), MOST_COPIES) if whole and line.quantity == line.received else 1


@bp.action("/labels/new", permission=_PRINT, schema=PrintLabels, back="labels.new_labels")
def make_labels(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    """The tags are made here; the paper is an address, so that it can be opened and printed again."""
    wanted = {
        line["lot_id"] or line["container_id"]: line["copies"] for line in data["lines"] if line["copies"]
    }
    wanted.pop(None, None)
    total = sum(wanted.values())
    if not total:
        raise Invalid("no_labels", lazy("Say how many labels you want."), field="lines.0.copies")
    if total > MOST_PLACES or len(wanted) > labels.MOST:
        raise Invalid(
            "too_many_labels",
            lazy("That is too many at once: at most %(most)s.", most=MOST_PLACES),
            field="lines.0.copies",
        )
    made = labels.make_labels(
        session,
        actor,
        branch_id=data["branch_id"],
        lot_ids=[line["lot_id"] for line in data["lines"] if line["lot_id"] in wanted],
        container_ids=[line["container_id"] for line in data["lines"] if line["container_id"] in wanted],
    )
    return "labels.print_labels", {
        "of": [f"{one.label.tag}.{wanted[one.label.container_id or one.lot.id]}" for one in made],
        "paper": data["paper"].value,
        "used": data["used"] or None,
    }


@bp.page("/labels/print", permission=_PRINT)
def print_labels(session: Session, actor: Actor) -> str:
    told = query(Printed)
    wanted = {match[1]: int(match[2]) for match in map(_WANTED.fullmatch, told["of"]) if match}
    stickers = labels.list_stickers(session, actor, current_branch().id, list(wanted)[: labels.MOST])
    shown = [(_printed(one), min(wanted[one.label.tag], MOST_COPIES)) for one in stickers]
    pages = laid_out(shown, told["paper"], told["used"])
    return render(
        "labels/print.html",
        paper=told["paper"].value,
        pages=pages[:MOST_PLACES],
        back=url_for("scanning.show_scan"),
    )


def _printed(sticker: Sticker) -> dict[str, Any]:
    """What stands on a label, in the reader's language. The square is drawn here, of our own text alone."""
    zone, container, lot = current_branch().timezone, sticker.container, sticker.lot
    opened = format_day(clock.day_of(container.opened_at, zone)) if container else ""
    return {
        "name": named(sticker.item),
        "number": lot.number,
        "brewed": format_instant(lot.created_at, zone) if lot.kind is LotKind.PREPARED else "",
        "expires": until(sticker.expires_on, lot.use_by_at) if sticker.expires_on or lot.use_by_at else "",
        "opened": opened,
        "tag": spaced(sticker.label.tag),
        "qr": Markup(qr.svg_of(qr.address_of(request.url_root, sticker.label.tag))),  # noqa: S704
    }
