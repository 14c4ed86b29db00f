"""Loads the starter catalogue (starter.toml) through the services. Loading again adds only what is missing.

Refuses to own suppliers, branches and stock: those are a spa's own, or the demo's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Category, Item
from supply.domain.treatments import conditions, contraindications, drafting, service, substitutes
from supply.domain.treatments.factors import Factor
from supply.domain.treatments.models import Condition, Effect, Procedure
from supply.domain.treatments.recipe import PackageAction, Scale
from supply.permissions import Actor, Permission, require
from supply.quantity import Dimension

_SOURCE = Path(__file__).with_name("starter.toml")
_ITEM_DEFAULTS = {
    "lot_required": True,
    "expiry_required": True,
    "shelf_life_days": None,
    "opened_life_days": None,
    "assumed": False,
}


def load(session: Session, actor: Actor) -> dict[str, int]:
    """Add what is missing of the starter catalogue; returns how many of each kind were added.

    What bears a code of the starter already is left as it is, whatever the spa made of it.
    """
    require(actor, Permission.CATALOG_MANAGE)
    told = tomllib.loads(_SOURCE.read_text(encoding="utf-8"))
    added = {"items": 0, "procedures": 0, "packages": 0, "conditions": 0, "substitutes": 0}
    items = {}
    for row in told["items"]:
        item = catalog.find_item_by_code(session, row["code"])
        if item is None:
            item = _load_item(session, actor, row)
            added["items"] += 1
        items[item.code] = item
    procedure = service.find_procedure_by_code(session, told["procedure"]["code"])
    if procedure is None:
        procedure = _load_procedure(session, actor, told["procedure"], items)
        added["procedures"] += 1
    for row in told["packages"]:
        if service.find_package_by_code(session, row["code"]) is None:
            service.create_package(session, actor, procedure_id=procedure.id, **row)
            added["packages"] += 1
    if added["procedures"]:
        _publish(session, actor, procedure, told["procedure"], items)
    known = {condition.code: condition for condition in conditions.list_conditions(session, active=None)}
    for row in told["conditions"]:
        if row["code"] not in known:
            facts = {**row, "source": told["sources"][row["source"]]}
            known[row["code"]] = conditions.create_condition(session, actor, **facts)
            added["conditions"] += 1
    added["rules"] = _load_rules(session, actor, told, known, items)
    for row in told["substitutes"]:
        added["substitutes"] += _load_substitutes(session, actor, row, items)
    return added


def _load_item(session: Session, actor: Actor, row: Mapping[str, Any]) -> Item:
    units = [{**unit, "amount": Decimal(unit["amount"])} for unit in row["units"]]
    facts = {
        **_ITEM_DEFAULTS,
        **row,
        "units": units,
        "category": Category(row["category"]),
        "dimension": Dimension(row["dimension"]),
        "natural_step": Decimal(row["natural_step"]),
    }
    return catalog.create_item(session, actor, **facts)


def _load_procedure(
    session: Session, actor: Actor, told: Mapping[str, Any], items: Mapping[str, Item]
) -> Procedure:
    """The procedure with its steps as a draft, so that packages can name them."""
    names = {name: told[name] for name in ("code", "name_en", "name_vi")}
    procedure = service.create_procedure(session, actor, **names)
    draft = service.get_draft(session, procedure.id)
    steps = _steps(told, items)
    drafting.save_draft(session, actor, procedure.id, version=draft.version, steps=steps)
    return procedure


def _publish(
    session: Session, actor: Actor, procedure: Procedure, told: Mapping[str, Any], items: Mapping[str, Item]
) -> None:
    """The draft once more, with the rules that name packages, and published."""
    packages = {row.code: row for row in service.list_packages(session, procedure_id=procedure.id)}
    draft = drafting.save_draft(
        session,
        actor,
        procedure.id,
        version=service.get_draft(session, procedure.id).version,
        steps=_steps(told, items),
        # A package whose code the spa had taken before is the spa's own: nothing is said of it.
        package_rules=[
            _package_rule(row, packages[row["package"]].id, items[row["item"]])
            for row in told["package_rules"]
            if row["package"] in packages
        ],
        factor_rules=[_factor_rule(row, items) for row in told["factor_rules"]],
    )
    drafting.publish_draft(session, actor, procedure.id, version=draft.version)


def _steps(told: Mapping[str, Any], items: Mapping[str, Item]) -> list[dict[str, Any]]:
    return [
        {**step, "lines": [_line(line, items[line["item"]]) for line in step["lines"]]}
        for step in told["steps"]
    ]


def _package_rule(row: Mapping[str, Any], package_id: UUID, item: Item) -> dict[str, Any]:
    return {
        "package_id": package_id,
        "action": PackageAction(row["action"]),
        "step_position": row["step"],
        "item_id": item.id,
        "amount": Decimal(row["amount"]) if "amount" in row else None,
        "unit": row.get("unit"),
        "scale": Scale(row["scale"]) if "scale" in row else None,
        "assumed": True,
    }


def _factor_rule(row: Mapping[str, Any], items: Mapping[str, Item]) -> dict[str, Any]:
    return {
        "factor": Factor(row["factor"]),
        "step_position": row.get("step"),
        "item_id": items[row["item"]].id if "item" in row else None,
        "percent": row["percent"],
        "lowest": row["lowest"],
        "highest": row["highest"],
        "shared": row.get("shared", False),
        "assumed": True,
    }


def _line(row: Mapping[str, Any], item: Item) -> dict[str, Any]:
    amount, scale = Decimal(row["amount"]), Scale(row["scale"])
    return {"item_id": item.id, "amount": amount, "unit": row["unit"], "scale": scale, "assumed": True}


def _load_rules(
    session: Session,
    actor: Actor,
    told: Mapping[str, Any],
    known: Mapping[str, Condition],
    items: Mapping[str, Item],
) -> int:
    """Add the safety rules that are missing. What a manager changed or retired is not missing."""
    rules = contraindications.list_contraindications(session, active=None)
    there = {(rule.condition_id, rule.procedure_id, rule.step_position, rule.item_id) for rule in rules}
    procedure = service.find_procedure_by_code(session, told["procedure"]["code"])
    added = 0
    for row in told["rules"]:
        target = {
            "condition_id": known[row["condition"]].id,
            "procedure_id": procedure.id if procedure and "procedure" in row else None,
            "step_position": row.get("step"),
            "item_id": items[row["item"]].id if "item" in row else None,
        }
        if tuple(target.values()) in there:
            continue
        wording = {name: row[name] for name in ("advice_en", "advice_vi")}
        wording |= {"source": told["sources"][row["source"]], "assumed": row.get("assumed", False)}
        contraindications.create_contraindication(
            session, actor, effect=Effect(row["effect"]), **target, **wording
        )
        added += 1
    return added


def _load_substitutes(
    session: Session, actor: Actor, row: Mapping[str, Any], items: Mapping[str, Item]
) -> int:
    """The assumed substitutes of an item that has none; how many were added."""
    known = substitutes.list_substitutes(session, items[row["item"]].id)
    if known.substitutes:
        return 0
    told = [
        {
            "substitute_id": items[one["item"]].id,
            "amount": Decimal(one["amount"]),
            "unit": one["unit"],
            "for_amount": Decimal(one["for_amount"]),
            "for_unit": one["for_unit"],
            "assumed": True,
        }
        for one in row["list"]
    ]
    substitutes.save_substitutes(session, actor, known.item.id, version=known.version, substitutes=told)
    return len(told)
