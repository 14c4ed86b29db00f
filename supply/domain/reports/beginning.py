"""How far an installation has come on its first day, read from what is there: nothing of it is stored."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, select
from sqlalchemy.orm import Session

from supply.domain.branches.models import Room
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Movement
from supply.domain.people.models import Person, RoleGrant
from supply.domain.treatments.models import RecipeVersion
from supply.domain.visits.models import Visit
from supply.permissions import Actor, Permission, Role

LEADING = (Permission.BRANCH_MANAGE, Permission.CATALOG_MANAGE)


@dataclass(frozen=True, slots=True)
class Beginning:
    """Which of the first steps are done, in their order."""

    branch: bool
    rooms: bool
    manager: bool
    catalogue: bool
    stock: bool
    visit: bool

    @property
    def done(self) -> int:
        return sum(astuple(self))

    @property
    def whole(self) -> bool:
        return all(astuple(self))


def find_beginning(session: Session, actor: Actor, branch_id: UUID | None) -> Beginning | None:
    """The first steps of a branch, or of an installation without one, for whoever leads them. One statement.

    None for people who lead none of them: they find their work, not how it was set up.
    """
    if not any(actor.may(permission, branch_id) for permission in LEADING):
        return None
    row = session.execute(
        select(
            _there(select(Room.id).where(Room.branch_id == branch_id, Room.closed_at.is_(None)), branch_id),
            _there(_managers(branch_id), branch_id),
            select(Item.id).where(Item.active).exists(),
            select(RecipeVersion.id).where(RecipeVersion.published_at.is_not(None)).exists(),
            _there(select(Movement.seq).where(Movement.branch_id == branch_id), branch_id),
            _there(select(Visit.id).where(Visit.branch_id == branch_id), branch_id),
        )
    ).one()
    rooms, manager, items, recipe, stock, visit = map(bool, row)
    return Beginning(branch_id is not None, rooms, manager, items and recipe, stock, visit)


def _there(rows: Select[Any], branch_id: UUID | None) -> ColumnElement[bool]:
    """Whether the branch has any; an installation without a branch has none."""
    return false() if branch_id is None else rows.exists()


def _managers(branch_id: UUID | None) -> Select[Any]:
    return (
        select(RoleGrant.id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == Role.MANAGER, RoleGrant.branch_id == branch_id, Person.active)
    )
