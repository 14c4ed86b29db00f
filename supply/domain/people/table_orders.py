"""In which order a person last read each table of the pages: kept for the next time, on every device."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from supply.domain.people.models import TableOrder
from supply.permissions import Actor


def kept_order(session: Session, person_id: UUID, table: str) -> str:
    """As it was told ("-expected"); empty where the table was never sorted."""
    query = select(TableOrder.told).where(TableOrder.person_id == person_id, TableOrder.table_name == table)
    return session.scalar(query) or ""


def keep_order(session: Session, actor: Actor, table: str, told: str) -> None:
    """Whoever sorts on two devices at once keeps one of the two."""
    kept = session.get(TableOrder, (actor.person_id, table))
    if kept is not None:
        kept.told = told
        return
    try:
        with session.begin_nested():
            session.add(TableOrder(person_id=actor.person_id, table_name=table, told=told))
    except IntegrityError:
        return
