"""What comes in and goes out about labels, scans and the codes of packages."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from supply.domain.catalog.schemas import Quantity, QuantityOut, quantity_out
from supply.domain.catalog.units import stock_amount
from supply.domain.labels import qr
from supply.domain.labels.deciphering import SEPARATOR, best_first
from supply.domain.labels.pictures import read_codes
from supply.domain.labels.resolving import Meaning, Resolved
from supply.domain.labels.service import MOST, Sticker
from supply.domain.ledger.schemas import StockItemOut
from supply.fields import Amount, BaseSchema, Code, Day, Id, Moment, OutSchema, Several, Text
from supply.i18n import lazy

MOST_TEXT = 400


class ScannedText(Text):
    """A text as a scanner types it: of the invisible characters only the separator of GS1 fields stays."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MOST_TEXT, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        parts = value.split(SEPARATOR) if isinstance(value, str) else [value]
        return SEPARATOR.join(super(ScannedText, self)._deserialize(part, attr, data) for part in parts)


class ReadScan(BaseSchema):
    branch_id = Id(required=True)
    text = ScannedText(
        required=True,
        metadata={
            "description": "As the scanner sent it, with the name of its symbol (]C1) or without.",
            "example": "(01)08935001712343(17)271130(10)A12",
        },
    )


class Picture(fields.Field[list[str]]):
    """A JPEG, PNG or WebP in base64, read as it is loaded: the texts of its codes, the most telling first."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("metadata", {}).update({"type": "string", "contentEncoding": "base64"})
        super().__init__(**kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[str]:
        try:
            picture = b64decode(value, validate=True)
        except (TypeError, ValueError) as error:
            raise ValidationError(str(lazy("Send the picture in base64."))) from error
        return best_first(read_codes(picture))


class ReadPicture(BaseSchema):
    branch_id = Id(required=True)
    picture = Picture(required=True)


class LinkCode(BaseSchema):
    """With an amount: so much is in one package that bears the code."""

    code = Text(
        required=True,
        max_length=80,
        metadata={
            "label": lazy("Code of the package"),
            "hint": lazy("The digits under the bars, or the text of the code."),
            "example": "8935001712343",
        },
    )
    amount = Amount(
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("One package holds"), "example": "5"},
    )
    unit = Code(max_length=20, allow_none=True, load_default=None, metadata={"example": "kg"})

    @validates_schema
    def _amount_with_unit(self, data: dict[str, Any], **_told: Any) -> None:
        if data.get("amount") is not None and data.get("unit") is None:
            raise ValidationError(str(lazy("Say the unit of the amount.")), "unit")


class ItemCodeOut(OutSchema):
    """A product's number is told in fourteen digits."""

    id = Id(required=True)
    code = fields.String(required=True)
    item_id = Id(required=True)
    holds = Quantity(
        lambda linked: None if linked.quantity is None else stock_amount(linked.item, linked.quantity),
        required=True,
        allow_none=True,
    )


class ItemCodesOut(OutSchema):
    data = fields.List(fields.Nested(ItemCodeOut), required=True)


class FoundLotOut(OutSchema):
    id = Id(required=True)
    item_id = Id(required=True)
    number = fields.String(required=True)
    expires_on = Day(required=True, allow_none=True)


class ScanOut(OutSchema):
    """`lot_number` and `expires_on` are what the code itself says, or those of the label's lot."""

    meaning = fields.Enum(
        Meaning,
        by_value=True,
        required=True,
        metadata={"description": "lots: several bear this number. unknown: `code` can be linked to an item."},
    )
    text = fields.String(required=True)
    branch_id = Id(required=True)
    code = fields.String(required=True, allow_none=True)
    item = fields.Nested(StockItemOut, required=True, allow_none=True)
    holds = fields.Nested(QuantityOut, required=True, allow_none=True)
    lot_number = fields.String(required=True, allow_none=True)
    expires_on = Day(required=True, allow_none=True)
    lots = fields.List(fields.Nested(FoundLotOut), required=True)
    container_id = Id(required=True, allow_none=True)


class ScansOut(OutSchema):
    data = fields.List(fields.Nested(ScanOut), required=True)


class MakeLabels(BaseSchema):
    branch_id = Id(required=True)
    lot_ids = fields.List(Id(), load_default=list, validate=Several(MOST))
    container_ids = fields.List(Id(), load_default=list, validate=Several(MOST))

    @validates_schema
    def _something(self, data: dict[str, Any], **_told: Any) -> None:
        if not data.get("lot_ids") and not data.get("container_ids"):
            raise ValidationError(str(lazy("Name a lot or an opened container.")), "lot_ids")


class LabelOut(OutSchema):
    """What stands on a label. `address` is in the square, and `qr_svg` draws it."""

    id = Id(required=True)
    tag = fields.String(required=True, metadata={"example": "C123456789"})
    branch_id = Id(required=True)
    lot_id = Id(required=True)
    container_id = Id(required=True, allow_none=True)
    item = fields.Nested(StockItemOut, required=True)
    lot_number = fields.String(required=True)
    expires_on = Day(required=True, allow_none=True)
    use_by_at = Moment(required=True, allow_none=True)
    opened_at = Moment(required=True, allow_none=True)
    address = fields.String(required=True)
    qr_svg = fields.String(required=True)


class LabelsOut(OutSchema):
    data = fields.List(fields.Nested(LabelOut), required=True)


def scan_view(found: Resolved) -> dict[str, Any]:
    """A resolved text as ScanOut reads it."""
    item = found.item
    return {
        "meaning": found.meaning,
        "text": found.text,
        "branch_id": found.branch_id,
        "code": found.code or None,
        "item": item,
        "holds": quantity_out(found.quantity, item) if item is not None else None,
        "lot_number": found.lot_number or None,
        "expires_on": found.expires_on,
        "lots": found.lots,
        "container_id": found.container.id if found.container else None,
    }


def label_view(sticker: Sticker, root: str) -> dict[str, Any]:
    """A label as LabelOut reads it; `root` is the address of the installation."""
    label, container = sticker.label, sticker.container
    address = qr.address_of(root, label.tag)
    return {
        "id": label.id,
        "tag": label.tag,
        "branch_id": label.branch_id,
        "lot_id": label.lot_id,
        "container_id": label.container_id,
        "item": sticker.item,
        "lot_number": sticker.lot.number,
        "expires_on": sticker.expires_on,
        "use_by_at": sticker.lot.use_by_at,
        "opened_at": container.opened_at if container else None,
        "address": address,
        "qr_svg": qr.svg_of(address),
    }
