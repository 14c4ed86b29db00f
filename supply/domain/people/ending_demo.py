"""The end of a demo: all that it told goes, and the admin who ends it stays, with a password of their own.

Refused as soon as there is a branch that the demo did not found: from then on this is somebody's book.
"""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.people import service as people
from supply.domain.people.models import Person, RoleGrant
from supply.emptying import empty_all
from supply.errors import Conflict, Forbidden
from supply.i18n import lazy
from supply.permissions import Actor, Permission, Role, require


def require_demo(session: Session, actor: Actor) -> None:
    """Let an admin of all branches of a demo through. Raises Forbidden, or Conflict("not_a_demo")."""
    require(actor, Permission.PEOPLE_MANAGE)
    if actor.branch_ids() is not None:
        raise Forbidden("not_permitted", lazy("Only an admin of all branches can end the demo."))
    if not people.find_demo(session):
        raise Conflict(
            "not_a_demo",
            lazy("This is no demo, or no longer one: there is a branch that it did not found. Nothing goes."),
        )


def clear_demo(session: Session, actor: Actor, *, proven: str, password: people.NewPassword) -> Person:
    """Remove everything but the actor, who gets a new password: the demo's is known to everybody.

    `proven` is what prove_own_password gave. The caller starts a new session for them: all have ended.
    """
    require_demo(session, actor)
    person = people.change_password(session, actor, proven=proven, password=password, revoke_tokens=True)
    session.flush()
    kept = dict(session.execute(select(Person.__table__).where(Person.id == person.id)).mappings().one())
    empty_all(session)
    session.execute(insert(Person), [kept])
    session.add(RoleGrant(id=new_id(), person_id=kept["id"], role=Role.ADMIN, branch_id=None))
    audit.record(session, actor, action="person.clear-demo", entity="person", entity_id=kept["id"])
    session.flush()
    return session.get_one(Person, kept["id"])
