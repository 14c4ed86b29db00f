"""Conditions and contraindications over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.cursors import sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.treatments import conditions, service
from supply.domain.treatments.schemas import (
    ChangeCondition,
    ChangeContraindication,
    ConditionOut,
    ContraindicationOut,
    CreateCondition,
    CreateContraindication,
    ListConditions,
)
from supply.permissions import Actor, Permission

blp = ApiBlueprint("conditions", description="Conditions of guests, by code, and what they rule out.")
_SEE, _MANAGE = Permission.STOCK_SEE, Permission.CATALOG_MANAGE
_FEVER = {"name_en": "Fever", "name_vi": "Sốt", "source": "House rule"}
_RULE = {"effect": "warn", "advice_en": "Wait until it is over.", "advice_vi": "Chờ đến khi khỏi."}


@blp.get(
    "/conditions",
    permission=_SEE,
    query=ListConditions,
    page_of=ConditionOut,
    summary="List conditions",
    description="The codes that a guest of a visit may bear, by code.",
)
def list_conditions(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    rows = conditions.list_conditions(session, active=query["active"])
    return sliced(rows, query, lambda row: (row.code, row.id))


@blp.post(
    "/conditions",
    permission=_MANAGE,
    body=CreateCondition,
    out=ConditionOut,
    status=201,
    summary="Add a condition",
    description="With the source of its rule, which is shown beside it.",
    example={"code": "fever", **_FEVER},
    conflicts=("code_taken",),
)
def create_condition(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    return conditions.create_condition(session, actor, **data)


@blp.put(
    "/conditions/<uuid:condition_id>",
    permission=_MANAGE,
    body=ChangeCondition,
    out=ConditionOut,
    summary="Change a condition",
    description="Reword it or retire it; visits that bear its code keep it.",
    example={**_FEVER, "active": True},
)
def update_condition(session: Session, actor: Actor, data: dict[str, Any], condition_id: UUID) -> Any:
    return conditions.update_condition(session, actor, condition_id, **data)


@blp.get(
    "/procedures/<uuid:procedure_id>/contraindications",
    permission=_SEE,
    page_of=ContraindicationOut,
    summary="List contraindications",
    description="Which conditions speak against a procedure. Without step_position: against every step.",
)
def list_contraindications(session: Session, actor: Actor, query: dict[str, Any], procedure_id: UUID) -> Any:
    service.get_procedure(session, procedure_id)
    rules = [rule for rule, _condition in conditions.list_contraindications(session, procedure_id)]
    return sliced(rules, query, lambda rule: (str(rule.condition_id), rule.id))


@blp.post(
    "/procedures/<uuid:procedure_id>/contraindications",
    permission=_MANAGE,
    body=CreateContraindication,
    out=ContraindicationOut,
    status=201,
    summary="Add a contraindication",
    description="A condition against a procedure, or against one of its steps.",
    example={"condition_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8d01", "step_position": 4, **_RULE},
)
def create_contraindication(session: Session, actor: Actor, data: dict[str, Any], procedure_id: UUID) -> Any:
    return conditions.create_contraindication(session, actor, procedure_id, **data)


@blp.put(
    "/procedures/<uuid:procedure_id>/contraindications/<uuid:rule_id>",
    permission=_MANAGE,
    body=ChangeContraindication,
    out=ContraindicationOut,
    summary="Change a contraindication",
    description="Its step, effect and advice.",
    example=_RULE,
)
def update_contraindication(
    session: Session, actor: Actor, data: dict[str, Any], procedure_id: UUID, rule_id: UUID
) -> Any:
    return conditions.update_contraindication(session, actor, procedure_id, rule_id, **data)


@blp.delete(
    "/procedures/<uuid:procedure_id>/contraindications/<uuid:rule_id>",
    permission=_MANAGE,
    summary="Remove a contraindication",
    description="The audit keeps what it said.",
)
def remove_contraindication(session: Session, actor: Actor, procedure_id: UUID, rule_id: UUID) -> None:
    conditions.remove_contraindication(session, actor, procedure_id, rule_id)
