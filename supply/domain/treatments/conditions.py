"""Conditions of guests and what they rule out. Owns the codes and the rules, each with its source.

Refuses to know people: a condition is a code on a visit's guest. Weighing the rules is the visit's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.treatments.models import Condition, Contraindication, Effect
from supply.domain.treatments.service import get_procedure
from supply.errors import Conflict, Invalid, NotFound
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


def list_contraindications(
    session: Session, procedure_id: UUID, *, codes: Iterable[str] | None = None
) -> list[Row[Contraindication, Condition]]:
    """(rule, condition) of a procedure: all of them, or those of some condition codes. One statement.

    A rule without step_position concerns every step.
    """
    query = (
        select(Contraindication, Condition)
        .join(Condition, Condition.id == Contraindication.condition_id)
        .where(Contraindication.procedure_id == procedure_id, Condition.active.is_(True))
        .order_by(Condition.code, Contraindication.step_position, Contraindication.id)
    )
    if codes is not None:
        query = query.where(Condition.code.in_(sorted(set(codes))))
    return list(session.execute(query).all())


def get_contraindication(session: Session, procedure_id: UUID, rule_id: UUID) -> Contraindication:
    rule = session.get(Contraindication, rule_id)
    if rule is None or rule.procedure_id != procedure_id:
        raise NotFound("contraindication_not_found", lazy("There is no such contraindication."))
    return rule


def create_contraindication(
    session: Session,
    actor: Actor,
    procedure_id: UUID,
    *,
    condition_id: UUID,
    effect: Effect,
    advice_en: str,
    advice_vi: str,
    step_position: int | None = None,
) -> Contraindication:
    """A condition against a procedure, or against one of its steps."""
    require(actor, Permission.CATALOG_MANAGE)
    get_procedure(session, procedure_id)
    if session.get(Condition, condition_id) is None:
        raise Invalid("condition_unknown", lazy("Choose a condition of the list."), field="condition_id")
    rule = Contraindication(
        id=new_id(),
        procedure_id=procedure_id,
        condition_id=condition_id,
        step_position=step_position,
        effect=effect,
        advice_en=advice_en,
        advice_vi=advice_vi,
    )
    session.add(rule)
    session.flush()
    _record(session, actor, "contraindication.create", rule.id, {"effect": [None, effect.value]})
    return rule


def update_contraindication(
    session: Session,
    actor: Actor,
    procedure_id: UUID,
    rule_id: UUID,
    *,
    effect: Effect,
    advice_en: str,
    advice_vi: str,
    step_position: int | None = None,
) -> Contraindication:
    require(actor, Permission.CATALOG_MANAGE)
    rule = get_contraindication(session, procedure_id, rule_id)
    facts = {"effect": effect, "advice_en": advice_en, "advice_vi": advice_vi, "step_position": step_position}
    changes = {
        name: [getattr(rule, name), value] for name, value in facts.items() if getattr(rule, name) != value
    }
    for name, value in facts.items():
        setattr(rule, name, value)
    session.flush()
    _record(session, actor, "contraindication.update", rule_id, changes)
    return rule


def remove_contraindication(session: Session, actor: Actor, procedure_id: UUID, rule_id: UUID) -> None:
    """Take a rule away; the audit keeps what it said."""
    require(actor, Permission.CATALOG_MANAGE)
    rule = get_contraindication(session, procedure_id, rule_id)
    changes: dict[str, list[Any]] = {"effect": [rule.effect.value, None], "advice_en": [rule.advice_en, None]}
    session.delete(rule)
    session.flush()
    _record(session, actor, "contraindication.remove", rule_id, changes)


def _record(
    session: Session, actor: Actor, action: str, entity_id: UUID, changes: dict[str, list[Any]]
) -> None:
    entity = action.partition(".")[0]
    audit.record(session, actor, action=action, entity=entity, entity_id=entity_id, changes=changes)
