"""A person asks for what is flagged: lines that name no amount take what the plan's flag wants of the item.

The numbers of the flag go with the line, so that what was decided on stays readable on the requisition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches.service import get_branch
from supply.domain.planning.drafting import line_of
from supply.domain.planning.listing import open_flags
from supply.domain.planning.models import ReorderFlag
from supply.domain.purchasing import service as purchasing
from supply.domain.purchasing.flags import asked_of
from supply.domain.purchasing.models import Requisition
from supply.permissions import Actor, Permission, require


def raise_requisition(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    lines: Sequence[Mapping[str, Any]] = (),
    from_flags: bool = False,
) -> Requisition:
    """As purchasing.raise_requisition, with the plan's flags beside those of levels set by hand."""
    require(actor, Permission.REQUISITION_REQUEST, branch_id)
    flags = {flag.item_id: flag for flag in open_flags(session, branch_id)}
    asking = [_filled(line, flags.get(line["item_id"])) for line in lines]
    if from_flags:
        named = {line["item_id"] for line in lines}
        asking += _due(
            session, actor, branch_id, [flag for flag in flags.values() if flag.item_id not in named]
        )
    return purchasing.raise_requisition(
        session, actor, branch_id=branch_id, lines=asking, from_flags=from_flags
    )


def _filled(line: Mapping[str, Any], flag: ReorderFlag | None) -> Mapping[str, Any]:
    """The line with what it does not say and the flag does."""
    if flag is None:
        return line
    told = line_of(flag)
    if line.get("amount") is not None:
        return {**line, "plan": told["plan"]}
    if flag.wanted == 0:
        return line
    said = {name: value for name, value in line.items() if value is not None}
    return {**told, **said}


def _due(
    session: Session, actor: Actor, branch_id: UUID, flags: Sequence[ReorderFlag]
) -> list[Mapping[str, Any]]:
    """Of the flags those to order today that nobody has asked for."""
    today = clock.today(get_branch(session, actor, branch_id).timezone)
    asked = asked_of(session, branch_id, [flag.item_id for flag in flags])
    return [line_of(flag) for flag in flags if flag.asks_on(today) and flag.item_id not in asked]
