"""Pages of packages and conditions: what clients buy, and what a guest may bear."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.treatments import conditions, service
from supply.domain.treatments.condition_schemas import ChangeCondition, CreateCondition
from supply.domain.treatments.schemas import ChangePackage, CreatePackage
from supply.i18n import _
from supply.permissions import Actor, Permission
from supply.web.frame import named
from supply.web.pages import Pages, render, say
from supply.web.words import source_words

bp = Pages("conditions", __name__)
Target = tuple[str, dict[str, Any]]
_MANAGE = Permission.CATALOG_MANAGE


def _steps(session: Session, procedure_id: UUID) -> list[tuple[int, str]]:
    recipe = service.find_published_recipe(session, procedure_id) or service.find_draft(session, procedure_id)
    return [(step.position, f"{step.position}. {named(step)}") for step in recipe.steps] if recipe else []


def _back(procedure_id: UUID) -> Target:
    say(_("Saved."))
    return "treatments.show_procedure", {"procedure_id": procedure_id}


@bp.page("/procedures/<uuid:procedure_id>/packages/new", permission=_MANAGE)
def new_package(session: Session, actor: Actor, procedure_id: UUID) -> str:
    return render(
        "treatments/package.html",
        schema=CreatePackage,
        procedure=service.get_procedure(session, procedure_id),
        package=None,
        choices=_steps(session, procedure_id),
    )


@bp.action(
    "/procedures/<uuid:procedure_id>/packages/new",
    permission=_MANAGE,
    schema=CreatePackage,
    back="conditions.new_package",
)
def create_package(session: Session, actor: Actor, data: dict[str, Any], procedure_id: UUID) -> Target:
    service.create_package(session, actor, **{**data, "procedure_id": procedure_id})
    return _back(procedure_id)


@bp.page("/packages/<uuid:package_id>/edit", permission=_MANAGE)
def edit_package(session: Session, actor: Actor, package_id: UUID) -> str:
    package = service.get_package(session, package_id)
    return render(
        "treatments/package.html",
        schema=ChangePackage,
        procedure=service.get_procedure(session, package.procedure_id),
        package=package,
        choices=_steps(session, package.procedure_id),
    )


@bp.action(
    "/packages/<uuid:package_id>/edit",
    permission=_MANAGE,
    schema=ChangePackage,
    back="conditions.edit_package",
)
def change_package(session: Session, actor: Actor, data: dict[str, Any], package_id: UUID) -> Target:
    return _back(service.update_package(session, actor, package_id, **data).procedure_id)


@bp.page("/conditions", permission=Permission.STOCK_SEE)
def list_conditions(session: Session, actor: Actor) -> str:
    found = conditions.list_conditions(session, active=None)
    return render("treatments/conditions.html", conditions=found, source_words=source_words)


@bp.page("/conditions/new", permission=_MANAGE)
def new_condition(session: Session, actor: Actor) -> str:
    return render("treatments/condition.html", schema=CreateCondition, condition=None)


@bp.action("/conditions/new", permission=_MANAGE, schema=CreateCondition, back="conditions.new_condition")
def create_condition(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    conditions.create_condition(session, actor, **data)
    say(_("Saved."))
    return "conditions.list_conditions", {}


@bp.page("/conditions/<uuid:condition_id>/edit", permission=_MANAGE)
def edit_condition(session: Session, actor: Actor, condition_id: UUID) -> str:
    condition = conditions.get_condition(session, condition_id)
    return render("treatments/condition.html", schema=ChangeCondition, condition=condition)


@bp.action(
    "/conditions/<uuid:condition_id>/edit",
    permission=_MANAGE,
    schema=ChangeCondition,
    back="conditions.edit_condition",
)
def change_condition(session: Session, actor: Actor, data: dict[str, Any], condition_id: UUID) -> Target:
    conditions.update_condition(session, actor, condition_id, **data)
    say(_("Saved."))
    return "conditions.list_conditions", {}
