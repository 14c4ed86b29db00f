"""The people of the tests: a main branch with its staff, and another branch with somebody in it.

Rows are written directly, so that a test of signing in does not depend on signing in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches.models import Branch, Location, Room, RoomType
from supply.domain.ledger import service as ledger
from supply.domain.people.models import Person, RoleGrant
from supply.permissions import Actor, Role

PASSWORD = "a long enough password"
PIN = "271828"


@dataclass(frozen=True, slots=True)
class Cast:
    """Ids and actors, no rows: they stay valid in every session and thread."""

    branch_id: UUID
    location_id: UUID
    room_id: UUID
    other_branch_id: UUID
    other_location_id: UUID
    storekeeper: Actor
    therapist: Actor
    manager: Actor
    second_manager: Actor
    admin: Actor
    outsider: Actor  # holds every role in the other branch but admin

    def login_of(self, actor: Actor) -> str:
        """What this person types to sign in, with PASSWORD."""
        return actor.name


def assemble(session: Session) -> Cast:
    """Write the two branches and their people, and commit."""
    main, main_shelf = _branch(session, "MAIN", "Main branch")
    other, other_shelf = _branch(session, "OTHER", "Other branch")
    room = Room(
        branch_id=main, name="Lotus", room_type=RoomType.DOUBLE, max_guests=2, tubs=1, seats_per_tub=2
    )
    session.add(room)
    session.flush()
    cast = Cast(
        branch_id=main,
        location_id=main_shelf,
        room_id=room.id,
        other_branch_id=other,
        other_location_id=other_shelf,
        storekeeper=_person(session, "storekeeper", (Role.STOREROOM, main)),
        therapist=_person(session, "therapist", (Role.THERAPIST, main)),
        manager=_person(session, "manager", (Role.MANAGER, main)),
        second_manager=_person(session, "second-manager", (Role.MANAGER, main)),
        admin=_person(session, "admin", (Role.ADMIN, None)),
        outsider=_person(
            session, "outsider", *((role, other) for role in (Role.STOREROOM, Role.THERAPIST, Role.MANAGER))
        ),
    )
    session.commit()
    return cast


def _branch(session: Session, code: str, name: str) -> tuple[UUID, UUID]:
    branch = Branch(code=code, name=name)
    session.add(branch)
    session.flush()
    shelf = Location(branch_id=branch.id, name="Storeroom", position=0)
    session.add(shelf)
    ledger.open_ledger(session, branch.id)
    return branch.id, shelf.id


def _person(session: Session, login: str, *grants: tuple[Role, UUID | None]) -> Actor:
    person = Person(
        login=login,
        name=login,
        language="en",
        password_hash=_hash(PASSWORD),
        pin_hash=_hash(PIN),
        created_at=clock.now(),
        grants=[RoleGrant(role=role, branch_id=branch_id) for role, branch_id in grants],
    )
    session.add(person)
    session.flush()
    return Actor(person_id=person.id, name=login, grants=frozenset(grants))


@cache
def _hash(secret: str) -> str:
    """Cheap on purpose: hashing well is tested where people sign in."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(secret)
