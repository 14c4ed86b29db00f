"""Procedures, packages and the reading of recipes. Owns what is done at a treatment, step by step.

Refuses to own what was done (visits) and stock (ledger). Drafts are in drafting, conditions in conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session, aliased, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.catalog.models import Item
from supply.domain.catalog.search import search_key, search_words
from supply.domain.treatments.models import Package, PackageStep, Procedure, RecipeVersion, Step
from supply.errors import Conflict, Invalid, NotFound, Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


def get_procedure(session: Session, procedure_id: UUID) -> Procedure:
    procedure = session.get(Procedure, procedure_id)
    if procedure is None:
        raise NotFound("procedure_not_found", lazy("There is no such procedure."))
    return procedure


def find_procedure_by_code(session: Session, code: str) -> Procedure | None:
    return session.scalar(select(Procedure).where(Procedure.code == code))


def list_procedures(
    session: Session,
    *,
    search: str = "",
    active: bool | None = True,
    limit: int = 50,
    after: tuple[str, UUID] | None = None,
) -> list[Procedure]:
    """Procedures by code; `after` is the (code, id) of the last one seen."""
    query = select(Procedure)
    for pattern in search_words(search):
        query = query.where(Procedure.search_key.like(pattern, escape="\\"))
    if active is not None:
        query = query.where(Procedure.active.is_(active))
    if after is not None:
        query = query.where(tuple_(Procedure.code, Procedure.id) > after)
    return list(session.scalars(query.order_by(Procedure.code, Procedure.id).limit(limit)))


def create_procedure(session: Session, actor: Actor, *, code: str, name_en: str, name_vi: str) -> Procedure:
    """Add a procedure with an empty draft; it can be visited once a recipe is published."""
    require(actor, Permission.CATALOG_MANAGE)
    if find_procedure_by_code(session, code) is not None:
        raise Conflict(
            "code_taken", lazy("Another procedure bears this code. Choose a different one."), field="code"
        )
    procedure = Procedure(id=new_id(), code=code, name_en=name_en, name_vi=name_vi, active=True)
    procedure.search_key = search_key(code, name_vi, name_en)
    session.add(procedure)
    session.flush()
    session.add(RecipeVersion(id=new_id(), procedure_id=procedure.id, number=1, steps=[]))
    session.flush()
    _record(session, actor, "procedure.create", "procedure", procedure.id, {"code": [None, code]})
    return procedure


def update_procedure(
    session: Session,
    actor: Actor,
    procedure_id: UUID,
    *,
    version: int,
    name_en: str,
    name_vi: str,
    active: bool,
) -> Procedure:
    """Rename a procedure, or hide it from new visits (active=False)."""
    procedure = procedure_to_change(session, actor, procedure_id, version)
    changes = _set(procedure, {"name_en": name_en, "name_vi": name_vi, "active": active})
    procedure.search_key = search_key(procedure.code, name_vi, name_en)
    session.flush()
    _record(session, actor, "procedure.update", "procedure", procedure_id, changes)
    return procedure


def procedure_to_change(session: Session, actor: Actor, procedure_id: UUID, version: int) -> Procedure:
    """The procedure, locked, if the actor may change it and has seen its present version."""
    require(actor, Permission.CATALOG_MANAGE)
    procedure = session.get(Procedure, procedure_id, with_for_update=True, populate_existing=True)
    if procedure is None:
        return get_procedure(session, procedure_id)
    if procedure.version != version:
        raise Stale(
            "stale",
            lazy("Somebody changed this procedure meanwhile. Look at it again, then repeat your change."),
            details={"version": procedure.version},
        )
    return procedure


def _recipes() -> Select[RecipeVersion]:
    return select(RecipeVersion).options(
        selectinload(RecipeVersion.steps).joinedload(Step.lines),
        selectinload(RecipeVersion.package_rules),
        selectinload(RecipeVersion.factor_rules),
    )


def get_recipe(session: Session, recipe_version_id: UUID) -> RecipeVersion:
    """A recipe version with its steps, lines and rules, in four statements. Raises NotFound."""
    recipe = session.scalar(_recipes().where(RecipeVersion.id == recipe_version_id))
    if recipe is None:
        raise NotFound("recipe_not_found", lazy("There is no such recipe version."))
    return recipe


def find_published_recipe(session: Session, procedure_id: UUID) -> RecipeVersion | None:
    """The recipe that new visits use: the newest published one, with steps and lines."""
    return published_recipes(session, [procedure_id]).get(procedure_id)


def published_recipe(session: Session, procedure_id: UUID) -> RecipeVersion:
    """The recipe that new visits use. Raises NotFound for the procedure, Conflict where none is published."""
    recipe = find_published_recipe(session, procedure_id)
    if recipe is None:
        procedure = get_procedure(session, procedure_id)
        raise Conflict(
            "recipe_not_published",
            lazy("%(code)s has no published recipe yet. Publish its draft first.", code=procedure.code),
            field="procedure_id",
        )
    return recipe


def recipe_in_use(session: Session, procedure_id: UUID) -> RecipeVersion:
    """The recipe that new visits use, for whoever looks at it. Raises NotFound where none is published."""
    recipe = find_published_recipe(session, procedure_id)
    if recipe is not None:
        return recipe
    get_procedure(session, procedure_id)
    raise NotFound("recipe_not_found", lazy("This procedure has no published recipe yet."))


def published_recipes(session: Session, procedure_ids: Iterable[UUID]) -> dict[UUID, RecipeVersion]:
    """For many procedures the recipes that new visits use, in a fixed number of statements."""
    wanted = sorted(set(procedure_ids))
    if not wanted:
        return {}
    other = aliased(RecipeVersion)
    newer = select(other.id).where(
        other.procedure_id == RecipeVersion.procedure_id,
        other.published_at.is_not(None),
        other.number > RecipeVersion.number,
    )
    chosen = (RecipeVersion.procedure_id.in_(wanted), RecipeVersion.published_at.is_not(None))
    recipes = session.scalars(_recipes().where(*chosen, ~newer.exists()))
    return {recipe.procedure_id: recipe for recipe in recipes}


def find_draft(session: Session, procedure_id: UUID) -> RecipeVersion | None:
    """The draft of a procedure with steps and lines, if one is begun."""
    of_procedure = _recipes().where(RecipeVersion.procedure_id == procedure_id)
    return session.scalar(of_procedure.where(RecipeVersion.published_at.is_(None)))


def get_draft(session: Session, procedure_id: UUID) -> RecipeVersion:
    """The draft of a procedure, whole. Raises NotFound where none is begun."""
    draft = find_draft(session, procedure_id)
    if draft is not None:
        return draft
    get_procedure(session, procedure_id)
    raise NotFound("draft_not_found", lazy("There is no draft. Begin one first."))


def with_items(session: Session, recipe: RecipeVersion) -> RecipeVersion:
    """The same recipe, the items of its lines and rules loaded in one statement, for whoever shows them."""
    named: list[Any] = [line for step in recipe.steps for line in step.lines]
    named += [*recipe.package_rules, *(rule for rule in recipe.factor_rules if rule.item_id)]
    wanted = select(Item).where(Item.id.in_(sorted({row.item_id for row in named})))
    items = {row.id: row for row in session.scalars(wanted.options(joinedload(Item.units))).unique()}
    for row in named:
        set_committed_value(row, "item", items[row.item_id])
    return recipe


def list_recipe_versions(session: Session, procedure_id: UUID) -> list[RecipeVersion]:
    """Every wording of a procedure, newest first, without steps."""
    query = select(RecipeVersion).where(RecipeVersion.procedure_id == procedure_id)
    return list(session.scalars(query.order_by(RecipeVersion.number.desc())))


def get_package(session: Session, package_id: UUID) -> Package:
    """A package with the positions of its steps. Raises NotFound."""
    package = session.get(Package, package_id, options=[selectinload(Package.steps)])
    if package is None:
        raise NotFound("package_not_found", lazy("There is no such package."))
    return package


def find_package_by_code(session: Session, code: str) -> Package | None:
    return session.scalar(select(Package).options(selectinload(Package.steps)).where(Package.code == code))


def list_packages(
    session: Session, *, procedure_id: UUID | None = None, active: bool | None = True
) -> list[Package]:
    query = select(Package).options(joinedload(Package.steps)).order_by(Package.code)
    if procedure_id is not None:
        query = query.where(Package.procedure_id == procedure_id)
    if active is not None:
        query = query.where(Package.active.is_(active))
    return list(session.scalars(query).unique())


def create_package(
    session: Session,
    actor: Actor,
    *,
    procedure_id: UUID,
    code: str,
    name_en: str,
    name_vi: str,
    steps: Sequence[int],
) -> Package:
    """What clients can buy: the positions of the procedure's steps that it includes."""
    require(actor, Permission.CATALOG_MANAGE)
    get_procedure(session, procedure_id)
    if find_package_by_code(session, code) is not None:
        raise Conflict(
            "code_taken", lazy("Another package bears this code. Choose a different one."), field="code"
        )
    package = Package(id=new_id(), procedure_id=procedure_id, code=code, name_en=name_en, name_vi=name_vi)
    package.active = True
    _set_steps(session, package, steps)
    session.add(package)
    session.flush()
    changes: dict[str, list[Any]] = {"code": [None, code], "steps": [None, sorted(set(steps))]}
    _record(session, actor, "package.create", "package", package.id, changes)
    return package


def update_package(
    session: Session,
    actor: Actor,
    package_id: UUID,
    *,
    name_en: str,
    name_vi: str,
    steps: Sequence[int],
    active: bool,
) -> Package:
    """Change a package. Visits that are planned already keep their steps."""
    require(actor, Permission.CATALOG_MANAGE)
    package = get_package(session, package_id)
    before = [step.position for step in package.steps]
    changes = _set(package, {"name_en": name_en, "name_vi": name_vi, "active": active})
    _set_steps(session, package, steps)
    if before != sorted(set(steps)):
        changes["steps"] = [before, sorted(set(steps))]
    session.flush()
    _record(session, actor, "package.update", "package", package_id, changes)
    return package


def _set_steps(session: Session, package: Package, steps: Sequence[int]) -> None:
    recipe = find_published_recipe(session, package.procedure_id) or find_draft(session, package.procedure_id)
    known = {step.position for step in recipe.steps} if recipe else set()
    unknown = sorted(set(steps) - known)
    if unknown:
        raise Invalid(
            "step_unknown",
            lazy("The procedure has no step %(positions)s.", positions=", ".join(map(str, unknown))),
            field="steps",
        )
    kept = {step.position: step for step in package.steps}
    package.steps[:] = [
        kept.get(position) or PackageStep(package_id=package.id, position=position)
        for position in sorted(set(steps))
    ]


def _set(row: Procedure | Package, facts: Mapping[str, Any]) -> dict[str, list[Any]]:
    changes = {
        name: [getattr(row, name), value] for name, value in facts.items() if getattr(row, name) != value
    }
    for name, value in facts.items():
        setattr(row, name, value)
    return changes


def _record(
    session: Session, actor: Actor, action: str, entity: str, entity_id: UUID, changes: dict[str, list[Any]]
) -> None:
    audit.record(session, actor, action=action, entity=entity, entity_id=entity_id, changes=changes)
