"""A recipe as the rows of a table: a row for each supply of a step, one for a step that uses nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.imports.columns import Column
from supply.domain.treatments import service as treatments
from supply.domain.treatments.models import Procedure, RecipeVersion, Step
from supply.i18n import lazy

COLUMNS = (
    Column(
        "procedure", lazy("Procedure"), "lieu trinh|ma lieu trinh|recipe|procedure code", True, "back-massage"
    ),
    Column(
        "procedure_vi",
        lazy("Vietnamese name of the procedure"),
        "vietnamese name of the procedure|ten tieng viet cua lieu trinh|ten lieu trinh",
        False,
        "Xông tắm",
    ),
    Column(
        "procedure_en",
        lazy("English name of the procedure"),
        "english name of the procedure|ten tieng anh cua lieu trinh|procedure name",
        False,
        "Herbal bath",
    ),
    Column("step", lazy("Step"), "buoc|so buoc|step number|position", True, "2"),
    Column(
        "step_vi",
        lazy("Vietnamese name of the step"),
        "vietnamese name of the step|ten tieng viet cua buoc|ten buoc",
        False,
        "Tắm gỗ",
    ),
    Column(
        "step_en",
        lazy("English name of the step"),
        "english name of the step|ten tieng anh cua buoc|step name",
        False,
        "Wood bath",
    ),
    Column("note_vi", lazy("Vietnamese note"), "vietnamese note|ghi chu tieng viet|ghi chu", False, ""),
    Column("note_en", lazy("English note"), "english note|ghi chu tieng anh|note", False, ""),
    Column("item", lazy("Item"), "mat hang|ma hang|nguyen lieu|ingredient|item code", False, "dao-wood"),
    Column("amount", lazy("Amount"), "so luong|dinh luong|quantity", False, "500"),
    Column("unit", lazy("Unit"), "don vi|dvt|units", False, "g"),
    Column("scale", lazy("For"), "for|tinh cho|cho|tinh theo|scale|per", False, "tub"),
    Column(
        "assumed",
        lazy("Only an assumption"),
        "only an assumption|chi la gia dinh|gia dinh|uoc luong",
        False,
        "no",
    ),
)
STEP_FIELDS = {"step_vi": "name_vi", "step_en": "name_en", "note_vi": "note_vi", "note_en": "note_en"}
Rows = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class KnownRecipe:
    """A procedure as it stands: its newest wording, and that as the rows of an export."""

    procedure: Procedure | None
    recipe: RecipeVersion | None
    rows: Rows


def rows_of(procedure: Procedure, steps: Iterable[Step]) -> Rows:
    """A recipe as an export tells it; a step that uses nothing has a row without an item."""
    rows = []
    for step in steps:
        head = {
            "procedure": procedure.code,
            "procedure_vi": procedure.name_vi,
            "procedure_en": procedure.name_en,
            "step": str(step.position),
            **{column: getattr(step, field) or "" for column, field in STEP_FIELDS.items()},
        }
        for line in step.lines:
            amount, unit = catalog.told_amount(line.item, line.quantity)
            told = {"item": line.item.code, "amount": format(amount, "f"), "unit": unit}
            assumed = "yes" if line.assumed else "no"
            rows.append({**head, **told, "scale": line.scale.value, "assumed": assumed})
        if not step.lines:
            rows.append({**head, "item": "", "amount": "", "unit": "", "scale": "", "assumed": ""})
    return rows


def known_recipe(session: Session, code: str) -> KnownRecipe:
    procedure = treatments.find_procedure_by_code(session, code) if code else None
    if procedure is None:
        return KnownRecipe(None, None, [])
    recipe = treatments.find_draft(session, procedure.id)
    recipe = recipe or treatments.find_published_recipe(session, procedure.id)
    if recipe is None:
        return KnownRecipe(procedure, None, [])
    return KnownRecipe(procedure, recipe, rows_of(procedure, treatments.with_items(session, recipe).steps))


def by_line(rows: Rows) -> dict[tuple[str, str, int], dict[str, str]]:
    found: dict[tuple[str, str, int], dict[str, str]] = {}
    used = Counter[tuple[str, str]]()
    for row in rows:
        name = (row["step"], row["item"])
        found[(*name, used[name])] = row
        used[name] += 1
    return found
