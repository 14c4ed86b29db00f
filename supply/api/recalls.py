"""Recalls over the API: what is recalled, everything that it concerns, blocking it everywhere, lifting it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply import recalling
from supply.api.cursors import leafed, paired, sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.ledger.recall_models import Recall
from supply.domain.ledger.schemas import BranchQuery
from supply.domain.recalls import service as recalls
from supply.domain.recalls import sheet
from supply.domain.recalls.schemas import (
    LiftRecall,
    ListRecalls,
    OpenRecall,
    RecallOut,
    RecallSheetOut,
    recall_view,
    sheet_view,
)
from supply.domain.reports.schemas import StepUseOut, step_view
from supply.permissions import Actor, Permission

blp = ApiBlueprint(
    "recalls",
    description="A supplier's lot number blocked in one action in all of your branches, also where it comes "
    "later or is on the way, and everything that became of it.",
)
_DECIDE, _SEE = Permission.RECALL_DECIDE, Permission.STOCK_SEE
_ID = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"


@blp.get(
    "/recalls",
    permission=_SEE,
    query=ListRecalls,
    page_of=RecallOut,
    summary="List recalls",
    description="Those that hold or held in a branch: open ones first, then the newest.",
)
def list_recalls(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    found = recalls.list_recalls(session, actor, query["branch_id"])
    rows, more = sliced(found, query, lambda recall: (_place(recall), recall.id))
    return [recall_view(recall, actor) for recall in rows], more


def _place(recall: Recall) -> str:
    """Open ones first, then the newest."""
    return f"{int(recall.lifted_at is not None)}{2**40 - int(recall.opened_at.timestamp()):015}"


@blp.post(
    "/recalls",
    permission=_DECIDE,
    body=OpenRecall,
    out=RecallOut,
    status=201,
    summary="Recall a lot number everywhere",
    description="Every lot of the item with this number, of the same supplier or where the supplier is not "
    "known, is quarantined in all branches that you manage, with the batches that were brewed from it. What "
    "comes later under the number is quarantined when it comes. Branches follow one after the other, before "
    "the answer; `settled_at` says which have.",
    example={"branch_id": _ID, "lot_id": _ID, "reason": "Supplier's notice of 22 November"},
    conflicts=("own_batch", "already_recalled"),
)
def open_recall(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    recall = recalls.open_recall(session, actor, **data)
    recalling.settle_soon()
    return recall_view(recall, actor)


@blp.get(
    "/recalls/<uuid:recall_id>",
    permission=_SEE,
    out=RecallOut,
    summary="Get a recall",
    description="Why and since when, and which of your branches have followed.",
)
def get_recall(session: Session, actor: Actor, recall_id: UUID) -> Any:
    return recall_view(recalls.get_recall(session, actor, recall_id), actor)


@blp.post(
    "/recalls/<uuid:recall_id>/lifting",
    permission=_DECIDE,
    body=LiftRecall,
    out=RecallOut,
    status=201,
    summary="Lift a recall",
    description="What it blocked and no other recall does may be used again. Takes the right in every branch "
    "that it holds in.",
    example={"reason": "The analysis came back clean"},
    conflicts=("recall_lifted",),
)
def lift_recall(session: Session, actor: Actor, data: dict[str, Any], recall_id: UUID) -> Any:
    recall = recalls.lift_recall(session, actor, recall_id, **data)
    recalling.settle_soon()
    return recall_view(recall, actor)


@blp.get(
    "/recalls/<uuid:recall_id>/sheet",
    permission=_SEE,
    out=RecallSheetOut,
    summary="Get everything that a recall concerns",
    description="Lots with what came, was used and stands, batches, how many visits and steps and the last "
    "hundred of them, transfers, what is on the way. Of branches that are not yours the numbers alone.",
)
def get_recall_sheet(session: Session, actor: Actor, recall_id: UUID) -> Any:
    recall = recalls.get_recall(session, actor, recall_id)
    return sheet_view(sheet.sheet_of(session, actor, recall))


@blp.get(
    "/recalls/<uuid:recall_id>/steps",
    permission=_SEE,
    page_of=StepUseOut,
    summary="List the steps that a recall concerns",
    description="Every completed step of your branches that used of the number or of what was brewed from "
    "it, the last recorded first.",
)
def list_recall_steps(session: Session, actor: Actor, query: dict[str, Any], recall_id: UUID) -> Any:
    recall, limit = recalls.get_recall(session, actor, recall_id), query["limit"]
    found = sheet.steps_of(session, actor, recall, limit=limit + 1, before=paired(query["cursor"]))
    rows, more = leafed(found, limit, lambda step: (str(step.completion_id), step.lot_id))
    return [step_view(step) for step in rows], more


@blp.get(
    "/lots/<uuid:lot_id>/recall-sheet",
    permission=_SEE,
    query=BranchQuery,
    out=RecallSheetOut,
    summary="Get what a recall of a lot would concern",
    description="The same sheet for the number of a lot, before anything is blocked.",
)
def get_lot_recall_sheet(session: Session, actor: Actor, query: dict[str, Any], lot_id: UUID) -> Any:
    return sheet_view(sheet.sheet_of_lot(session, actor, query["branch_id"], lot_id))
