"""Importing recipes: a row for each supply of a step, the whole recipe of a procedure together, as a draft.

A file's rows of a procedure are its whole recipe; what rules say of packages and guests is kept. A manager
publishes the draft, as any other.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.imports.columns import Cells
from supply.domain.imports.known import KnownItems, known_items
from supply.domain.imports.models import ImportKind, Outcome
from supply.domain.imports.planning import (
    Changes,
    Counts,
    Fault,
    Kind,
    Place,
    Planned,
    Told,
    differences,
    failed,
    faults_of,
    loaded,
)
from supply.domain.imports.recipe_rows import (
    COLUMNS,
    STEP_FIELDS,
    KnownRecipe,
    Rows,
    by_line,
    known_recipe,
    rows_of,
)
from supply.domain.imports.recipe_undoing import left_as_it_was
from supply.domain.imports.words import SCALE_WORDS, is_tick, meant, tick_meant, unit_meant
from supply.domain.treatments import drafting
from supply.domain.treatments import service as treatments
from supply.domain.treatments.models import Procedure
from supply.domain.treatments.retelling import retold
from supply.domain.treatments.schemas import WriteRecipeLine, WriteStep
from supply.errors import SupplyError
from supply.i18n import lazy
from supply.pacing import paced, went
from supply.permissions import Actor, Permission

_COLUMN_OF = {field: column for column, field in STEP_FIELDS.items()}
_LINE, _WHOLESTEP_FIELDS = WriteRecipeLine(), WriteStep(exclude=("lines",))


def plan(session: Session, actor: Actor, place: Place, rows: Sequence[Told]) -> list[Planned]:
    items = known_items(session, [told.get("item", "") for _number, told in rows])
    groups: dict[str, list[Told]] = {}
    for number, told in rows:
        groups.setdefault(told.get("procedure", ""), []).append((number, told))
    planned: list[Planned] = []
    for code, group in groups.items():
        planned += _planned(session, actor, place, items, known_recipe(session, code), group)
        went(len(group))
    return sorted(planned, key=lambda row: row.number)


def _planned(
    session: Session, actor: Actor, place: Place, items: KnownItems, known: KnownRecipe, group: Sequence[Told]
) -> list[Planned]:
    """The rows of one procedure."""
    steps: dict[int, dict[str, Any]] = {}
    old = {row["step"]: row for row in known.rows}
    wrong: dict[int, list[Fault]] = {}
    heads: dict[str, str] = {}
    for number, told in group:
        heads = {**told, **heads}
        wrong[number] = _add_row(place, items, steps, old, told)
    if not any(wrong.values()) and sorted(steps) != list(range(1, len(steps) + 1)):
        words = str(lazy("Number the steps 1, 2, 3 … without a gap."))
        wrong[group[0][0]].append(Fault("step", words, ", ".join(map(str, sorted(steps)))))
    if any(wrong.values()):
        return [_with_faults(number, told, wrong[number]) for number, told in group]
    told_steps = [steps[position] for position in sorted(steps)]
    names = _names(known, heads)
    try:
        rules = retold(known.recipe) if known.recipe is not None else {}
        facts = {**rules, "steps": told_steps}
        procedure_id = known.procedure.id if known.procedure is not None else place.branch_id
        sketch = drafting.sketch(session, actor, procedure_id, **facts)
    except SupplyError as refusal:
        first, told = group[0]
        return [failed(first, told["procedure"], faults_of(refusal, told, {}, "step")), *_unmoved(group[1:])]
    after = rows_of(Procedure(code=heads["procedure"], **names), sketch.steps)
    return _compared(known, group, items, after, (known.procedure, names, facts))


def _add_row(
    place: Place, items: KnownItems, steps: dict[int, dict[str, Any]], old: Mapping[str, Cells], told: Cells
) -> list[Fault]:
    """Put a row's step and line into the steps; what is wrong with it."""
    text = told.get("step", "")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 50:
        return [Fault("step", str(lazy("This must be a whole number from 1 to 50.")), text)]
    if "procedure" not in told:
        return [Fault("procedure", str(lazy("Please fill this in.")), "")]
    position = int(text)
    before = old.get(str(position), {})
    if position not in steps:
        data = {
            field: told.get(column) or before.get(column) or None for column, field in STEP_FIELDS.items()
        }
        data["name_vi"] = data["name_vi"] or data["name_en"]
        data["name_en"] = data["name_en"] or data["name_vi"]
        try:
            steps[position] = {**loaded(_WHOLESTEP_FIELDS, data, place), "lines": []}
        except ValidationError as refusal:
            return faults_of(refusal, told, _COLUMN_OF, "step_vi")
    if "item" not in told:
        return []
    item = items.find(told["item"])
    if item is None:
        return [Fault("item", str(lazy("Write the code of an item of the catalogue.")), told["item"])]
    if "assumed" in told and not is_tick(told["assumed"]):
        return [Fault("assumed", str(lazy("Write yes or no.")), told["assumed"])]
    line: dict[str, Any] = {
        name: told[name] for name in ("amount", "unit", "scale", "assumed") if name in told
    }
    line |= {"item_id": str(item.id), "unit": unit_meant(line.get("unit", "")) or item.usage_unit}
    line |= {
        "scale": meant(SCALE_WORDS, line.get("scale", "client")),
        "assumed": tick_meant(line.get("assumed", "no")),
    }
    try:
        read = loaded(_LINE, line, place)
        catalog.base_quantity(item, read["amount"], read["unit"])
    except (ValidationError, SupplyError) as refusal:
        return faults_of(refusal, told, {"item_id": "item"}, "item")
    steps[position]["lines"].append(read)
    return []


def _names(known: KnownRecipe, heads: Cells) -> dict[str, str]:
    """The names of the procedure: as told, else as they are, else the one for the other, else its code."""
    stored = known.procedure
    name_vi = heads.get("procedure_vi") or (stored.name_vi if stored is not None else "")
    name_en = heads.get("procedure_en") or (stored.name_en if stored is not None else "")
    return {
        "name_vi": (name_vi or name_en or heads["procedure"])[:120],
        "name_en": (name_en or name_vi or heads["procedure"])[:120],
    }


def _with_faults(number: int, told: Cells, faults: Sequence[Fault]) -> Planned:
    subject = _subject(told)
    return failed(number, subject, faults) if faults else Planned(number, subject, Outcome.SKIP)


def _unmoved(group: Sequence[Told]) -> list[Planned]:
    return [Planned(number, _subject(told), Outcome.SKIP) for number, told in group]


def _subject(told: Cells) -> str:
    return " · ".join(told[name] for name in ("procedure", "step", "item") if name in told)


def _compared(
    known: KnownRecipe, group: Sequence[Told], items: KnownItems, after: Rows, facts: tuple[Any, ...]
) -> list[Planned]:
    """Each row beside the line that was there of the same item in the same step; what is no more beside the
    first. What undoing needs goes with the first row too."""
    before, now = by_line(known.rows), by_line(after)
    planned, used = [], Counter[tuple[str, str]]()
    for number, told in group:
        item = items.find(told.get("item", ""))
        name = (str(int(told["step"])), item.code if item is not None else "")
        key = (*name, used[name])
        used[name] += 1
        changes = differences(before.get(key, {}), now.get(key, {}))
        outcome = Outcome.SKIP if not changes else Outcome.CHANGE if key in before else Outcome.CREATE
        entity_id = known.procedure.id if known.procedure is not None else None
        planned.append(Planned(number, _subject(told), outcome, changes, entity_id=entity_id))
    gone = [
        " ".join(filter(None, (row["step"], row["item"], row["amount"], row["unit"])))
        for key, row in before.items()
        if key not in now
    ]
    changed = [row for row in planned if row.outcome is not Outcome.SKIP]
    if not gone and not changed:
        return planned
    first = changed[0] if changed else planned[0]
    if first.outcome is Outcome.SKIP:
        first.outcome = Outcome.CHANGE
    if gone:
        first.changes["left_out"] = ["; ".join(gone), ""]
    first.changes |= _memory(known, after)
    first.facts = facts
    return planned


def _memory(known: KnownRecipe, after: Rows) -> Changes:
    """The whole recipe before and after, for the undoing: whether a draft was open, and its rows."""
    draft = known.recipe is not None and known.recipe.published_at is None
    before = json.dumps(known.rows if draft else None, ensure_ascii=False)
    return {"_recipe": [before, json.dumps(after, ensure_ascii=False)]}


def apply(session: Session, actor: Actor, place: Place, import_id: UUID, planned: Sequence[Planned]) -> None:
    for row in paced(planned):
        if row.facts is None:
            continue
        procedure, names, facts = row.facts
        if procedure is None:
            code = json.loads(row.changes["_recipe"][1])[0]["procedure"]
            procedure = treatments.create_procedure(session, actor, code=code, **names)
            row.changes["_procedure"] = ["", code]
        elif (stored := _names_of(procedure)) != names:
            row.changes["_names"] = [json.dumps(stored), json.dumps(names)]
            treatments.update_procedure(
                session, actor, procedure.id, version=procedure.version, active=procedure.active, **names
            )
        row.entity_id = procedure.id
        draft = drafting.begin_draft(session, actor, procedure.id)
        drafting.save_draft(session, actor, procedure.id, version=draft.version, **facts)


def undo(session: Session, actor: Actor, place: Place, import_id: UUID, rows: Sequence[Planned]) -> Counts:
    """Drafts go back to what they were, as long as nobody wrote on or published them; see recipe_undoing."""
    counts: Counter[str] = Counter()
    for row in paced(rows):
        if "_recipe" not in row.changes or row.entity_id is None:
            continue
        before, after = (json.loads(text) for text in row.changes["_recipe"])
        known = known_recipe(session, after[0]["procedure"])
        untouched = known.recipe is not None and known.recipe.published_at is None and known.rows == after
        facts: dict[str, Any] | None = None
        if untouched and before and known.recipe is not None:
            steps = _steps_of(session, place, before)
            facts = {**retold(known.recipe), "steps": steps}
        made = "_procedure" in row.changes
        _rename_back(session, actor, known.procedure, row.changes.get("_names"))
        counts[
            left_as_it_was(session, actor, known.procedure, untouched=untouched, made=made, facts=facts)
        ] += 1
    return dict(counts)


def _names_of(procedure: Procedure) -> dict[str, str]:
    return {"name_vi": procedure.name_vi, "name_en": procedure.name_en}


def _rename_back(
    session: Session, actor: Actor, procedure: Procedure | None, names: Sequence[str] | None
) -> None:
    """The names from before, unless somebody changed them since."""
    if procedure is None or names is None:
        return
    before, after = (json.loads(text) for text in names)
    if _names_of(procedure) == after:
        told = {"version": procedure.version, "active": procedure.active, **before}
        treatments.update_procedure(session, actor, procedure.id, **told)


def _steps_of(session: Session, place: Place, rows: Rows) -> list[dict[str, Any]]:
    items = known_items(session, [row["item"] for row in rows])
    steps: dict[int, dict[str, Any]] = {}
    for row in rows:
        _add_row(place, items, steps, {}, {name: text for name, text in row.items() if text})
    return [steps[position] for position in sorted(steps)]


def export(session: Session, place: Place, first: date, last: date) -> Iterator[Cells]:
    """The newest wording of every procedure: its draft where one is begun, else what is published."""
    for code in session.scalars(select(Procedure.code).order_by(Procedure.code)).all():
        yield from known_recipe(session, code).rows


RECIPES = Kind(ImportKind.RECIPES, Permission.CATALOG_MANAGE, COLUMNS, plan, apply, undo, export)
