"""Pages of a recipe's draft: write steps, lines and rules, see what an example visit gets, publish."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for
from marshmallow import fields
from sqlalchemy.orm import Session

from supply.domain.treatments import drafting, service
from supply.domain.treatments.factors import Factor, require_possible
from supply.domain.treatments.recipe import setting_of
from supply.domain.treatments.retelling import retold
from supply.domain.treatments.schemas import SaveDraft, WriteStep
from supply.errors import Invalid
from supply.fields import BaseSchema, Id, Whole, at_most
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission
from supply.web import recipe_rows
from supply.web.example_visits import ExampleAsked, address_of, rooms_here, setting_asked
from supply.web.frame import named
from supply.web.pages import Pages, query, render, say, tried

bp = Pages("recipe_drafts", __name__)
Target = tuple[str, dict[str, Any]]
_MANAGE = Permission.CATALOG_MANAGE


class NumberedStep(WriteStep):
    """A step as the page numbered it: rules name it by that."""

    number = Whole(minimum=1, maximum=60, required=True)


class ExampleGuest(BaseSchema):
    """A guest of the example visit; the number is there also where nothing is ticked."""

    number = Whole(minimum=1, maximum=14, required=True)
    factors = fields.List(
        fields.Enum(Factor, by_value=True), load_default=list, validate=at_most(len(Factor))
    )


class ExampleVisit(BaseSchema):
    """The visit for which the draft is worked out while it is written."""

    party_size = Whole(minimum=1, maximum=14, load_default=1, metadata={"label": lazy("Guests")})
    room_id = Id(load_default=None, allow_none=True, metadata={"label": lazy("Room")})
    package_id = Id(load_default=None, allow_none=True, metadata={"label": lazy("Package")})
    guests = fields.List(fields.Nested(ExampleGuest), load_default=list, validate=at_most(14))


class DraftForm(SaveDraft):
    """The draft with the example visit beside it."""

    steps = fields.List(fields.Nested(NumberedStep), required=True, validate=at_most(50))
    example = fields.Nested(ExampleVisit, load_default=lambda: ExampleVisit().load({}))


@bp.action(
    "/procedures/<uuid:procedure_id>/draft/beginning", permission=_MANAGE, back="treatments.show_procedure"
)
def begin_draft(session: Session, actor: Actor, procedure_id: UUID) -> Target:
    drafting.begin_draft(session, actor, procedure_id)
    return "recipe_drafts.edit_draft", {"procedure_id": procedure_id}


@bp.page("/procedures/<uuid:procedure_id>/draft", permission=_MANAGE)
def edit_draft(session: Session, actor: Actor, procedure_id: UUID) -> str:
    procedure = service.get_procedure(session, procedure_id)
    draft = service.with_items(session, service.get_draft(session, procedure_id))
    packages = service.list_packages(session, procedure_id=procedure_id, active=None)
    rooms, asked = rooms_here(session), query(ExampleAsked)
    setting, _room, package = setting_asked(asked, rooms, packages)
    return render(
        "treatments/draft.html",
        schema=DraftForm,
        procedure=procedure,
        draft=draft,
        wording=recipe_rows.typed(retold(draft)),
        packages=[(one.id, named(one)) for one in packages],
        rooms=[(room.id, room.name) for room in rooms],
        asked=asked,
        result=tried() or recipe_rows.result(draft, setting, package),
        **recipe_rows.choices(session, draft),
    )


def show_result(session: Session, actor: Actor, data: dict[str, Any], procedure_id: UUID) -> list[Any]:
    """What was typed, resolved for the example visit that was typed beside it; nothing is saved."""
    wording, example = _split(data)
    drawn = drafting.sketch(session, actor, procedure_id, **wording)
    found = service.list_packages(session, procedure_id=procedure_id, active=None)
    package = next((one for one in found if one.id == example["package_id"]), None)
    room = next((room for room in rooms_here(session) if room.id == example["room_id"]), None)
    guests = [guest["factors"] for guest in example["guests"]][: example["party_size"]]
    for index, factors in enumerate(guests):
        require_possible(factors, field=f"example.guests.{index}.factors")
    guests += [[] for _ in range(example["party_size"] - len(guests))]
    setting = setting_of(guests, room, package_id=package.id if package else None)
    return recipe_rows.result(drawn, setting, package)


@bp.action(
    "/procedures/<uuid:procedure_id>/draft",
    permission=_MANAGE,
    schema=DraftForm,
    back="recipe_drafts.edit_draft",
    versioned=True,
    trial=show_result,
)
def save_draft(session: Session, actor: Actor, data: dict[str, Any], procedure_id: UUID, version: int) -> str:
    wording, example = _split(data)
    drafting.save_draft(session, actor, procedure_id, version=version, **wording)
    say(_("The draft is saved. Visits use it once it is published."))
    return url_for("recipe_drafts.edit_draft", procedure_id=procedure_id, **address_of(example))


def _split(data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The wording and the example visit. Rules name steps by the numbers of the page."""
    wording = {name: data[name] for name in ("steps", "package_rules", "factor_rules")}
    places = {step.pop("number"): place for place, step in enumerate(wording["steps"], start=1)}
    for part in ("package_rules", "factor_rules"):
        for index, rule in enumerate(wording[part]):
            number = rule["step_position"]
            if number is not None and number not in places:
                words = lazy(
                    "Step %(step)s is taken out. Take this rule out too, or name another step.", step=number
                )
                raise Invalid("step_removed", words, field=f"{part}.{index}.step_position")
            rule["step_position"] = places.get(number)
    return wording, data["example"]


@bp.action(
    "/procedures/<uuid:procedure_id>/draft/publication",
    permission=_MANAGE,
    back="recipe_drafts.edit_draft",
    versioned=True,
)
def publish_draft(session: Session, actor: Actor, procedure_id: UUID, version: int) -> Target:
    drafting.publish_draft(session, actor, procedure_id, version=version)
    say(_("Published: new visits use it; visits planned before keep theirs."))
    return "treatments.show_procedure", {"procedure_id": procedure_id}


@bp.page("/procedures/<uuid:procedure_id>/draft/discard", permission=_MANAGE)
def ask_discard(session: Session, actor: Actor, procedure_id: UUID) -> str:
    procedure = service.get_procedure(session, procedure_id)
    draft = service.get_draft(session, procedure_id)
    return render("treatments/discard.html", procedure=procedure, draft=draft)


@bp.action(
    "/procedures/<uuid:procedure_id>/draft/discard",
    permission=_MANAGE,
    back="recipe_drafts.ask_discard",
    versioned=True,
)
def discard_draft(session: Session, actor: Actor, procedure_id: UUID, version: int) -> Target:
    drafting.discard_draft(session, actor, procedure_id, version=version)
    say(_("The draft is thrown away."))
    return "treatments.show_procedure", {"procedure_id": procedure_id}
