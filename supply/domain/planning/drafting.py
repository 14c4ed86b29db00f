"""From flags to requisitions: one per supplier, handed in by the plan and kept up to date by it.

The plan leaves alone what a person has edited, and never asks twice for an item that somebody asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from supply.domain.branches.models import Branch
from supply.domain.catalog.units import stock_amount
from supply.domain.planning.listing import open_flags
from supply.domain.planning.models import ReorderFlag
from supply.domain.purchasing import service as purchasing
from supply.domain.purchasing.flags import PENDING
from supply.domain.purchasing.models import Requisition
from supply.permissions import Actor


def draft_requisitions(session: Session, actor: Actor, branch: Branch) -> list[UUID]:
    """Ask for what is flagged and can be ordered today; returns the plan's requisitions that now wait.

    `actor` is the plan itself: whoever approves is never the one who asked.
    """
    pending = _pending(session, branch.id)
    own = {_supplier_of(one): one for one in pending if _is_plans(one, actor)}
    others = {line.item_id for one in pending if not _is_plans(one, actor) for line in one.lines}
    wanted = _wanted(session, branch.id, others)
    waiting = []
    for supplier_id, lines in wanted.items():
        if supplier_id in own:
            known = own.pop(supplier_id)
            if _differs(known, lines):
                purchasing.edit_requisition(session, actor, known.id, lines=lines, version=known.version)
            waiting.append(known.id)
            continue
        made = purchasing.raise_requisition(session, actor, branch_id=branch.id, lines=lines)
        purchasing.submit_requisition(session, actor, made.id)
        waiting.append(made.id)
    for known in own.values():
        purchasing.withdraw_requisition(session, actor, known.id)
    return waiting


def _pending(session: Session, branch_id: UUID) -> Sequence[Requisition]:
    query = (
        select(Requisition)
        .options(selectinload(Requisition.lines), selectinload(Requisition.editors))
        .where(Requisition.branch_id == branch_id, Requisition.status.in_(PENDING))
        .order_by(Requisition.id)
    )
    return session.scalars(query).all()


def _is_plans(requisition: Requisition, actor: Actor) -> bool:
    """Whether nobody but the plan has had a hand in it."""
    hands = {requisition.requested_by} | {editor.person_id for editor in requisition.editors}
    return hands == {actor.person_id}


def _supplier_of(requisition: Requisition) -> UUID | None:
    return requisition.lines[0].supplier_id if requisition.lines else None


def _wanted(session: Session, branch_id: UUID, asked: set[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """By supplier, the lines of flags that ask for something, today, and are not snoozed."""
    by_supplier: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for flag in open_flags(session, branch_id):
        if not flag.asks_on(flag.planned_on) or flag.item_id in asked:
            continue
        by_supplier[flag.supplier_id].append(line_of(flag))
    return by_supplier


def line_of(flag: ReorderFlag) -> dict[str, Any]:
    """The flag as a line to ask for, with the numbers that it was decided by."""
    amount, unit = stock_amount(flag.item, flag.wanted)
    return {
        "item_id": flag.item_id,
        "amount": amount,
        "unit": unit,
        "supplier_id": flag.supplier_id,
        "plan": flag.numbers,
    }


def _differs(requisition: Requisition, lines: Sequence[dict[str, Any]]) -> bool:
    kept = {line.item_id: stock_amount(line.item, line.quantity)[0] for line in requisition.lines}
    return kept != {line["item_id"]: line["amount"] for line in lines}
