"""The example visit for which a recipe is worked out, as the address of a page tells it. Saves nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields
from sqlalchemy.orm import Session

from supply.domain.branches import service as branches
from supply.domain.branches.models import Room
from supply.domain.treatments.factors import Factor, require_possible
from supply.domain.treatments.models import Package
from supply.domain.treatments.recipe import Setting, setting_of
from supply.errors import Invalid
from supply.fields import BaseSchema, Id, Whole
from supply.i18n import lazy
from supply.web.session import find_current_branch

MOST_GUESTS = 14
ExampleAsked = BaseSchema.from_dict(
    {
        "party_size": Whole(
            minimum=1, maximum=MOST_GUESTS, load_default=1, metadata={"label": lazy("Guests")}
        ),
        "room_id": Id(load_default=None, metadata={"label": lazy("Room")}),
        "package_id": Id(load_default=None, metadata={"label": lazy("Package")}),
        **{
            f"guest_{number}": fields.List(fields.Enum(Factor, by_value=True), load_default=list)
            for number in range(1, MOST_GUESTS + 1)
        },
    },
    name="ExampleAsked",
)


def rooms_here(session: Session) -> list[Room]:
    """The rooms that an example may take place in."""
    branch = find_current_branch()
    return branches.list_rooms(session, branch.id) if branch else []


def guests_of(asked: Mapping[str, Any]) -> list[list[str]]:
    """The factors of each guest of the example."""
    return [asked[f"guest_{number}"] for number in range(1, asked["party_size"] + 1)]


def setting_asked(
    asked: Mapping[str, Any], rooms: Sequence[Room], packages: Sequence[Package]
) -> tuple[Setting, Room | None, Package | None]:
    """For whom, where and with which package. Factors that nobody bears together count as not said."""
    room = next((one for one in rooms if one.id == asked["room_id"]), None)
    package = next((one for one in packages if one.id == asked["package_id"]), None)
    guests = [factors if _possible(factors) else [] for factors in guests_of(asked)]
    return setting_of(guests, room, package_id=package.id if package else None), room, package


def _possible(factors: Sequence[str]) -> bool:
    try:
        require_possible(factors, field="")
    except Invalid:
        return False
    return True


def address_of(example: Mapping[str, Any]) -> dict[str, Any]:
    """The example of a draft's form as the query of a page."""
    told = {name: example[name] for name in ("party_size", "room_id", "package_id") if example[name]}
    for guest in example["guests"][: example["party_size"]]:
        told[f"guest_{guest['number']}"] = [Factor(factor).value for factor in guest["factors"]]
    return told
