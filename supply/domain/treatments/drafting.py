"""Editing recipes: draft, publish, confirm what was assumed. A published wording is never changed.

New visits use the newest published version; visits planned before keep the one they were planned with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from supply import clock
from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.treatments.models import RecipeLine, RecipeVersion, Step
from supply.domain.treatments.service import find_draft, find_published_recipe, get_procedure, get_recipe
from supply.errors import Conflict, Invalid, NotFound, Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


def begin_draft(session: Session, actor: Actor, procedure_id: UUID) -> RecipeVersion:
    """The draft of a procedure; where there is none, a copy of what is published."""
    require(actor, Permission.CATALOG_MANAGE)
    get_procedure(session, procedure_id)
    draft = find_draft(session, procedure_id)
    if draft is not None:
        return draft
    published = find_published_recipe(session, procedure_id)
    draft = RecipeVersion(
        id=new_id(), procedure_id=procedure_id, number=published.number + 1 if published else 1
    )
    draft.steps = [_copy(step) for step in published.steps] if published else []
    session.add(draft)
    session.flush()
    _record(session, actor, "recipe.begin", draft, {"number": [None, draft.number]})
    return draft


def save_draft(
    session: Session, actor: Actor, procedure_id: UUID, *, version: int, steps: Sequence[Mapping[str, Any]]
) -> RecipeVersion:
    """Replace the whole draft.

    steps: name_en, name_vi, note_en, note_vi and lines: item_id, amount (Decimal), unit, scale, assumed.
    Steps and lines are numbered from 1 in the order given.
    """
    draft = _draft_to_change(session, actor, procedure_id, version)
    wanted = [line["item_id"] for step in steps for line in step.get("lines", ())]
    items = catalog.items_by_id(session, wanted)
    drawn = [_drawn_step(step, index, items) for index, step in enumerate(steps)]
    before = len(draft.steps)
    draft.steps.clear()
    # The old rows go first: the new ones take their positions.
    session.flush()
    draft.steps.extend(drawn)
    flag_modified(draft, "number")
    session.flush()
    _record(
        session, actor, "recipe.save", draft, {"steps": [before, len(drawn)], "lines": [None, len(wanted)]}
    )
    return draft


def publish_draft(session: Session, actor: Actor, procedure_id: UUID, *, version: int) -> RecipeVersion:
    """Make the draft the recipe of new visits. Raises Conflict("recipe_empty") where it has no step."""
    draft = _draft_to_change(session, actor, procedure_id, version)
    if not draft.steps:
        raise Conflict("recipe_empty", lazy("A recipe needs at least one step before it can be published."))
    draft.published_at = clock.now()
    draft.published_by = actor.person_id
    session.flush()
    changes: dict[str, list[Any]] = {
        "number": [draft.number - 1 or None, draft.number],
        "recipe": [None, _wording(draft)],
    }
    _record(session, actor, "recipe.publish", draft, changes)
    return draft


def discard_draft(session: Session, actor: Actor, procedure_id: UUID, *, version: int) -> None:
    """Throw the draft away; what is published stays."""
    draft = _draft_to_change(session, actor, procedure_id, version)
    _record(session, actor, "recipe.discard", draft, {"number": [draft.number, None]})
    session.delete(draft)
    session.flush()


def confirm_line(session: Session, actor: Actor, procedure_id: UUID, line_id: UUID) -> RecipeLine:
    """A manager stands by one assumed quantity. The quantity itself stays what it is."""
    require(actor, Permission.CATALOG_MANAGE)
    query = (
        select(RecipeLine, RecipeVersion)
        .join(Step, Step.id == RecipeLine.step_id)
        .join(RecipeVersion, RecipeVersion.id == Step.recipe_version_id)
        .where(RecipeLine.id == line_id, RecipeVersion.procedure_id == procedure_id)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("recipe_line_not_found", lazy("There is no such recipe line."))
    line, recipe = found
    if line.assumed:
        line.assumed = False
        session.flush()
        _record(session, actor, "recipe.confirm-line", recipe, {str(line.id): ["assumed", "confirmed"]})
    return line


def confirm_recipe(session: Session, actor: Actor, procedure_id: UUID) -> RecipeVersion:
    """A manager stands by every quantity of the recipe in use."""
    require(actor, Permission.CATALOG_MANAGE)
    recipe = find_published_recipe(session, procedure_id)
    if recipe is None:
        get_procedure(session, procedure_id)
        raise Conflict("recipe_not_published", lazy("Publish the draft first, then confirm its quantities."))
    steps = [step.id for step in recipe.steps]
    assumed = sum(line.assumed for step in recipe.steps for line in step.lines)
    if assumed:
        session.execute(update(RecipeLine).where(RecipeLine.step_id.in_(steps)).values(assumed=False))
        session.flush()
        _record(session, actor, "recipe.confirm", recipe, {"assumed": [assumed, 0]})
    return get_recipe(session, recipe.id)


def _draft_to_change(session: Session, actor: Actor, procedure_id: UUID, version: int) -> RecipeVersion:
    require(actor, Permission.CATALOG_MANAGE)
    get_procedure(session, procedure_id)
    open_draft = (RecipeVersion.procedure_id == procedure_id, RecipeVersion.published_at.is_(None))
    locked = session.scalar(
        select(RecipeVersion).where(*open_draft).with_for_update().execution_options(populate_existing=True)
    )
    if locked is None:
        raise NotFound("draft_not_found", lazy("There is no draft. Begin one first."))
    if locked.version != version:
        raise Stale(
            "stale",
            lazy("Somebody changed this draft meanwhile. Look at it again, then repeat your change."),
            details={"version": locked.version},
        )
    return get_recipe(session, locked.id)


def _copy(step: Step) -> Step:
    names = ("position", "name_en", "name_vi", "note_en", "note_vi")
    twin = Step(id=new_id(), **{name: getattr(step, name) for name in names})
    facts = ("position", "item_id", "quantity", "scale", "assumed")
    twin.lines = [
        RecipeLine(id=new_id(), **{name: getattr(line, name) for name in facts}) for line in step.lines
    ]
    return twin


def _drawn_step(told: Mapping[str, Any], index: int, items: Mapping[UUID, Item]) -> Step:
    step = Step(id=new_id(), position=index + 1, name_en=told["name_en"], name_vi=told["name_vi"])
    step.note_en, step.note_vi = told.get("note_en"), told.get("note_vi")
    lines = told.get("lines", ())
    step.lines = [
        _drawn_line(line, f"steps.{index}.lines.{row}", row, items) for row, line in enumerate(lines)
    ]
    return step


def _drawn_line(told: Mapping[str, Any], path: str, row: int, items: Mapping[UUID, Item]) -> RecipeLine:
    item = items.get(told["item_id"])
    if item is None:
        raise Invalid("item_unknown", lazy("Choose an item of the catalogue."), field=f"{path}.item_id")
    quantity = catalog.base_quantity(item, told["amount"], told["unit"], field=f"{path}.amount")
    return RecipeLine(
        id=new_id(),
        position=row + 1,
        item_id=item.id,
        quantity=quantity,
        scale=told["scale"],
        assumed=told.get("assumed", False),
    )


def _wording(recipe: RecipeVersion) -> list[dict[str, Any]]:
    """The whole recipe as the audit keeps it, in base units."""
    return [
        {
            "step": step.name_en,
            "lines": [
                [str(line.item_id), line.quantity, line.scale.value, line.assumed] for line in step.lines
            ],
        }
        for step in recipe.steps
    ]


def _record(
    session: Session, actor: Actor, action: str, recipe: RecipeVersion, changes: dict[str, list[Any]]
) -> None:
    audit.record(
        session, actor, action=action, entity="procedure", entity_id=recipe.procedure_id, changes=changes
    )
