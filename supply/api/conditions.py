"""Conditions and contraindications over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.cursors import sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.treatments import conditions, contraindications
from supply.domain.treatments.condition_schemas import (
    ChangeCondition,
    ChangeContraindication,
    ConditionOut,
    ContraindicationOut,
    CreateCondition,
    CreateContraindication,
    ListConditions,
    ListContraindications,
)
from supply.permissions import Actor, Permission

blp = ApiBlueprint("conditions", description="Conditions of guests, by code, and what they rule out.")
_SEE, _MANAGE = Permission.STOCK_SEE, Permission.CATALOG_MANAGE
_FEVER = {"name_en": "Fever", "name_vi": "Sốt", "source": "House rule"}
_CONDITION = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8d01"
_ITEM = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8c03"
_RULE = {
    "effect": "substitute",
    "advice_en": "Not with a fever.",
    "advice_vi": "Không dùng khi sốt.",
    "source": "House rule",
}


@blp.get(
    "/conditions",
    permission=_SEE,
    query=ListConditions,
    page_of=ConditionOut,
    summary="List conditions",
    description="The codes that a guest of a visit may bear, by code. An allergy is written with its "
    "ingredient: `allergy:` and the code of an item, such as `allergy:ginger`.",
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
    "/contraindications",
    permission=_SEE,
    query=ListContraindications,
    page_of=ContraindicationOut,
    summary="List safety rules",
    description="Which conditions speak against what: a treatment, one of its steps, an ingredient there, or "
    "an ingredient in every treatment (`procedure_id` null; listed with every procedure). The spa's own "
    "rules, each with its source, not medical advice.",
)
def list_contraindications(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    wanted = {name: query[name] for name in ("procedure_id", "condition_id", "item_id", "active")}
    rules = contraindications.list_contraindications(session, **wanted)
    return sliced(rules, query, lambda rule: (rule.condition.code, rule.id))


@blp.post(
    "/contraindications",
    permission=_MANAGE,
    body=CreateContraindication,
    out=ContraindicationOut,
    status=201,
    etag=True,
    summary="Add a safety rule",
    description="A condition against a procedure, one of its steps, an ingredient there, or an ingredient in "
    "every treatment. `substitute` needs an ingredient. It holds at once, also for visits that are planned.",
    example={"condition_id": _CONDITION, "item_id": _ITEM, **_RULE},
)
def create_contraindication(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    return contraindications.create_contraindication(session, actor, **data)


@blp.get(
    "/contraindications/<uuid:rule_id>",
    permission=_SEE,
    out=ContraindicationOut,
    etag=True,
    summary="Get a safety rule",
    description="What it is against, what it does, and its source; the version to change it by.",
)
def get_contraindication(session: Session, actor: Actor, rule_id: UUID) -> Any:
    return contraindications.get_contraindication(session, rule_id)


@blp.put(
    "/contraindications/<uuid:rule_id>",
    permission=_MANAGE,
    body=ChangeContraindication,
    out=ContraindicationOut,
    etag=True,
    versioned=True,
    summary="Change or retire a safety rule",
    description="Retired (`active` false) it stays on record. Changed, it must be consented to anew.",
    example={"item_id": _ITEM, **_RULE, "active": True},
)
def update_contraindication(
    session: Session, actor: Actor, data: dict[str, Any], rule_id: UUID, version: int
) -> Any:
    return contraindications.update_contraindication(session, actor, rule_id, version=version, **data)
