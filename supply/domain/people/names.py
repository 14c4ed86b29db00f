"""Who somebody is, by name: for lists that hold ids alone. Tells nothing else about anybody."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.people.models import Person


def names_of(session: Session, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """The names of those of the ids that exist, also of people who have left. One statement."""
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    query = select(Person.id, Person.name).where(Person.id.in_(wanted))
    return {row.id: row.name for row in session.execute(query)}
