"""Between looking at a shelf and saving what was found: what moved meanwhile was seen, or it was not.

Nobody but who counted knows, so it is asked; a count that is told with its time has answered already.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.catalog.models import Item
from supply.domain.catalog.schemas import quantity_told
from supply.domain.ledger.instants import moves_after
from supply.errors import Conflict
from supply.i18n import lazy


def require_still(
    session: Session,
    branch_id: UUID,
    item: Item,
    looked_at: datetime | None,
    *which: ColumnElement[bool],
    noted_at: datetime | None = None,
) -> None:
    """Nothing of this moved since somebody began to look at it, until they wrote it down (`noted_at`) or now.

    Raises Conflict("moved_meanwhile") with the moves, as they happened.
    """
    if looked_at is None or looked_at >= clock.now():
        return
    moves = moves_after(session, branch_id, looked_at, *which)
    moves = [move for move in moves if noted_at is None or move.happened_at <= noted_at]
    if moves:
        raise Conflict(
            "moved_meanwhile",
            lazy("Something was taken or put here while you counted. Say when you counted."),
            details={
                "moves": [
                    {"happened_at": move.happened_at.isoformat(), **quantity_told(move.quantity, item)}
                    for move in moves
                ],
                **({"noted_at": noted_at.isoformat()} if noted_at else {}),
            },
        )
