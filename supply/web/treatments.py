"""Pages of procedures: the list, a recipe with an example visit, drafts, publishing, assumption marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.treatments import contraindications, drafting, service
from supply.domain.treatments.models import Package, RecipeVersion
from supply.domain.treatments.schemas import ChangeProcedure, CreateProcedure
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission
from supply.web import recipe_rows
from supply.web.contraindications import rule_row
from supply.web.example_visits import ExampleAsked, guests_of, rooms_here, setting_asked
from supply.web.frame import named
from supply.web.gate import allowed
from supply.web.pages import NavGroup, Pages, query, render, say

bp = Pages("treatments", __name__)
bp.nav(
    label=lazy("Recipes"),
    icon="book",
    endpoint="treatments.list_procedures",
    permission=Permission.STOCK_SEE,
    order=62,
    group=NavGroup.SETUP,
    also=("recipe_drafts", "conditions", "contraindications"),
)
Target = tuple[str, dict[str, Any]]
_SEE, _MANAGE = Permission.STOCK_SEE, Permission.CATALOG_MANAGE


@bp.page("/procedures", permission=_SEE)
def list_procedures(session: Session, actor: Actor) -> str:
    procedures = service.list_procedures(session, active=None, limit=200)
    recipes = service.published_recipes(session, [procedure.id for procedure in procedures])
    rows = [
        {
            "procedure": procedure,
            "recipe": recipes.get(procedure.id),
            "assumed": _assumed(recipes[procedure.id]) if procedure.id in recipes else 0,
        }
        for procedure in procedures
    ]
    return render("treatments/list.html", rows=rows)


def _assumed(recipe: RecipeVersion) -> int:
    rows: list[Any] = [line for step in recipe.steps for line in step.lines]
    return sum(row.assumed for row in (*rows, *recipe.package_rules, *recipe.factor_rules))


@bp.page("/procedures/new", permission=_MANAGE)
def new_procedure(session: Session, actor: Actor) -> str:
    return render("treatments/names.html", schema=CreateProcedure, procedure=None)


@bp.action("/procedures/new", permission=_MANAGE, schema=CreateProcedure, back="treatments.new_procedure")
def create_procedure(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    procedure = service.create_procedure(session, actor, **data)
    say(_("Now write its steps and publish them."))
    return "recipe_drafts.edit_draft", {"procedure_id": procedure.id}


@bp.page("/procedures/<uuid:procedure_id>/edit", permission=_MANAGE)
def edit_procedure(session: Session, actor: Actor, procedure_id: UUID) -> str:
    procedure = service.get_procedure(session, procedure_id)
    return render("treatments/names.html", schema=ChangeProcedure, procedure=procedure)


@bp.action(
    "/procedures/<uuid:procedure_id>/edit",
    permission=_MANAGE,
    schema=ChangeProcedure,
    back="treatments.edit_procedure",
    versioned=True,
)
def change_procedure(
    session: Session, actor: Actor, data: dict[str, Any], procedure_id: UUID, version: int
) -> Target:
    service.update_procedure(session, actor, procedure_id, version=version, **data)
    say(_("Saved."))
    return "treatments.show_procedure", {"procedure_id": procedure_id}


@bp.page("/procedures/<uuid:procedure_id>", permission=_SEE)
def show_procedure(session: Session, actor: Actor, procedure_id: UUID) -> str:
    procedure = service.get_procedure(session, procedure_id)
    recipe = service.find_published_recipe(session, procedure_id)
    if recipe is not None:
        service.with_items(session, recipe)
    packages = service.list_packages(session, procedure_id=procedure_id)
    return render(
        "treatments/show.html",
        procedure=procedure,
        recipe=recipe,
        draft=allowed(actor, _MANAGE)
        and any(one.published_at is None for one in service.list_recipe_versions(session, procedure_id)),
        assumed=_assumed(recipe) if recipe else 0,
        packages=packages,
        changes=recipe_rows.rules(recipe, packages) if recipe else [],
        rules=[
            rule_row(rule)
            for rule in contraindications.list_contraindications(session, procedure_id=procedure_id)
        ],
        **_example(session, recipe, packages),
    )


def _example(session: Session, recipe: RecipeVersion | None, packages: Sequence[Package]) -> dict[str, Any]:
    """The example visit of the page's query: its choices and what each step would need."""
    rooms = rooms_here(session)
    chosen = query(ExampleAsked)
    setting, room, package = setting_asked(chosen, rooms, packages)
    steps = recipe_rows.result(recipe, setting, package) if recipe else []
    return {
        "schema": ExampleAsked,
        "party_size": chosen["party_size"],
        "factors": guests_of(chosen),
        "room": room,
        "rooms": [(room.id, room.name) for room in rooms],
        "package": package,
        "package_choices": [(one.id, named(one)) for one in packages],
        "needed": {step["number"]: step["lines"] for step in steps},
        "too_many": room is not None and chosen["party_size"] > room.max_guests,
    }


@bp.action(
    "/procedures/<uuid:procedure_id>/confirmation", permission=_MANAGE, back="treatments.show_procedure"
)
def confirm_recipe(session: Session, actor: Actor, procedure_id: UUID) -> Target:
    drafting.confirm_recipe(session, actor, procedure_id)
    say(_("Every quantity of the recipe is confirmed."))
    return "treatments.show_procedure", {"procedure_id": procedure_id}


@bp.action(
    "/procedures/<uuid:procedure_id>/recipe-lines/<uuid:line_id>/confirmation",
    permission=_MANAGE,
    back="treatments.show_procedure",
)
def confirm_line(session: Session, actor: Actor, procedure_id: UUID, line_id: UUID) -> Target:
    drafting.confirm_line(session, actor, procedure_id, line_id)
    say(_("Confirmed: no longer an assumption."))
    return "treatments.show_procedure", {"procedure_id": procedure_id}


@bp.action(
    "/procedures/<uuid:procedure_id>/recipe-rules/<uuid:recipe_rule_id>/confirmation",
    permission=_MANAGE,
    back="treatments.show_procedure",
)
def confirm_rule(session: Session, actor: Actor, procedure_id: UUID, recipe_rule_id: UUID) -> Target:
    drafting.confirm_rule(session, actor, procedure_id, recipe_rule_id)
    say(_("Confirmed: no longer an assumption."))
    return "treatments.show_procedure", {"procedure_id": procedure_id}
