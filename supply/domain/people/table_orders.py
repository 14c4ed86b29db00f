"""In which order a person last read each table of the pages, and by which filters: kept on every device."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from supply.domain.people.models import TableOrder
from supply.permissions import Actor


def kept_choice(session: Session, person_id: UUID, table: str) -> tuple[str, str]:
    """Order and filters as they were told ("-expected", "q=gung"); empty where there was none."""
    query = select(TableOrder.told, TableOrder.filters).where(
        TableOrder.person_id == person_id, TableOrder.table_name == table
    )
    kept = session.execute(query).first()
    return (kept.told, kept.filters) if kept else ("", "")


def keep_choice(session: Session, actor: Actor, table: str, told: str, filters: str) -> None:
    """What is empty stays as it was. Whoever chooses on two devices at once keeps one of the two."""
    kept = session.get(TableOrder, (actor.person_id, table))
    if kept is not None:
        kept.told, kept.filters = told or kept.told, filters or kept.filters
        return
    row = TableOrder(person_id=actor.person_id, table_name=table, told=told, filters=filters)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return
