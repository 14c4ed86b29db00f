"""A recipe told again as somebody would write it: what save_draft takes, for whoever changes a part of it."""

from __future__ import annotations

from typing import Any

from supply.domain.catalog import service as catalog
from supply.domain.treatments.models import RecipeVersion

_STEP = ("name_en", "name_vi", "note_en", "note_vi")
_PACKAGE_RULE = ("package_id", "action", "step_position", "item_id", "scale", "assumed")
_FACTOR_RULE = (
    "factor",
    "step_position",
    "item_id",
    "percent",
    "lowest",
    "highest",
    "shared",
    "assumed",
)


def retold(recipe: RecipeVersion) -> dict[str, list[dict[str, Any]]]:
    """Steps, package_rules and factor_rules. The recipe's items must be loaded (service.with_items)."""
    return {
        "steps": [
            {
                **_facts(step, _STEP),
                "lines": [
                    {**_facts(line, ("item_id", "scale", "assumed")), **_measured(line)}
                    for line in step.lines
                ],
            }
            for step in recipe.steps
        ],
        "package_rules": [
            {**_facts(rule, _PACKAGE_RULE), **_measured(rule)} for rule in recipe.package_rules
        ],
        "factor_rules": [_facts(rule, _FACTOR_RULE) for rule in recipe.factor_rules],
    }


def _facts(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _measured(row: Any) -> dict[str, Any]:
    if row.quantity is None:
        return {"amount": None, "unit": None}
    amount, unit = catalog.told_amount(row.item, row.quantity)
    return {"amount": amount, "unit": unit}
