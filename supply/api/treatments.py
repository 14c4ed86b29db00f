"""Procedures, recipes and packages over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.cursors import leafed, placed, sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.treatments import drafting, service
from supply.domain.treatments.example import example_of
from supply.domain.treatments.example_schemas import ExpectedLineOut, ExpectLines
from supply.domain.treatments.schemas import (
    ChangePackage,
    ChangeProcedure,
    CreatePackage,
    CreateProcedure,
    ListPackages,
    ListProcedures,
    PackageOut,
    ProcedureOut,
    RecipeOut,
    RecipeVersionOut,
    SaveDraft,
)
from supply.permissions import Actor, Permission

blp = ApiBlueprint("procedures", description="Procedures, their versioned recipes, and packages.")
_SEE, _MANAGE = Permission.STOCK_SEE, Permission.CATALOG_MANAGE
_ID = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8c01"
_LINE = {"item_id": _ID, "amount": "300", "unit": "g", "scale": "tub", "assumed": True}
_FACTOR_RULE = {"factor": "senior", "step_position": 1, "percent": -20, "lowest": 60, "highest": 100}
_STEP = {"name_en": "Red Dao wood bath", "name_vi": "Tắm gỗ Dao đỏ", "lines": [_LINE]}


@blp.get(
    "/procedures",
    permission=_SEE,
    query=ListProcedures,
    page_of=ProcedureOut,
    summary="List procedures",
    description="What the spa does, by code.",
)
def list_procedures(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    limit, after = query.pop("limit"), placed(query.pop("cursor"))
    found = service.list_procedures(session, limit=limit + 1, after=after, **query)
    return leafed(found, limit, lambda row: (row.code, row.id))


@blp.post(
    "/procedures",
    permission=_MANAGE,
    body=CreateProcedure,
    out=ProcedureOut,
    status=201,
    etag=True,
    summary="Add a procedure",
    description="With an empty draft; visits can be planned once a recipe is published.",
    example={"code": "back-massage", "name_en": "Back massage", "name_vi": "Massage lưng"},
    conflicts=("code_taken",),
)
def create_procedure(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    return service.create_procedure(session, actor, **data)


@blp.get(
    "/procedures/<uuid:procedure_id>",
    permission=_SEE,
    out=ProcedureOut,
    etag=True,
    summary="Get a procedure",
    description="Its names; the steps are in its recipe.",
)
def get_procedure(session: Session, actor: Actor, procedure_id: UUID) -> Any:
    return service.get_procedure(session, procedure_id)


@blp.put(
    "/procedures/<uuid:procedure_id>",
    permission=_MANAGE,
    body=ChangeProcedure,
    out=ProcedureOut,
    etag=True,
    versioned=True,
    summary="Change a procedure",
    description="Rename it, or hide it from new visits with active=false.",
    example={"name_en": "Back massage", "name_vi": "Massage lưng", "active": True},
)
def update_procedure(
    session: Session, actor: Actor, data: dict[str, Any], procedure_id: UUID, version: int
) -> Any:
    return service.update_procedure(session, actor, procedure_id, version=version, **data)


@blp.get(
    "/procedures/<uuid:procedure_id>/recipe",
    permission=_SEE,
    out=RecipeOut,
    etag=True,
    summary="Get the recipe in use",
    description="The newest published version, which new visits use. `assumed` marks quantities that no "
    "manager has confirmed.",
)
def get_recipe(session: Session, actor: Actor, procedure_id: UUID) -> Any:
    return service.with_items(session, service.recipe_in_use(session, procedure_id))


@blp.get(
    "/procedures/<uuid:procedure_id>/recipe-versions",
    permission=_SEE,
    page_of=RecipeVersionOut,
    summary="List recipe versions",
    description="Every wording, oldest first; the one without published_at is the draft.",
)
def list_recipe_versions(session: Session, actor: Actor, query: dict[str, Any], procedure_id: UUID) -> Any:
    service.get_procedure(session, procedure_id)
    rows = service.list_recipe_versions(session, procedure_id)
    return sliced(rows, query, lambda row: (f"{row.number:09}", row.id))


@blp.get(
    "/recipe-versions/<uuid:recipe_version_id>",
    permission=_SEE,
    out=RecipeOut,
    etag=True,
    summary="Get a recipe version",
    description="One wording with steps and lines; a visit keeps the one that it was planned with.",
)
def get_recipe_version(session: Session, actor: Actor, recipe_version_id: UUID) -> Any:
    return service.with_items(session, service.get_recipe(session, recipe_version_id))


@blp.get(
    "/procedures/<uuid:procedure_id>/expected-lines",
    permission=_SEE,
    query=ExpectLines,
    page_of=ExpectedLineOut,
    summary="Work out an example visit",
    description="What the recipe in use, or the draft, needs for such guests and such a package in a room "
    "of so many tubs. Each line bears the path of rules that gave it. Nothing is planned or reserved.",
)
def list_expected_lines(session: Session, actor: Actor, query: dict[str, Any], procedure_id: UUID) -> Any:
    find = service.get_draft if query["draft"] else service.recipe_in_use
    recipe = service.with_items(session, find(session, procedure_id))
    # Numbered, since an item may stand in several lines of a step.
    numbered = list(enumerate(example_of(session, recipe, query)))
    page, more = sliced(numbered, query, lambda row: (f"{row[0]:06}", recipe.id))
    return [line for _number, line in page], more


@blp.get(
    "/procedures/<uuid:procedure_id>/draft",
    permission=_SEE,
    out=RecipeOut,
    etag=True,
    summary="Get the draft",
    description="What is being written for a procedure; no visit uses it yet.",
)
def get_draft(session: Session, actor: Actor, procedure_id: UUID) -> Any:
    return service.with_items(session, service.get_draft(session, procedure_id))


@blp.post(
    "/procedures/<uuid:procedure_id>/draft",
    permission=_MANAGE,
    out=RecipeOut,
    status=201,
    etag=True,
    summary="Begin a draft",
    description="A copy of the recipe in use; where a draft is begun already, that one.",
)
def begin_draft(session: Session, actor: Actor, procedure_id: UUID) -> Any:
    return service.with_items(session, drafting.begin_draft(session, actor, procedure_id))


@blp.put(
    "/procedures/<uuid:procedure_id>/draft",
    permission=_MANAGE,
    body=SaveDraft,
    out=RecipeOut,
    etag=True,
    versioned=True,
    summary="Save the draft",
    description="Replaces all steps, lines and rules; they are numbered from 1 in the order given. A rule "
    "whose percentage would not leave whole base units is refused, naming `factor_rules.0.percent`.",
    example={"steps": [_STEP], "package_rules": [], "factor_rules": [_FACTOR_RULE]},
)
def save_draft(session: Session, actor: Actor, data: dict[str, Any], procedure_id: UUID, version: int) -> Any:
    draft = drafting.save_draft(session, actor, procedure_id, version=version, **data)
    return service.with_items(session, draft)


@blp.delete(
    "/procedures/<uuid:procedure_id>/draft",
    permission=_MANAGE,
    versioned=True,
    summary="Throw the draft away",
    description="What is published stays as it is.",
)
def discard_draft(session: Session, actor: Actor, procedure_id: UUID, version: int) -> None:
    drafting.discard_draft(session, actor, procedure_id, version=version)


@blp.post(
    "/procedures/<uuid:procedure_id>/draft/publication",
    permission=_MANAGE,
    out=RecipeOut,
    etag=True,
    versioned=True,
    summary="Publish the draft",
    description="New visits use it; visits planned before keep theirs. A published version never changes.",
    conflicts=("recipe_empty",),
)
def publish_draft(session: Session, actor: Actor, procedure_id: UUID, version: int) -> Any:
    return service.with_items(session, drafting.publish_draft(session, actor, procedure_id, version=version))


@blp.post(
    "/procedures/<uuid:procedure_id>/recipe/confirmation",
    permission=_MANAGE,
    out=RecipeOut,
    etag=True,
    summary="Confirm a recipe",
    description="A manager stands by every quantity of the recipe in use.",
    conflicts=("recipe_not_published",),
)
def confirm_recipe(session: Session, actor: Actor, procedure_id: UUID) -> Any:
    return service.with_items(session, drafting.confirm_recipe(session, actor, procedure_id))


@blp.post(
    "/procedures/<uuid:procedure_id>/recipe-lines/<uuid:line_id>/confirmation",
    permission=_MANAGE,
    summary="Confirm a recipe line",
    description="A manager stands by one assumed quantity; the quantity itself stays.",
)
def confirm_recipe_line(session: Session, actor: Actor, procedure_id: UUID, line_id: UUID) -> None:
    drafting.confirm_line(session, actor, procedure_id, line_id)


@blp.post(
    "/procedures/<uuid:procedure_id>/recipe-rules/<uuid:recipe_rule_id>/confirmation",
    permission=_MANAGE,
    summary="Confirm a rule of a recipe",
    description="A manager stands by one assumed rule, of a package or of guests; the rule itself stays.",
)
def confirm_recipe_rule(session: Session, actor: Actor, procedure_id: UUID, recipe_rule_id: UUID) -> None:
    drafting.confirm_rule(session, actor, procedure_id, recipe_rule_id)


@blp.get(
    "/packages",
    permission=_SEE,
    query=ListPackages,
    page_of=PackageOut,
    summary="List packages",
    description="What clients can buy: which steps of a procedure each includes.",
)
def list_packages(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    rows = service.list_packages(session, procedure_id=query["procedure_id"], active=query["active"])
    return sliced(rows, query, lambda row: (row.code, row.id))


@blp.post(
    "/packages",
    permission=_MANAGE,
    body=CreatePackage,
    out=PackageOut,
    status=201,
    summary="Add a package",
    description="Names the positions of the steps that it includes.",
    example={"procedure_id": _ID, "code": "short", "name_en": "Short", "name_vi": "Ngắn", "steps": [1, 4, 6]},
    conflicts=("code_taken",),
)
def create_package(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    return service.create_package(session, actor, **data)


@blp.put(
    "/packages/<uuid:package_id>",
    permission=_MANAGE,
    body=ChangePackage,
    out=PackageOut,
    summary="Change a package",
    description="Visits that are planned already keep their steps.",
    example={"name_en": "Short", "name_vi": "Ngắn", "steps": [1, 4, 6], "active": True},
)
def update_package(session: Session, actor: Actor, data: dict[str, Any], package_id: UUID) -> Any:
    return service.update_package(session, actor, package_id, **data)
