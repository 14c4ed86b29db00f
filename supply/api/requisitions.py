"""Requisitions over the API: raised, edited, submitted, withdrawn, decided."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.planning import requesting
from supply.domain.purchasing import deciding, rules
from supply.domain.purchasing import service as purchasing
from supply.domain.purchasing.models import Requisition
from supply.domain.purchasing.rule_schemas import BuyingRulesOut, GetBuyingRules, SetBuyingRules
from supply.domain.purchasing.schemas import (
    ApprovedOut,
    ApproveRequisitions,
    EditRequisition,
    ListRequisitions,
    RaiseRequisition,
    RejectRequisition,
    RequisitionOut,
)
from supply.permissions import Actor, Permission, require

blp = ApiBlueprint("requisitions", description="Requisitions: what is asked for, and who decided on it.")

_LINE = {
    "item_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8c03",
    "amount": "3",
    "unit": "carton",
}


@blp.get(
    "/requisitions",
    permission=Permission.STOCK_SEE,
    query=ListRequisitions,
    page_of=RequisitionOut,
    summary="List requisitions",
    description="Newest first; of one status, if it is named.",
)
def list_requisitions(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[Requisition], tuple[str] | None]:
    limit, after = query["limit"], query["cursor"]
    rows = purchasing.list_requisitions(
        session,
        actor,
        query["branch_id"],
        statuses=[query["status"]] if query["status"] else (),
        limit=limit + 1,
        after=UUID(after[0]) if after else None,
    )
    return rows[:limit], (str(rows[limit - 1].id),) if len(rows) > limit else None


@blp.get(
    "/requisitions/<uuid:requisition_id>",
    permission=Permission.STOCK_SEE,
    out=RequisitionOut,
    etag=True,
    summary="Get a requisition",
    description="With its lines, the arithmetic behind each, and the purchase orders that it became.",
)
def get_requisition(session: Session, actor: Actor, requisition_id: UUID) -> Requisition:
    return purchasing.get_requisition(session, actor, requisition_id)


@blp.post(
    "/requisitions",
    permission=Permission.REQUISITION_REQUEST,
    body=RaiseRequisition,
    out=RequisitionOut,
    status=201,
    etag=True,
    summary="Raise a requisition",
    description="A draft of the lines named, and with `from_flags` of every flag that is due and that nobody "
    "has asked for yet. A line without an amount takes what its flag wants, else the suggestion; without a "
    "supplier the flag's, else the preferred one.",
    example={"branch_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01", "lines": [_LINE]},
)
def raise_requisition(session: Session, actor: Actor, data: dict[str, Any]) -> Requisition:
    return requesting.raise_requisition(session, actor, **data)


@blp.patch(
    "/requisitions/<uuid:requisition_id>",
    permission=Permission.REQUISITION_REQUEST,
    body=EditRequisition,
    out=RequisitionOut,
    versioned=True,
    etag=True,
    summary="Edit a requisition",
    description="Replaces the lines, until it is decided. Whoever edits counts as requester from then on and "
    "cannot decide.",
    example={"lines": [_LINE]},
    conflicts=("already_decided", "withdrawn"),
)
def edit_requisition(
    session: Session, actor: Actor, data: dict[str, Any], requisition_id: UUID, version: int
) -> Requisition:
    return purchasing.edit_requisition(session, actor, requisition_id, version=version, **data)


@blp.post(
    "/requisitions/<uuid:requisition_id>/submission",
    permission=Permission.REQUISITION_REQUEST,
    out=RequisitionOut,
    status=200,
    etag=True,
    summary="Submit a requisition",
    description="Hands a draft to the managers.",
    conflicts=("already_submitted", "already_decided", "withdrawn"),
)
def submit_requisition(session: Session, actor: Actor, requisition_id: UUID) -> Requisition:
    return purchasing.submit_requisition(session, actor, requisition_id)


@blp.post(
    "/requisitions/<uuid:requisition_id>/withdrawal",
    permission=Permission.REQUISITION_REQUEST,
    out=RequisitionOut,
    status=200,
    etag=True,
    summary="Withdraw a requisition",
    description="Takes it back before anybody decides; for who raised or edited it (403 `not_requester`).",
    conflicts=("already_decided", "withdrawn"),
)
def withdraw_requisition(session: Session, actor: Actor, requisition_id: UUID) -> Requisition:
    return purchasing.withdraw_requisition(session, actor, requisition_id)


@blp.post(
    "/requisitions/<uuid:requisition_id>/approval",
    permission=Permission.REQUISITION_DECIDE,
    out=RequisitionOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Approve a requisition",
    description="Becomes one purchase order per supplier at the terms of now; what is open of them counts as "
    "on order. If-Match is what you looked at. Nobody approves what they raised or edited (403 "
    "`own_request`). Every line needs a supplier (422 `supplier_missing`). Above the branch's "
    "amount it goes on waiting for a second person: `approvals` says who approved.",
    conflicts=("already_decided", "approved_by_you", "not_submitted", "withdrawn"),
)
def approve_requisition(session: Session, actor: Actor, requisition_id: UUID, version: int) -> Requisition:
    return deciding.approve_requisition(session, actor, requisition_id, version=version)


@blp.post(
    "/requisitions/approvals",
    permission=Permission.REQUISITION_DECIDE,
    body=ApproveRequisitions,
    out=ApprovedOut,
    status=200,
    summary="Approve several requisitions",
    description="Of one branch, each in the `version` that you looked at: all of them or none.",
    example={"requisitions": [{"id": "01890a5d-ac96-774b-bcce-b302099a8057", "version": 2}]},
    conflicts=("already_decided", "approved_by_you", "not_submitted", "withdrawn"),
)
def approve_requisitions(session: Session, actor: Actor, data: dict[str, Any]) -> dict[str, Any]:
    wanted = [(one["id"], one["version"]) for one in data["requisitions"]]
    return {"requisitions": deciding.approve_requisitions(session, actor, wanted)}


@blp.post(
    "/requisitions/<uuid:requisition_id>/rejection",
    permission=Permission.REQUISITION_DECIDE,
    body=RejectRequisition,
    out=RequisitionOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Reject a requisition",
    description="Says no, and why. Nobody rejects what they raised or edited (403 `own_request`).",
    example={"reason": "The other branch has enough."},
    conflicts=("already_decided", "not_submitted", "withdrawn"),
)
def reject_requisition(
    session: Session, actor: Actor, data: dict[str, Any], requisition_id: UUID, version: int
) -> Requisition:
    return deciding.reject_requisition(session, actor, requisition_id, version=version, **data)


@blp.get(
    "/buying-rules",
    permission=Permission.STOCK_SEE,
    query=GetBuyingRules,
    out=BuyingRulesOut,
    etag=True,
    summary="Get a branch's rules of buying",
    description="What a blocked step costs, and above which amount two people approve.",
)
def get_buying_rules(session: Session, actor: Actor, query: dict[str, Any]) -> rules.Rules:
    require(actor, Permission.STOCK_SEE, query["branch_id"])
    return rules.get_rules(session, query["branch_id"])


@blp.put(
    "/buying-rules",
    permission=Permission.CATALOG_MANAGE,
    body=SetBuyingRules,
    out=BuyingRulesOut,
    etag=True,
    versioned=True,
    summary="Set a branch's rules of buying",
    description="`second_approval_minor` null: one person is always enough.",
    example={
        "branch_id": "01890a5d-ac96-774b-bcce-b302099a8057",
        "blocked_step_minor": 200000,
        "second_approval_minor": 5000000,
    },
)
def set_buying_rules(session: Session, actor: Actor, data: dict[str, Any], version: int) -> rules.Rules:
    return rules.set_rules(session, actor, data.pop("branch_id"), version=version, **data)
