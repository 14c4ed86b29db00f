"""Where a stocktake stands: finding it, taking part in it, taking it up to change it, how far it is.

Who counts shares it with the others and holds up nobody; who closes, hands in or decides has it alone, under
the branch's ledger lock.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from supply.alphabet import person_key
from supply.domain.audit import service as audit
from supply.domain.branches.models import Location
from supply.domain.ledger import service as ledger
from supply.domain.people.models import Person
from supply.domain.stocktake.models import (
    OPEN_STATUSES,
    Stocktake,
    StocktakeHand,
    StocktakeItem,
    StocktakeLine,
    StocktakeStatus,
)
from supply.errors import Conflict, NotFound, Stale
from supply.i18n import Text, lazy
from supply.permissions import Actor, Permission, require
from supply.writing import write_later

_NOT_NOW: dict[StocktakeStatus, tuple[str, Text]] = {
    StocktakeStatus.COUNTING: ("still_counting", lazy("The count is still going on. Close it first.")),
    StocktakeStatus.REVIEW: ("in_review", lazy("The count is closed: its differences are being looked at.")),
    StocktakeStatus.SUBMITTED: ("awaiting_approval", lazy("This stocktake waits for a manager's approval.")),
    StocktakeStatus.POSTED: ("already_posted", lazy("This stocktake is posted already.")),
    StocktakeStatus.CANCELLED: ("cancelled", lazy("This stocktake was cancelled.")),
}


@dataclass(frozen=True, slots=True)
class Shelf:
    """How far one location is: lines in all, and those of which nobody has said anything yet."""

    location: Location
    lines: int
    waiting: int


def get_stocktake(session: Session, actor: Actor, stocktake_id: UUID) -> Stocktake:
    """A stocktake of one of the person's branches. Raises NotFound."""
    stocktake = session.get(Stocktake, stocktake_id)
    if stocktake is None or not actor.belongs_to(stocktake.branch_id):
        raise not_found()
    require(actor, Permission.STOCK_SEE, stocktake.branch_id)
    return stocktake


def list_stocktakes(
    session: Session,
    actor: Actor,
    branch_id: UUID,
    *,
    statuses: Collection[StocktakeStatus] = (),
    limit: int = 50,
    before: UUID | None = None,
) -> Sequence[Any]:
    """Newest first: (Stocktake, who opened it, lines, lines that wait)."""
    require(actor, Permission.STOCK_SEE, branch_id)
    query = select(Stocktake.id).where(Stocktake.branch_id == branch_id)
    if statuses:
        query = query.where(Stocktake.status.in_(statuses))
    if before is not None:
        query = query.where(Stocktake.id < before)
    page = query.order_by(Stocktake.id.desc()).limit(limit).subquery()
    lines = (
        select(StocktakeLine.stocktake_id, func.count().label("lines"), _WAITING.label("waiting"))
        .where(StocktakeLine.stocktake_id.in_(select(page.c.id)))
        .group_by(StocktakeLine.stocktake_id)
        .subquery()
    )
    told = (
        select(
            Stocktake,
            Person.name.label("opened_by_name"),
            func.coalesce(lines.c.lines, 0).label("lines"),
            func.coalesce(lines.c.waiting, 0).label("waiting"),
        )
        .join(page, page.c.id == Stocktake.id)
        .join(Person, Person.id == Stocktake.opened_by)
        .outerjoin(lines, lines.c.stocktake_id == Stocktake.id)
    )
    return session.execute(told.order_by(Stocktake.id.desc())).all()


_WAITING = func.sum(case((StocktakeLine.counted.is_(None) & StocktakeLine.skipped_at.is_(None), 1), else_=0))


def shelves_of(session: Session, stocktake: Stocktake) -> list[Shelf]:
    """How far each location is, in the order in which they are walked."""
    query = (
        select(Location, func.count(), _WAITING)
        .join(StocktakeLine, StocktakeLine.location_id == Location.id)
        .where(StocktakeLine.stocktake_id == stocktake.id)
        .group_by(Location.id)
        .order_by(Location.position, Location.name)
    )
    return [Shelf(location, lines, int(waiting)) for location, lines, waiting in session.execute(query)]


def hands_of(session: Session, stocktake: Stocktake) -> dict[UUID, str]:
    """Who had a hand in it, by id: none of them approves it."""
    query = select(Person.id, Person.name).join(StocktakeHand, StocktakeHand.person_id == Person.id)
    rows = session.execute(query.where(StocktakeHand.stocktake_id == stocktake.id))
    return {person_id: name for person_id, name in sorted(rows, key=lambda row: person_key(row.name))}


def reasons_of(session: Session, stocktake: Stocktake) -> dict[UUID, list[Any]]:
    """By item, why it is counted: [code, figure] each."""
    query = select(StocktakeItem.item_id, StocktakeItem.reasons)
    rows = session.execute(query.where(StocktakeItem.stocktake_id == stocktake.id))
    return {item_id: reasons for item_id, reasons in rows}


def items_counted(session: Session, branch_id: UUID) -> set[UUID]:
    """The items that an open stocktake of the branch counts. For whoever has been let through."""
    query = (
        select(StocktakeItem.item_id)
        .join(Stocktake, Stocktake.id == StocktakeItem.stocktake_id)
        .where(Stocktake.branch_id == branch_id, Stocktake.status.in_(OPEN_STATUSES))
    )
    return set(session.scalars(query))


def note_hand(session: Session, actor: Actor, stocktake: Stocktake) -> None:
    """Remember that this person had a hand in it."""
    row = {"stocktake_id": stocktake.id, "person_id": actor.person_id}
    write_later(session, StocktakeHand, [row], key=("stocktake_id", "person_id"), replace=("person_id",))


def take_part(session: Session, actor: Actor, stocktake_id: UUID) -> Stocktake:
    """The stocktake while it is counted, shared: it cannot be closed until this transaction ends.

    Raises NotFound, Forbidden, Conflict named by its status.
    """
    query = select(Stocktake).where(Stocktake.id == stocktake_id).with_for_update(read=True)
    stocktake = session.scalar(query.execution_options(populate_existing=True))
    if stocktake is None or not actor.belongs_to(stocktake.branch_id):
        raise not_found()
    require(actor, Permission.COUNT_LOG, stocktake.branch_id)
    require_status(stocktake, StocktakeStatus.COUNTING)
    return stocktake


def take_up(
    session: Session,
    actor: Actor,
    stocktake_id: UUID,
    permission: Permission,
    version: int,
    *statuses: StocktakeStatus,
) -> tuple[ledger.Writer, Stocktake]:
    """The stocktake alone, as its branch's writer, if it is in one of the statuses and was not changed since.

    Raises NotFound, Forbidden, Conflict named by its status, Stale.
    """
    writer = write_in_branch(session, actor, stocktake_id, permission)
    query = select(Stocktake).where(Stocktake.id == stocktake_id).with_for_update()
    stocktake = session.scalars(query.execution_options(populate_existing=True)).one()
    require_status(stocktake, *statuses)
    if stocktake.version != version:
        raise Stale("stale", lazy("Somebody changed this meanwhile. Look at it again before you save."))
    return writer, stocktake


def write_in_branch(
    session: Session, actor: Actor, stocktake_id: UUID, permission: Permission
) -> ledger.Writer:
    """Become the writer of a stocktake's branch: that lock comes before any other.

    Raises NotFound, Forbidden.
    """
    branch_id = session.scalar(select(Stocktake.branch_id).where(Stocktake.id == stocktake_id))
    if branch_id is None or not actor.belongs_to(branch_id):
        raise not_found()
    require(actor, permission, branch_id)
    return ledger.lock(session, actor, branch_id)


def require_status(stocktake: Stocktake, *statuses: StocktakeStatus) -> None:
    if stocktake.status not in statuses:
        raise Conflict(*_NOT_NOW[stocktake.status], details={"status": stocktake.status.value})


def note_status(
    session: Session,
    actor: Actor,
    stocktake: Stocktake,
    action: str,
    before: StocktakeStatus | None,
    reason: str | None = None,
) -> None:
    """Write down in the audit how its status changed."""
    audit.record(
        session,
        actor,
        action=action,
        entity="stocktake",
        entity_id=stocktake.id,
        branch_id=stocktake.branch_id,
        changes={"status": [before and before.value, stocktake.status.value]},
        reason=reason,
    )


def not_found() -> NotFound:
    return NotFound("stocktake_not_found", lazy("There is no such stocktake."))
