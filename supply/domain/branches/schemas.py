"""What branches, storage locations and rooms look like coming in and going out."""

from __future__ import annotations

from marshmallow import fields, validate

from supply.domain.branches.models import RoomType
from supply.fields import BaseSchema, Code, Moment, OutSchema, Text, Tick, Whole
from supply.i18n import lazy
from supply.quantity import MINOR_DIGITS


class ChangeBranch(BaseSchema):
    name = Text(required=True, max_length=120, metadata={"label": lazy("Name"), "example": "District 1"})
    timezone = Text(
        load_default="Asia/Ho_Chi_Minh",
        max_length=64,
        metadata={"label": lazy("Time zone"), "hint": lazy("Days and expiry follow it.")},
    )


class CreateBranch(ChangeBranch):
    code = Code(required=True, max_length=12, metadata={"label": lazy("Code"), "example": "Q1"})
    currency = fields.String(
        load_default="VND",
        validate=validate.OneOf(list(MINOR_DIGITS)),
        metadata={"label": lazy("Currency")},
    )
    location_name = Text(
        load_default="Storeroom",
        max_length=80,
        metadata={"label": lazy("First storage location"), "example": "Storeroom"},
    )


class ListBranches(BaseSchema):
    closed = Tick(load_default=False, metadata={"label": lazy("Closed ones too")})


class CreateLocation(BaseSchema):
    name = Text(required=True, max_length=80, metadata={"label": lazy("Name"), "example": "Shelf A"})
    position = Whole(
        minimum=0,
        maximum=999,
        load_default=0,
        metadata={"label": lazy("Sequence"), "hint": lazy("Deliveries go to the lowest number.")},
    )


class ChangeLocation(CreateLocation):
    closed = Tick(load_default=False, metadata={"label": lazy("Closed")})


class CreateRoom(BaseSchema):
    name = Text(required=True, max_length=80, metadata={"label": lazy("Name"), "example": "Lotus"})
    room_type = fields.Enum(RoomType, by_value=True, required=True, metadata={"label": lazy("Room type")})
    max_guests = Whole(
        minimum=1,
        maximum=14,
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Guests at most"), "hint": lazy("Empty: what the type allows.")},
    )
    tubs = Whole(minimum=1, maximum=14, load_default=1, metadata={"label": lazy("Tubs")})
    seats_per_tub = Whole(minimum=1, maximum=14, load_default=2, metadata={"label": lazy("Guests per tub")})
    tub_water_kg = Whole(
        minimum=1,
        maximum=2000,
        load_default=None,
        allow_none=True,
        metadata={
            "label": lazy("Water in a tub, in kg"),
            "hint": lazy("One litre weighs one kilogram. Empty: not measured, then 200 kg are assumed."),
            "example": 180,
        },
    )


class ChangeRoom(CreateRoom):
    closed = Tick(load_default=False, metadata={"label": lazy("Closed")})


class BranchOut(OutSchema):
    id = fields.UUID(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    timezone = fields.String(required=True)
    currency = fields.String(required=True)
    closed_at = Moment(required=True, allow_none=True)
    version = fields.Integer(required=True)


class LocationOut(OutSchema):
    id = fields.UUID(required=True)
    branch_id = fields.UUID(required=True)
    name = fields.String(required=True)
    position = fields.Integer(required=True)
    closed_at = Moment(required=True, allow_none=True)


class RoomOut(OutSchema):
    id = fields.UUID(required=True)
    branch_id = fields.UUID(required=True)
    name = fields.String(required=True)
    room_type = fields.Enum(RoomType, by_value=True, required=True)
    max_guests = fields.Integer(required=True)
    tubs = fields.Integer(required=True)
    seats_per_tub = fields.Integer(required=True)
    tub_water_kg = fields.Integer(required=True, allow_none=True)
    closed_at = Moment(required=True, allow_none=True)
