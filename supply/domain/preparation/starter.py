"""Loads the whole starter: the catalogue with its treatment, and how its prepared items are brewed.

Loading again adds only what is missing; a prepared item that has a recipe keeps it.
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
from supply.domain.preparation import recipes
from supply.domain.treatments import starter
from supply.permissions import Actor

_SOURCE = Path(__file__).with_name("starter.toml")


def load(session: Session, actor: Actor) -> dict[str, int]:
    """As treatments.starter.load, and the brew recipes; returns how many of each kind were added."""
    added = starter.load(session, actor) | {"brew recipes": 0}
    for row in tomllib.loads(_SOURCE.read_text(encoding="utf-8"))["brews"]:
        item_id = _item_id(session, row["item"])
        if recipes.find_recipe_of(session, item_id) is None:
            _load_recipe(session, actor, item_id, row)
            added["brew recipes"] += 1
    return added


def _load_recipe(session: Session, actor: Actor, item_id: UUID, row: Mapping[str, Any]) -> None:
    lines = [
        {
            "item_id": _item_id(session, line["item"]),
            "amount": Decimal(line["amount"]),
            "unit": line["unit"],
            "assumed": True,
        }
        for line in row["lines"]
    ]
    recipes.create_recipe(
        session,
        actor,
        item_id=item_id,
        yield_amount=Decimal(row["yield_amount"]),
        yield_unit=row["yield_unit"],
        use_by_hours=row["use_by_hours"],
        lines=lines,
        assumed=True,
    )


def _item_id(session: Session, code: str) -> UUID:
    item = catalog.find_item_by_code(session, code)
    assert item is not None, code
    return item.id
