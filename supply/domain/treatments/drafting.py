"""Editing recipes: draft, publish, confirm what was assumed. A published wording is never changed.

New visits use the newest published version; visits planned before keep the one they were planned with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified, set_committed_value

from supply import clock
from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.treatments import ruling
from supply.domain.treatments.models import FactorRule, PackageRule, RecipeLine, RecipeVersion, Step
from supply.domain.treatments.service import find_draft, find_published_recipe, get_procedure, get_recipe
from supply.errors import Conflict, Invalid, NotFound, Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


@dataclass(frozen=True, slots=True)
class Wording:
    """Steps with their lines and the rules: what a draft is to hold."""

    steps: list[Step]
    package_rules: list[PackageRule]
    factor_rules: list[FactorRule]


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
    draft.package_rules = ruling.copied(published.package_rules) if published else []
    draft.factor_rules = ruling.copied(published.factor_rules) if published else []
    session.add(draft)
    session.flush()
    _record(session, actor, "recipe.begin", draft, {"number": [None, draft.number]})
    return draft


def save_draft(
    session: Session,
    actor: Actor,
    procedure_id: UUID,
    *,
    version: int,
    steps: Sequence[Mapping[str, Any]],
    package_rules: Sequence[Mapping[str, Any]] = (),
    factor_rules: Sequence[Mapping[str, Any]] = (),
) -> RecipeVersion:
    """Replace the whole draft.

    steps: name_en, name_vi, note_en, note_vi and lines: item_id, amount (Decimal), unit, scale, assumed.
    Steps and lines are numbered from 1 in the order given. For the rules see ruling.
    """
    draft = _draft_to_change(session, actor, procedure_id, version)
    drawn = sketch(
        session, actor, procedure_id, steps=steps, package_rules=package_rules, factor_rules=factor_rules
    )
    before = [len(part) for part in (draft.steps, draft.package_rules, draft.factor_rules)]
    for part in (draft.steps, draft.package_rules, draft.factor_rules):
        part.clear()
    # The old rows go first: the new ones take their positions.
    session.flush()
    draft.steps.extend(drawn.steps)
    draft.package_rules.extend(drawn.package_rules)
    draft.factor_rules.extend(drawn.factor_rules)
    flag_modified(draft, "number")
    session.flush()
    after = [len(steps), len(package_rules), len(factor_rules)]
    names = ("steps", "package_rules", "factor_rules")
    changes: dict[str, list[Any]] = {
        name: list(pair) for name, *pair in zip(names, before, after, strict=True) if any(pair)
    }
    changes["lines"] = [None, sum(len(step.lines) for step in draft.steps)]
    _record(session, actor, "recipe.save", draft, changes)
    return draft


def sketch(
    session: Session,
    actor: Actor,
    procedure_id: UUID,
    *,
    steps: Sequence[Mapping[str, Any]],
    package_rules: Sequence[Mapping[str, Any]] = (),
    factor_rules: Sequence[Mapping[str, Any]] = (),
) -> Wording:
    """What somebody wrote with its items, checked as it would be saved, and not saved.

    Raises Invalid naming the field.
    """
    require(actor, Permission.CATALOG_MANAGE)
    lines = [line for step in steps for line in step.get("lines", ())]
    named = [row.get("item_id") for row in (*lines, *package_rules, *factor_rules)]
    items = catalog.items_by_id(session, [item_id for item_id in named if item_id is not None])
    drawn = [_drawn_step(step, index, items) for index, step in enumerate(steps)]
    of_packages = ruling.draw_package_rules(session, procedure_id, drawn, package_rules, items)
    of_factors = ruling.draw_factor_rules(drawn, of_packages, factor_rules, items)
    rows: list[Any] = [line for step in drawn for line in step.lines]
    for row in (*rows, *of_packages, *of_factors):
        if row.item_id is not None:
            set_committed_value(row, "item", items[row.item_id])
    return Wording(drawn, of_packages, of_factors)


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
    if draft.package_rules or draft.factor_rules:
        changes["rules"] = [None, _rules(draft)]
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


def confirm_rule(session: Session, actor: Actor, procedure_id: UUID, rule_id: UUID) -> None:
    """A manager stands by one assumed rule, of a package or of guests."""
    require(actor, Permission.CATALOG_MANAGE)
    rule = session.get(PackageRule, rule_id) or session.get(FactorRule, rule_id)
    recipe = session.get(RecipeVersion, rule.recipe_version_id) if rule else None
    if rule is None or recipe is None or recipe.procedure_id != procedure_id:
        raise NotFound("recipe_rule_not_found", lazy("There is no such rule."))
    if rule.assumed:
        rule.assumed = False
        session.flush()
        _record(session, actor, "recipe.confirm-rule", recipe, {str(rule.id): ["assumed", "confirmed"]})


def confirm_recipe(session: Session, actor: Actor, procedure_id: UUID) -> RecipeVersion:
    """A manager stands by every quantity and every rule of the recipe in use."""
    require(actor, Permission.CATALOG_MANAGE)
    recipe = find_published_recipe(session, procedure_id)
    if recipe is None:
        get_procedure(session, procedure_id)
        raise Conflict("recipe_not_published", lazy("Publish the draft first, then confirm its quantities."))
    rows: list[Any] = [line for step in recipe.steps for line in step.lines]
    assumed = sum(row.assumed for row in (*rows, *recipe.package_rules, *recipe.factor_rules))
    if assumed:
        steps = [step.id for step in recipe.steps]
        session.execute(update(RecipeLine).where(RecipeLine.step_id.in_(steps)).values(assumed=False))
        for rule in (PackageRule, FactorRule):
            of_recipe = update(rule).where(rule.recipe_version_id == recipe.id)
            session.execute(of_recipe.values(assumed=False))
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


def _rules(recipe: RecipeVersion) -> list[dict[str, Any]]:
    """The rules as the audit keeps them, in base units."""
    rules: list[PackageRule | FactorRule] = [*recipe.package_rules, *recipe.factor_rules]
    return [
        {name: str(value) for name, value in ruling.facts_of(rule).items() if value not in (None, False)}
        for rule in rules
    ]


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
