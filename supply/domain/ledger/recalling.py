"""What a recall names: lots of its item and number, of its supplier or where nobody knows of whom.

Says which lots of a branch that is, and which that only come now. Blocks nothing by itself (shelf does).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from supply.domain.ledger.facts import LotFacts
from supply.domain.ledger.models import Lot, LotKind
from supply.domain.ledger.recall_models import Recall, RecallBranch
from supply.domain.ledger.writer import Writer

RECALL = "recall"


def lots_named(
    session: Session,
    item_id: UUID,
    number: str,
    supplier_id: UUID | None,
    branch_ids: Collection[UUID] | None,
) -> Sequence[Lot]:
    """The lots in these branches (None: in all), the earliest first. Batches bear our own numbers."""
    query = select(Lot).where(
        Lot.item_id == item_id,
        same_number(Lot.number, number),
        Lot.kind != LotKind.PREPARED,
    )
    if branch_ids is not None:
        query = query.where(Lot.branch_id.in_(sorted(branch_ids)))
    if supplier_id is not None:
        query = query.where(or_(Lot.supplier_id.is_(None), Lot.supplier_id == supplier_id))
    return session.scalars(query.order_by(Lot.id)).all()


def same_number(column: Any, number: str) -> ColumnElement[bool]:
    """Branches type a number by hand: one in small letters is the same."""
    return or_(column == number, func.lower(column) == func.lower(number))


def held_back(writer: Writer, facts: Collection[LotFacts]) -> list[LotFacts]:
    """Those of the lots that come now which an open recall in the branch names. At most one statement."""
    if not writer.recalling:
        return []
    query = (
        select(Recall.item_id, Recall.number, Recall.supplier_id)
        .join(RecallBranch, RecallBranch.recall_id == Recall.id)
        .where(
            RecallBranch.branch_id == writer.branch_id,
            Recall.lifted_at.is_(None),
            Recall.item_id.in_(sorted({fact.item_id for fact in facts})),
        )
    )
    recalled = writer.session.execute(query).all()
    return [fact for fact in facts if any(_names(recall, fact) for recall in recalled)]


def any_recalled(writer: Writer, lots: Collection[Lot]) -> bool:
    """Whether what is brewed of these lots of the branch is recalled with them. At most one statement."""
    facts = [LotFacts(**{name: getattr(lot, name) for name in LotFacts.__slots__}) for lot in lots]
    return any(lot.quarantine_reason == RECALL for lot in lots) or bool(held_back(writer, facts))


def _names(recall: tuple[UUID, str, UUID | None], fact: LotFacts) -> bool:
    item_id, number, supplier_id = recall
    same = item_id == fact.item_id and number.casefold() == fact.number.casefold()
    same = same and fact.kind is not LotKind.PREPARED
    return same and (supplier_id == fact.supplier_id or None in (supplier_id, fact.supplier_id))
