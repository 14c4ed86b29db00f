"""PINs: choosing one's own, and what those who look after people do about somebody else's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from sqlalchemy.orm import Session

from supply.domain.people import pins
from supply.domain.people.passwords import NewPin
from supply.domain.people.schemas import SetPin
from supply.i18n import _
from supply.permissions import Actor, Permission
from supply.web.account import prove_own
from supply.web.gate import Access
from supply.web.pages import Pages, Shown, Target, render, say

bp = Pages("pins", __name__)


@bp.action(
    "/account/pin",
    permission=Access.SIGNED_IN,
    back="account.show_account",
    schema=SetPin,
    first=prove_own,
)
def set_pin(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    pins.set_pin(session, actor, proven=g.proven, pin=data["pin"])
    say(_("Your PIN is set. Tap your name at a shared tablet of your branch."))
    return "account.show_account", {}


def _draw(_data: dict[str, Any]) -> None:
    """A PIN for somebody, hashed before the transaction that gives it to them."""
    g.drawn_pin = NewPin.of(pins.draw_pin())


@bp.action(
    "/people/<uuid:person_id>/pin",
    permission=Permission.PEOPLE_STAFF,
    back="people.edit_person",
    first=_draw,
)
def reset_pin(session: Session, actor: Actor, person_id: UUID) -> Shown:
    person = pins.reset_pin(session, actor, person_id, pin=g.drawn_pin)
    say(_("The new PIN was shown once. Make another one if it was not handed over."), "warning")
    page = render("people/pin.html", person=person, pin=g.drawn_pin.told)
    return Shown(page, ("people.edit_person", {"person_id": person_id}))


@bp.action(
    "/people/<uuid:person_id>/pin/removal", permission=Permission.PEOPLE_STAFF, back="people.edit_person"
)
def remove_pin(session: Session, actor: Actor, person_id: UUID) -> Target:
    person = pins.reset_pin(session, actor, person_id, pin=None)
    say(_("%(name)s has no PIN any more and stands on no tablet.", name=person.name))
    return "people.edit_person", {"person_id": person_id}


@bp.action(
    "/people/<uuid:person_id>/pin/unlocking", permission=Permission.PEOPLE_STAFF, back="people.edit_person"
)
def unlock(session: Session, actor: Actor, person_id: UUID) -> Target:
    person = pins.unlock(session, actor, person_id)
    say(_("%(name)s can type their PIN again.", name=person.name))
    return "people.edit_person", {"person_id": person_id}
