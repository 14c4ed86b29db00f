"""Conditions of guests: the codes that a visit's guest may bear. What they rule out is in contraindications.

Refuses to know people: a condition is a code, an allergy one with an ingredient beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.catalog.models import Item
from supply.domain.treatments.allergies import ALLERGY, allergen
from supply.domain.treatments.models import Condition
from supply.errors import Conflict, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


def list_conditions(session: Session, *, active: bool | None = True) -> list[Condition]:
    query = select(Condition).order_by(Condition.code)
    if active is not None:
        query = query.where(Condition.active.is_(active))
    return list(session.scalars(query))


def get_condition(session: Session, condition_id: UUID) -> Condition:
    condition = session.get(Condition, condition_id)
    if condition is None:
        raise NotFound("condition_not_found", lazy("There is no such condition."))
    return condition


def conditions_by_code(session: Session, codes: Iterable[str]) -> dict[str, Condition]:
    """Those of the codes that exist and are active."""
    wanted = sorted(set(codes))
    if not wanted:
        return {}
    query = select(Condition).where(Condition.code.in_(wanted), Condition.active.is_(True))
    return {condition.code: condition for condition in session.scalars(query)}


def known_codes(session: Session, codes: Iterable[str]) -> frozenset[str]:
    """Those of the codes that a guest may be given: active conditions, and allergies to known items."""
    told = set(codes)
    allergens = {code: item for code in told if (item := allergen(code)) is not None}
    plain = conditions_by_code(session, (told - allergens.keys()) | ({ALLERGY} if allergens else set()))
    known = set(plain) & told - {ALLERGY}
    if allergens and ALLERGY in plain:
        items = set(session.scalars(select(Item.code).where(Item.code.in_(sorted(allergens.values())))))
        known |= {code for code, item in allergens.items() if item in items}
    return frozenset(known)


def create_condition(
    session: Session, actor: Actor, *, code: str, name_en: str, name_vi: str, source: str
) -> Condition:
    require(actor, Permission.CATALOG_MANAGE)
    if session.scalar(select(Condition.id).where(Condition.code == code)) is not None:
        raise Conflict(
            "code_taken", lazy("Another condition bears this code. Choose a different one."), field="code"
        )
    condition = Condition(
        id=new_id(), code=code, name_en=name_en, name_vi=name_vi, source=source, active=True
    )
    session.add(condition)
    session.flush()
    _record(session, actor, "condition.create", condition.id, {"code": [None, code]})
    return condition


def update_condition(
    session: Session,
    actor: Actor,
    condition_id: UUID,
    *,
    name_en: str,
    name_vi: str,
    source: str,
    active: bool,
) -> Condition:
    """Reword a condition or retire it; visits that bear its code keep it."""
    require(actor, Permission.CATALOG_MANAGE)
    condition = get_condition(session, condition_id)
    facts = {"name_en": name_en, "name_vi": name_vi, "source": source, "active": active}
    changes = {
        name: [getattr(condition, name), value]
        for name, value in facts.items()
        if getattr(condition, name) != value
    }
    for name, value in facts.items():
        setattr(condition, name, value)
    session.flush()
    _record(session, actor, "condition.update", condition_id, changes)
    return condition


def _record(
    session: Session, actor: Actor, action: str, entity_id: UUID, changes: dict[str, list[Any]]
) -> None:
    entity = action.partition(".")[0]
    audit.record(session, actor, action=action, entity=entity, entity_id=entity_id, changes=changes)
