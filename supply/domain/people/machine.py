"""The plan as a person of the books: it asks, so that somebody else can approve. It cannot sign in."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.people.models import Person
from supply.permissions import Actor, Role

LOGIN = "nightly-plan"
# No hash of any password: nothing that is typed can match it.
_NO_PASSWORD = "!"  # noqa: S105


def planner(session: Session, branch_id: UUID) -> Actor:
    """The plan at work in one branch, with a storekeeper's right to ask and no other."""
    person = session.scalar(select(Person).where(Person.login == LOGIN))
    if person is None:
        person = Person(
            id=new_id(),
            login=LOGIN,
            name="Supply",
            password_hash=_NO_PASSWORD,
            active=False,
            created_at=clock.now(),
        )
        session.add(person)
        session.flush()
        told = {"login": [None, LOGIN], "name": [None, person.name]}
        audit.record(
            session, None, action="person.create", entity="person", entity_id=person.id, changes=told
        )
    return Actor(person.id, person.name, frozenset({(Role.STOREROOM, branch_id)}))
