"""Shared tablets: enrolled for a branch, listed, revoked, and known again by their cookie.

What people type at them is pins.py's. The secret of a tablet is stored only as a hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.alphabet import sort_key
from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.branches import service as branches
from supply.domain.branches.models import Branch
from supply.domain.people.models import Tablet
from supply.domain.people.passwords import digest, new_secret, same
from supply.errors import Conflict, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

MOST = 50


@dataclass(frozen=True, slots=True)
class NewTablet:
    """A tablet just enrolled: `secret` goes into its cookie and is stored nowhere."""

    tablet: Tablet
    secret: str = field(repr=False)


def enrol_tablet(session: Session, actor: Actor, branch_id: UUID, *, name: str) -> NewTablet:
    """Make the device that asks a shared one of the branch. Raises NotFound, Forbidden, Conflict."""
    require(actor, Permission.TABLET_MANAGE, branch_id)
    branches.get_branch(session, actor, branch_id)
    living = select(Tablet.id).where(Tablet.branch_id == branch_id, Tablet.revoked_at.is_(None))
    if len(session.scalars(living).all()) >= MOST:
        raise Conflict(
            "too_many_tablets", lazy("This branch has many tablets already. Revoke one that is not used.")
        )
    secret = new_secret()
    tablet = Tablet(
        id=new_id(), branch_id=branch_id, name=name, secret_hash=digest(secret), created_at=clock.now()
    )
    session.add(tablet)
    session.flush()
    audit.record(
        session,
        actor,
        action="tablet.enrol",
        entity="tablet",
        entity_id=tablet.id,
        branch_id=branch_id,
        changes={"name": [None, name]},
    )
    return NewTablet(tablet, secret)


def list_tablets(session: Session, actor: Actor) -> Sequence[Tablet]:
    """The tablets of the branches that one looks after, by name, without those that are revoked."""
    require(actor, Permission.TABLET_MANAGE)
    query = select(Tablet).where(Tablet.revoked_at.is_(None)).order_by(Tablet.name, Tablet.id).limit(500)
    own = actor.branch_ids()
    if own is not None:
        query = query.where(
            Tablet.branch_id.in_([one for one in own if actor.may(Permission.TABLET_MANAGE, one)])
        )
    return sorted(session.scalars(query), key=lambda one: (sort_key(one.name), one.id))


def revoke_tablet(session: Session, actor: Actor, tablet_id: UUID) -> Tablet:
    """Make it a device like any other: every session at it ends at once. Raises NotFound, Forbidden."""
    tablet = session.get(Tablet, tablet_id)
    if tablet is None or not actor.belongs_to(tablet.branch_id):
        raise NotFound("tablet_not_found", lazy("There is no such tablet in your branches."))
    require(actor, Permission.TABLET_MANAGE, tablet.branch_id)
    if tablet.revoked_at is None:
        tablet.revoked_at = clock.now()
        session.flush()
        audit.record(
            session,
            actor,
            action="tablet.revoke",
            entity="tablet",
            entity_id=tablet.id,
            branch_id=tablet.branch_id,
            changes={"name": [tablet.name, None], "revoked": [False, True]},
        )
    return tablet


def find_tablet(session: Session, tablet_id: UUID, secret: str) -> Tablet | None:
    """The tablet of a cookie; None where it was revoked, its branch is closed, or it never was."""
    query = select(Tablet).join(Branch, Branch.id == Tablet.branch_id)
    query = query.where(Tablet.id == tablet_id, Tablet.revoked_at.is_(None), Branch.closed_at.is_(None))
    tablet = session.scalar(query)
    return tablet if tablet is not None and same(tablet.secret_hash, secret) else None
