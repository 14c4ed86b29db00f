"""A recipe in the words and shapes that the templates draw: what was written, choices, the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.treatments.example import ExampleLine, Recipe, example_lines
from supply.domain.treatments.models import FactorRule, Package, PackageRule, RecipeVersion
from supply.domain.treatments.recipe import PackageAction, Setting
from supply.domain.treatments.rule_words import rule_words
from supply.i18n import _, plural
from supply.presenting import format_quantity, unit_symbol
from supply.quantity import UNITS
from supply.web.frame import named
from supply.web.words import word

# As many items as one select can still be used with; a spa's catalogue is far smaller.
MOST_ITEMS = 500


def typed(wording: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """A recipe told again (retelling) as inputs hold it: amounts as text, codes by their value."""
    return {part: [_typed(row) for row in rows] for part, rows in wording.items()}


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: _input(value) for name, value in row.items() if name != "lines"}
    return told | {"lines": [_typed(line) for line in row["lines"]]} if "lines" in row else told


def _input(value: Any) -> Any:
    if value is None or isinstance(value, bool | UUID):
        return value
    return format(value, "f") if hasattr(value, "as_tuple") else getattr(value, "value", value)


def choices(session: Session, draft: RecipeVersion) -> dict[str, Any]:
    """The items and units that a line may name, those of the draft among them."""
    items = catalog.list_items(session, limit=MOST_ITEMS)
    used = [line.item for step in draft.steps for line in step.lines]
    known = {item.id: item for item in (*items, *used)}
    own = {unit.code: named(unit) for item in known.values() for unit in item.units}
    common = [(unit.code, unit_symbol(unit.code), unit.factor) for unit in UNITS.values()]
    return {
        "items": [(item.id, named(item)) for item in known.values()],
        "units": common + [(code, name, "") for code, name in sorted(own.items())],
    }


def result(recipe: Recipe, setting: Setting, package: Package | None) -> list[dict[str, Any]]:
    """What each step of an example visit gets, line by line with the rules that gave it."""
    positions = {step.position for step in package.steps} if package else None
    lines: dict[int, list[ExampleLine]] = {}
    for line in example_lines(recipe, setting, positions=positions):
        lines.setdefault(line.step_position, []).append(line)
    return [
        {
            "number": step.position,
            "name": named(step),
            "lines": _together(lines.get(step.position, [])) + _left_out(recipe, step.position, package),
        }
        for step in recipe.steps
        if positions is None or step.position in positions
    ]


def _together(lines: Sequence[ExampleLine]) -> list[dict[str, Any]]:
    """Guests who get the same of an item by the same rules share a row."""
    same: dict[tuple[UUID, int, str], list[ExampleLine]] = {}
    for line in lines:
        same.setdefault((line.item_id, line.quantity, line.rule), []).append(line)
    rows = []
    for (_item, quantity, rule), alike in same.items():
        numbers = [str(line.guest_position) for line in alike if line.guest_position]
        told = ", ".join(numbers)
        times = f"{len(alike)} × " if len(alike) > 1 else ""
        rows.append(
            {
                "item": named(alike[0].item),
                "amount": times + format_quantity(quantity, alike[0].item),
                "guests": plural("guest %(numbers)s", "guests %(numbers)s", len(numbers), numbers=told)
                if numbers
                else _("the party"),
                "rule": rule_words(rule),
                "assumed": any(line.assumed for line in alike),
            }
        )
    return rows


def _left_out(recipe: Recipe, position: int, package: Package | None) -> list[dict[str, Any]]:
    mine = package.id if package else None
    words = {"amount": "–", "guests": "", "rule": _("left out by the package"), "assumed": False}
    return [
        {"item": named(rule.item), **words}
        for rule in recipe.package_rules
        if (rule.package_id, rule.step_position) == (mine, position) and rule.action is PackageAction.REMOVE
    ]


def rules(recipe: RecipeVersion, packages: Sequence[Package]) -> list[dict[str, Any]]:
    """What packages and guests change, each rule as a sentence. Packages out of use stay unnamed."""
    bought = {package.id: named(package) for package in packages}
    told: list[tuple[PackageRule | FactorRule, str]] = [
        (rule, _package_rule(rule, bought)) for rule in recipe.package_rules
    ]
    told += [(rule, _factor_rule(rule)) for rule in recipe.factor_rules]
    return [{"id": rule.id, "words": words, "assumed": rule.assumed} for rule, words in told]


def _package_rule(rule: PackageRule, bought: Mapping[UUID, str]) -> str:
    amount = format_quantity(rule.quantity, rule.item) if rule.quantity is not None else ""
    parts = [
        bought.get(rule.package_id, _("package out of use")),
        _("step %(number)s", number=rule.step_position),
        f"{word(rule.action)} {named(rule.item)}",
        " ".join(filter(None, [amount, word(rule.scale) if rule.scale else ""])),
    ]
    return " · ".join(filter(None, parts))


def _factor_rule(rule: FactorRule) -> str:
    percent = f"{rule.percent:+d}".replace("-", "\N{MINUS SIGN}")
    parts = [
        word(rule.factor),
        _("step %(number)s", number=rule.step_position) if rule.step_position else _("every step"),
        named(rule.item) if rule.item_id else "",
        _("%(percent)s %%", percent=percent),
        _("from %(lowest)s to %(highest)s %%", lowest=rule.lowest, highest=rule.highest),
        _("also what the party shares") if rule.shared else "",
    ]
    return " · ".join(filter(None, parts))
