"""The one gate of all pages: who is there, and may they go on. Default is no."""

from __future__ import annotations

from enum import StrEnum

from supply.errors import Unauthenticated
from supply.i18n import lazy
from supply.permissions import Actor, Permission, not_permitted
from supply.web.session import find_current_branch, viewer


class Access(StrEnum):
    """Pages that no single permission guards."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed-in"


def admit(permission: Permission | Access) -> Actor | None:
    """The one gate of all pages. Raises Unauthenticated or Forbidden; None only where anybody may come."""
    person = viewer()
    if permission is Access.ANYBODY:
        return person.actor if person else None
    if person is None:
        raise Unauthenticated("not_signed_in", lazy("Please sign in."))
    if not allowed(person.actor, permission):
        assert isinstance(permission, Permission)
        raise not_permitted(person.actor, permission)
    return person.actor


def allowed(actor: Actor, permission: Permission | Access) -> bool:
    """Whether a page is for this person in the branch they work in."""
    if isinstance(permission, Access):
        return True
    branch = find_current_branch()
    return actor.may(permission, branch.id if branch else None)
