"""Who may look after whom: which roles one may give, in which branches, and whose account one may change."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.branches.models import Branch
from supply.domain.people.models import Person, RoleGrant
from supply.errors import Conflict, Forbidden, Invalid, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, Role

STAFF = frozenset({Role.STOREROOM, Role.THERAPIST})
Grant = tuple[Role, UUID | None]


def sorted_grants(grants: Collection[Grant]) -> list[Grant]:
    return sorted(set(grants), key=lambda grant: (grant[0].value, str(grant[1])))


def require_may_grant(session: Session, actor: Actor, held: set[Grant], wanted: set[Grant]) -> None:
    """An admin gives every role where they are one; a manager only staff's, only in branches they manage."""
    if not wanted:
        raise Invalid("role_missing", lazy("Give at least one role in a branch."), field="grants")
    for role, branch_id in wanted:
        if branch_id is None and role is not Role.ADMIN:
            raise Invalid("branch_missing", lazy("Choose the branch of this role."), field="grants")
    for role, branch_id in held ^ wanted:
        _require_say(actor, role, branch_id)
    branch_ids = {branch_id for _role, branch_id in wanted if branch_id is not None}
    known = set(session.scalars(select(Branch.id).where(Branch.id.in_(branch_ids))))
    if branch_ids - known:
        raise Invalid("branch_unknown", lazy("There is no such branch."), field="grants")


def _require_say(actor: Actor, role: Role, branch_id: UUID | None) -> None:
    if _may_give(actor, role, branch_id):
        return
    if branch_id is None or not actor.may(Permission.PEOPLE_STAFF, branch_id):
        raise NotFound("branch_not_found", lazy("There is no such branch, or it is not one of yours."))
    raise Forbidden("role_too_high", lazy("A manager gives only the roles storeroom and therapist."))


def _may_give(actor: Actor, role: Role, branch_id: UUID | None) -> bool:
    if _is_everywhere(actor):
        return True
    if branch_id is None:
        return False
    permission = Permission.PEOPLE_STAFF if role in STAFF else Permission.PEOPLE_MANAGE
    return actor.may(permission, branch_id)


def _is_everywhere(actor: Actor) -> bool:
    """Whether the actor is admin of the whole spa: one of a single branch has no say in the others."""
    return actor.may(Permission.PEOPLE_MANAGE) and actor.branch_ids() is None


def require_whole_person(actor: Actor, person: Person) -> None:
    """An account is changed only by whom all of it is within the say of."""
    if person.id == actor.person_id:
        return
    if not all(_may_give(actor, grant.role, grant.branch_id) for grant in person.grants):
        raise Forbidden(
            "person_beyond_you",
            lazy("This person holds roles that you do not look after. Ask an admin."),
        )


def looks_after(actor: Actor, person: Person) -> bool:
    """Whether the person is among those that the actor sees."""
    return _is_everywhere(actor) or any(
        grant.branch_id is not None and actor.may(Permission.PEOPLE_STAFF, grant.branch_id)
        for grant in person.grants
    )


def managed(actor: Actor) -> set[UUID]:
    """The branches whose people the actor looks after, for whom these are not all."""
    own = actor.branch_ids() or frozenset()
    return {branch_id for branch_id in own if actor.may(Permission.PEOPLE_STAFF, branch_id)}


def require_an_admin(session: Session) -> None:
    """Somebody must stay who looks after every branch."""
    session.flush()
    admins = select(RoleGrant.id).join(Person, Person.id == RoleGrant.person_id)
    everywhere = admins.where(RoleGrant.role == Role.ADMIN, RoleGrant.branch_id.is_(None), Person.active)
    if session.scalar(everywhere.limit(1)) is None:
        raise Conflict("last_admin", lazy("Somebody must stay admin. Give the role to another person first."))
