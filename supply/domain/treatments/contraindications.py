"""What conditions rule out: the safety rules against treatments, steps and ingredients, each with a source.

Owns writing and retiring them. Refuses to weigh them (visits) and to be medical advice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.catalog.models import Item
from supply.domain.treatments.allergies import ALLERGY
from supply.domain.treatments.models import Condition, Contraindication, Effect, Procedure
from supply.errors import Invalid, NotFound, Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


def list_contraindications(
    session: Session,
    *,
    procedure_id: UUID | None = None,
    condition_id: UUID | None = None,
    item_id: UUID | None = None,
    active: bool | None = True,
) -> list[Contraindication]:
    """Rules with their condition and item, by condition code. One statement.

    Those of a procedure include the rules against ingredients that hold in every treatment.
    """
    query = (
        select(Contraindication)
        .join(Condition, Condition.id == Contraindication.condition_id)
        .options(joinedload(Contraindication.condition), joinedload(Contraindication.item))
        .order_by(Condition.code, Contraindication.step_position, Contraindication.id)
    )
    if procedure_id is not None:
        of_it = Contraindication.procedure_id == procedure_id
        query = query.where(or_(of_it, Contraindication.procedure_id.is_(None)))
    if condition_id is not None:
        query = query.where(Contraindication.condition_id == condition_id)
    if item_id is not None:
        query = query.where(Contraindication.item_id == item_id)
    if active is not None:
        query = query.where(Contraindication.active.is_(active))
    return list(session.scalars(query))


def rules_against(
    session: Session, procedure_ids: Iterable[UUID], codes: Iterable[str]
) -> list[Contraindication]:
    """The rules in force for some condition codes in some procedures, with condition and item. One statement.

    A retired condition still counts for the visits that bear it.
    """
    of_them = Contraindication.procedure_id.in_(sorted(set(procedure_ids)))
    query = (
        select(Contraindication)
        .join(Condition, Condition.id == Contraindication.condition_id)
        .options(joinedload(Contraindication.condition), joinedload(Contraindication.item))
        .where(
            Condition.code.in_(sorted(set(codes))),
            Contraindication.active.is_(True),
            or_(of_them, Contraindication.procedure_id.is_(None)),
        )
        .order_by(Condition.code, Contraindication.step_position, Contraindication.id)
    )
    return list(session.scalars(query, execution_options={"populate_existing": True}))


def get_contraindication(session: Session, rule_id: UUID) -> Contraindication:
    """A rule with its condition and item. Raises NotFound."""
    rule = session.get(
        Contraindication,
        rule_id,
        options=[joinedload(Contraindication.condition), joinedload(Contraindication.item)],
        populate_existing=True,
    )
    if rule is None:
        raise NotFound("contraindication_not_found", lazy("There is no such safety rule."))
    return rule


def create_contraindication(
    session: Session,
    actor: Actor,
    *,
    condition_id: UUID,
    effect: Effect,
    advice_en: str,
    advice_vi: str,
    source: str,
    procedure_id: UUID | None = None,
    step_position: int | None = None,
    item_id: UUID | None = None,
    assumed: bool = False,
) -> Contraindication:
    """A condition against a procedure, one of its steps, or an ingredient there or everywhere.

    Raises Invalid naming the field: what is unknown, a step without its procedure, nothing to be against.
    """
    require(actor, Permission.CATALOG_MANAGE)
    condition = session.get(Condition, condition_id)
    if condition is None or condition.code == ALLERGY:
        raise Invalid("condition_unknown", lazy("Choose a condition of the list."), field="condition_id")
    facts = {
        "effect": effect,
        "advice_en": advice_en,
        "advice_vi": advice_vi,
        "source": source,
        "procedure_id": procedure_id,
        "step_position": step_position,
        "item_id": item_id,
        "assumed": assumed,
    }
    _check(session, facts)
    rule = Contraindication(id=new_id(), condition_id=condition_id, active=True, **facts)
    session.add(rule)
    session.flush()
    told = {name: [None, value] for name, value in facts.items() if value not in (None, False)}
    told = {"condition": [None, condition.code], **_coded(session, told)}
    _record(session, actor, "contraindication.create", rule.id, told)
    return get_contraindication(session, rule.id)


def update_contraindication(
    session: Session,
    actor: Actor,
    rule_id: UUID,
    *,
    version: int,
    effect: Effect,
    advice_en: str,
    advice_vi: str,
    source: str,
    procedure_id: UUID | None = None,
    step_position: int | None = None,
    item_id: UUID | None = None,
    assumed: bool = False,
    active: bool = True,
) -> Contraindication:
    """Change or retire a rule. It holds from now on, also for visits that are planned already.

    Consents and overrides were given to the wording that was read: changed, it must be settled anew. Raises
    Stale where somebody changed it meanwhile.
    """
    require(actor, Permission.CATALOG_MANAGE)
    locked = session.get(Contraindication, rule_id, with_for_update=True, populate_existing=True)
    if locked is not None and locked.version != version:
        raise Stale(
            "stale",
            lazy("Somebody changed this rule meanwhile. Look at it again, then repeat your change."),
            details={"version": locked.version},
        )
    rule = get_contraindication(session, rule_id)
    facts = {
        "effect": effect,
        "advice_en": advice_en,
        "advice_vi": advice_vi,
        "source": source,
        "procedure_id": procedure_id,
        "step_position": step_position,
        "item_id": item_id,
        "assumed": assumed,
        "active": active,
    }
    _check(session, facts)
    changes = {
        name: [getattr(rule, name), value] for name, value in facts.items() if getattr(rule, name) != value
    }
    for name, (_before, value) in changes.items():
        setattr(rule, name, value)
    session.flush()
    _record(session, actor, "contraindication.update", rule_id, _coded(session, changes))
    session.refresh(rule)
    return get_contraindication(session, rule_id)


def _check(session: Session, facts: dict[str, Any]) -> None:
    """That a rule is against something that exists and can do what it says. Raises Invalid."""
    procedure_id, item_id = facts["procedure_id"], facts["item_id"]
    if procedure_id is not None and session.get(Procedure, procedure_id) is None:
        raise Invalid("procedure_unknown", lazy("There is no such treatment."), field="procedure_id")
    if item_id is not None and session.get(Item, item_id) is None:
        raise Invalid("item_unknown", lazy("There is no such item."), field="item_id")
    if procedure_id is None and item_id is None:
        raise Invalid(
            "rule_against_nothing", lazy("Choose a treatment, an ingredient, or both."), field="item_id"
        )
    if item_id is None and facts["effect"] is Effect.SUBSTITUTE:
        raise Invalid(
            "substitute_for_nothing",
            lazy("Only an ingredient can be replaced. Choose which one."),
            field="item_id",
        )
    if procedure_id is None and facts["step_position"] is not None:
        raise Invalid(
            "step_of_nothing", lazy("A step belongs to a treatment. Choose which one."), field="procedure_id"
        )


def _coded(session: Session, changes: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The audit reads codes, not ids."""
    codes = {
        "procedure_id": lambda one: session.get_one(Procedure, one).code,
        "item_id": lambda one: session.get_one(Item, one).code,
    }
    return {
        name.removesuffix("_id") if name in codes else name: [
            codes[name](one) if name in codes and one else one for one in pair
        ]
        for name, pair in changes.items()
    }


def _record(
    session: Session, actor: Actor, action: str, rule_id: UUID, changes: dict[str, list[Any]]
) -> None:
    audit.record(session, actor, action=action, entity="contraindication", entity_id=rule_id, changes=changes)
