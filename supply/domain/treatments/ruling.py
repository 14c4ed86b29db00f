"""The rules of a draft as somebody wrote them: what packages change, what factors of guests change.

Refuses, naming the field: an unknown step, item or package, a rule that would never count, and a percentage
that would not leave whole base units. Weighing the rules is recipe's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.database import new_id
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.treatments.exactness import find_inexact
from supply.domain.treatments.models import FactorRule, Package, PackageRule, Step
from supply.domain.treatments.recipe import PackageAction
from supply.errors import Invalid
from supply.i18n import Text, lazy

Items = Mapping[UUID, Item]
_PACKAGE_FACTS = ("package_id", "action", "step_position", "item_id", "quantity", "scale", "assumed")
_FACTOR_FACTS = (
    "factor",
    "step_position",
    "item_id",
    "percent",
    "lowest",
    "highest",
    "shared",
    "assumed",
)


def facts_of(rule: PackageRule | FactorRule) -> dict[str, Any]:
    """All that a rule says, in base units."""
    names = _PACKAGE_FACTS if isinstance(rule, PackageRule) else _FACTOR_FACTS
    return {name: getattr(rule, name) for name in names}


def copied(rules: Sequence[Any]) -> list[Any]:
    """The same rules for another wording."""
    return [type(rule)(id=new_id(), position=rule.position, **facts_of(rule)) for rule in rules]


def draw_package_rules(
    session: Session,
    procedure_id: UUID,
    steps: Sequence[Step],
    told: Sequence[Mapping[str, Any]],
    items: Items,
) -> list[PackageRule]:
    """package_id, action, step_position, item_id, and as the action wants them amount, unit and scale."""
    packages = set(session.scalars(select(Package.id).where(Package.procedure_id == procedure_id)))
    drawn: list[PackageRule] = []
    for index, row in enumerate(told):
        path = f"package_rules.{index}"
        if row["package_id"] not in packages:
            raise _invalid(
                "package_unknown", f"{path}.package_id", lazy("The procedure has no such package.")
            )
        step = _step(steps, row["step_position"], path)
        item = _item(items, row["item_id"], path)
        _require_sense(row, step, path, drawn)
        rule = PackageRule(id=new_id(), position=index + 1, package_id=row["package_id"], item_id=item.id)
        rule.action, rule.step_position = row["action"], row["step_position"]
        rule.assumed = row.get("assumed", False)
        if rule.action is not PackageAction.REMOVE:
            amount, unit = _told(row, path, "amount"), _told(row, path, "unit")
            rule.quantity = catalog.base_quantity(item, amount, unit, field=f"{path}.amount")
        if rule.action is PackageAction.ADD:
            rule.scale = _told(row, path, "scale")
        drawn.append(rule)
    return drawn


def draw_factor_rules(
    steps: Sequence[Step],
    package_rules: Sequence[PackageRule],
    told: Sequence[Mapping[str, Any]],
    items: Items,
) -> list[FactorRule]:
    """factor, percent, and within what: step_position?, item_id?, lowest, highest, shared."""
    drawn = []
    for index, row in enumerate(told):
        path = f"factor_rules.{index}"
        if row.get("step_position") is not None:
            _step(steps, row["step_position"], path)
        if row.get("item_id") is not None:
            _item(items, row["item_id"], path)
        if row["percent"] == 0:
            words = lazy("Say how many per cent more or less; 0 changes nothing.")
            raise _invalid("percent_empty", f"{path}.percent", words)
        told_facts = {name: row[name] for name in _FACTOR_FACTS if name in row}
        drawn.append(FactorRule(id=new_id(), position=index + 1, **told_facts))
    _refuse_inexact(steps, package_rules, drawn, items)
    return drawn


def _refuse_inexact(
    steps: Sequence[Step],
    package_rules: Sequence[PackageRule],
    factor_rules: Sequence[FactorRule],
    items: Items,
) -> None:
    found = find_inexact([(step.position, step.lines) for step in steps], package_rules, factor_rules)
    if found is None:
        return
    item = items[found.item_id]
    amount, unit = catalog.told_amount(item, found.quantity)
    words = lazy(
        "%(percent)s %% of %(amount)s %(unit)s %(item)s in step %(step)s cannot be measured exactly. "
        "Choose another percentage, other limits or another amount.",
        percent=found.percent,
        amount=format(amount, "f"),
        unit=unit,
        item=item.code,
        step=found.step_position,
    )
    raise _invalid("quantity_inexact", f"factor_rules.{found.rule}.percent", words)


def _require_sense(row: Mapping[str, Any], step: Step, path: str, before: Sequence[PackageRule]) -> None:
    """Only what the step has can be removed or changed, and each thing is said once."""
    in_step = any(line.item_id == row["item_id"] for line in step.lines)
    if row["action"] is not PackageAction.ADD and not in_step:
        words = lazy("Step %(step)s does not use this item.", step=step.position)
        raise _invalid("item_not_in_step", f"{path}.item_id", words)
    key = (row["package_id"], row["step_position"], row["item_id"])
    if any(key == (rule.package_id, rule.step_position, rule.item_id) for rule in before):
        words = lazy("Another rule already says what this package does with this item in this step.")
        raise _invalid("rule_repeated", f"{path}.item_id", words)


def _told(row: Mapping[str, Any], path: str, name: str) -> Any:
    value = row.get(name)
    if value is None:
        raise _invalid("value_missing", f"{path}.{name}", lazy("Please fill this in."))
    return value


def _step(steps: Sequence[Step], position: int, path: str) -> Step:
    for step in steps:
        if step.position == position:
            return step
    words = lazy("The procedure has no step %(positions)s.", positions=position)
    raise _invalid("step_unknown", f"{path}.step_position", words)


def _item(items: Items, item_id: UUID, path: str) -> Item:
    item = items.get(item_id)
    if item is None:
        raise _invalid("item_unknown", f"{path}.item_id", lazy("Choose an item of the catalogue."))
    return item


def _invalid(code: str, field: str, message: Text) -> Invalid:
    return Invalid(code, message, field=field)
