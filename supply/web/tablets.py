"""Shared tablets: enrolling this device and revoking others, the names on a tablet, signing in with a PIN."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, request
from sqlalchemy.orm import Session

from supply.database import read_snapshot, write_transaction
from supply.domain.branches import service as branches
from supply.domain.people import pins, tablets
from supply.domain.people import service as people
from supply.domain.people.models import Tablet
from supply.domain.people.schemas import Pin
from supply.errors import Unauthenticated
from supply.fields import BaseSchema, Text
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission
from supply.presenting import initials
from supply.web import rooms, tablet_cookie
from supply.web import session as device
from supply.web.gate import Access
from supply.web.pages import Pages, Target, query, render, say

bp = Pages("tablets", __name__)


class EnrolTablet(BaseSchema):
    name = Text(required=True, max_length=80)


class Next(BaseSchema):
    next = Text(max_length=2000, load_default="")


class PinTry(Next):
    pin = Pin()


@bp.page("/tablets", permission=Permission.TABLET_MANAGE)
def list_tablets(session: Session, actor: Actor) -> str:
    names = {branch.id: branch.name for branch in branches.list_branches(session, actor, closed=True)}
    return render(
        "tablets/list.html",
        schema=EnrolTablet,
        tablets=[(one, names.get(one.branch_id, "–")) for one in tablets.list_tablets(session, actor)],
        here=tablet_cookie.find_here(session),
    )


@bp.action("/tablets", permission=Permission.TABLET_MANAGE, back="tablets.list_tablets", schema=EnrolTablet)
def enrol_tablet(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    """The manager's own session ends with it: what stays in the room shows names."""
    made = tablets.enrol_tablet(session, actor, device.current_branch().id, name=data["name"])
    tablet_cookie.keep(made.tablet.id, made.secret)
    person = device.viewer()
    if person is not None:
        people.end_sign_in(session, person.actor, person.sign_in_id)
    device.end()
    return "tablets.list_names", {}


@bp.action(
    "/tablets/<uuid:tablet_id>/revocation",
    permission=Permission.TABLET_MANAGE,
    back="tablets.list_tablets",
)
def revoke_tablet(session: Session, actor: Actor, tablet_id: UUID) -> Target:
    tablet = tablets.revoke_tablet(session, actor, tablet_id)
    say(_("%(name)s shows no names any more, and nobody is signed in there.", name=tablet.name))
    return "tablets.list_tablets", {}


@bp.page("/tablet", permission=Access.ANYBODY)
def list_names(session: Session, actor: Actor | None) -> str:
    """The names; or, on a device that is no tablet, how it becomes one."""
    tablet = tablet_cookie.find_here(session)
    names = pins.list_names(session, tablet) if tablet is not None else []
    return render(
        "tablets/names.html",
        tablet=tablet,
        next=_wish(),
        names=[(one, initials(one.name)) for one in names],
    )


def _wish() -> str:
    """Where they meant to go, from one page to the next."""
    return device.safe_next(query(Next)["next"] or request.form.get("next", ""), "")


@bp.page("/tablet/<uuid:person_id>", permission=Access.ANYBODY)
def ask_pin(session: Session, actor: Actor | None, person_id: UUID) -> str:
    tablet = _here(session)
    return render(
        "tablets/pin.html",
        schema=PinTry,
        person=pins.get_name(session, tablet, person_id),
        next=_wish(),
    )


def _here(session: Session) -> Tablet:
    tablet = tablet_cookie.find_here(session)
    if tablet is None:
        raise Unauthenticated(
            "not_a_tablet", lazy("This device is no shared tablet any more. Sign in with your password.")
        )
    return tablet


def _prove(data: dict[str, Any]) -> None:
    """As with a password: the try is counted first, and neither holds up those who write meanwhile."""
    person_id: UUID = (request.view_args or {})["person_id"]
    left = write_transaction(lambda session: pins.begin_pin_try(session, _here(session), person_id))
    g.proven = read_snapshot(
        lambda session: pins.prove_pin(session, _here(session), person_id, data["pin"], left=left)
    )


@bp.action(
    "/tablet/<uuid:person_id>",
    permission=Access.ANYBODY,
    back="tablets.ask_pin",
    schema=PinTry,
    keyed=False,
    first=_prove,
)
def sign_in_with_pin(session: Session, actor: Actor | None, data: dict[str, Any], person_id: UUID) -> str:
    """Whoever was signed in before them is not any more."""
    before = device.viewer()
    if before is not None:
        people.end_sign_in(session, before.actor, before.sign_in_id)
    tablet = _here(session)
    opened = pins.sign_in_with_pin(session, tablet, person_id, proven=g.proven)
    tablet_cookie.stay()
    device.begin(opened.sign_in_id, opened.secret)
    return device.safe_next(data["next"], "") or rooms.landing(session, opened.actor, tablet.branch_id)
