"""Signing in and out, and what a person decides about themselves: language, appearance, branch, password."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, request, url_for
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from supply.database import read_snapshot, write_transaction
from supply.domain.people import schemas as people_schemas
from supply.domain.people import service as people
from supply.domain.people.models import Person
from supply.fields import BaseSchema, Text
from supply.i18n import LOCALES, _
from supply.permissions import Actor, Permission
from supply.web import session as device
from supply.web import tablet_cookie
from supply.web.gate import Access
from supply.web.pages import Pages, Target, query, render, say
from supply.web.words import word

bp = Pages("account", __name__)


class SignIn(BaseSchema):
    login = Text(required=True, max_length=80)
    password = fields.String(required=True, load_only=True, validate=validate.Length(min=1, max=200))
    next = Text(max_length=2000, load_default="")


class Next(BaseSchema):
    next = Text(max_length=2000, load_default="")


class ChooseLanguage(Next):
    locale = Text(required=True, validate=validate.OneOf(LOCALES))


class ChooseTheme(Next):
    theme = Text(required=True, validate=validate.OneOf(device.THEMES))


class ChooseKeys(Next):
    single_keys = fields.String(required=True, validate=validate.OneOf(["on", "off"]))


class ChooseBranch(Next):
    branch_id = fields.UUID(required=True)


@bp.page("/sign-in", permission=Access.ANYBODY)
def sign_in_page(session: Session, actor: Actor | None) -> str:
    wish = query(Next)["next"] or request.form.get("next", "")
    return render(
        "account/sign_in.html",
        schema=SignIn,
        next=device.safe_next(wish, ""),
        at_tablet=tablet_cookie.claims(),
        demo=[_demo_row(person) for person in people.list_demo_people(session)],
    )


def _prove(data: dict[str, Any]) -> None:
    """Count the try, then look at the password; neither holds up those who write meanwhile."""
    login, address = data["login"], _address()
    write_transaction(lambda session: people.begin_try(session, login=login, address=address))
    g.proven = read_snapshot(lambda session: people.prove(session, login=login, password=data["password"]))


def _address() -> str:
    return request.remote_addr or ""


@bp.action(
    "/sign-in",
    permission=Access.ANYBODY,
    back="account.sign_in_page",
    schema=SignIn,
    keyed=False,
    first=_prove,
)
def sign_in(session: Session, actor: Actor | None, data: dict[str, Any]) -> str:
    tablet = tablet_cookie.find_here(session)
    opened = people.sign_in(session, g.proven, login=data["login"], address=_address(), tablet=tablet)
    # Who turned this page to a language meant it: it becomes theirs, or the next page would turn back.
    people.set_preferences(session, opened.actor, language=device.asked_language())
    device.begin(opened.sign_in_id, opened.secret)
    return device.safe_next(data["next"], url_for("today.show_today"))


@bp.action("/sign-out", permission=Access.ANYBODY, back="account.sign_in_page", keyed=False)
def sign_out(session: Session, actor: Actor | None) -> str:
    person = device.viewer()
    if person is not None:
        people.end_sign_in(session, person.actor, person.sign_in_id)
    device.end()
    if tablet_cookie.find_here(session) is not None:
        return url_for("tablets.list_names")
    say(_("You are signed out. Have a calm day."), "info")
    return url_for("account.sign_in_page")


@bp.page("/account", permission=Access.SIGNED_IN)
def show_account(session: Session, actor: Actor) -> str:
    here = device.viewer()
    assert here is not None
    return render(
        "account/account.html",
        person=people.get_person(session, actor, actor.person_id),
        sign_ins=people.list_sign_ins(session, actor, device.limits()),
        here=here.sign_in_id,
        roles=", ".join(sorted({word(role) for role, _branch in actor.grants})),
        schema=people_schemas.ChangePassword,
        pin_schema=people_schemas.SetPin,
        with_pin=actor.tablet_id is not None,
        may_tokens=actor.may(Permission.TOKEN_OWN),
    )


def prove_own(data: dict[str, Any]) -> None:
    """As at the sign-in: the try is counted before the password is looked at, and given back if right."""
    person, address, told = device.viewer(), _address(), data["current_password"]
    assert person is not None
    write_transaction(lambda session: people.begin_own_try(session, person.actor, address=address))
    g.proven = read_snapshot(lambda session: people.prove_own_password(session, person.actor, told))
    write_transaction(lambda session: people.end_own_try(session, person.actor, address=address))


@bp.action(
    "/account/password",
    permission=Access.SIGNED_IN,
    back="account.show_account",
    schema=people_schemas.ChangePassword,
    first=prove_own,
)
def change_password(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    """Ends every session of the person; this device gets a new one."""
    person = people.change_password(
        session, actor, proven=g.proven, password=data["password"], revoke_tokens=data["revoke_tokens"]
    )
    opened = people.open_session(session, person, tablet_cookie.find_here(session))
    device.begin(opened.sign_in_id, opened.secret)
    say(_("Your password is changed. Other devices are signed out."))
    return "account.show_account", {}


@bp.action(
    "/account/sign-ins/<uuid:sign_in_id>/end", permission=Access.SIGNED_IN, back="account.show_account"
)
def end_sign_in(session: Session, actor: Actor, sign_in_id: UUID) -> Target:
    people.end_sign_in(session, actor, sign_in_id)
    say(_("That device is signed out."))
    return "account.show_account", {}


@bp.action(
    "/language", permission=Access.ANYBODY, back="account.sign_in_page", schema=ChooseLanguage, keyed=False
)
def choose_language(session: Session, actor: Actor | None, data: dict[str, Any]) -> str:
    if actor is not None:
        people.set_preferences(session, actor, language=data["locale"])
    else:
        device.ask_language(data["locale"])
    device.remember("locale", data["locale"])
    return device.safe_next(data["next"], url_for("today.show_today"))


@bp.action("/theme", permission=Access.ANYBODY, back="account.sign_in_page", schema=ChooseTheme, keyed=False)
def choose_theme(session: Session, actor: Actor | None, data: dict[str, Any]) -> str:
    if actor is not None:
        people.set_preferences(session, actor, theme=data["theme"])
    device.remember("theme", data["theme"])
    return device.safe_next(data["next"], url_for("today.show_today"))


@bp.action(
    "/single-keys", permission=Access.SIGNED_IN, back="account.show_account", schema=ChooseKeys, keyed=False
)
def choose_keys(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    people.set_preferences(session, actor, single_keys=data["single_keys"] == "on")
    return "account.show_account", {}


@bp.action(
    "/current-branch", permission=Access.SIGNED_IN, back="today.show_today", schema=ChooseBranch, keyed=False
)
def choose_branch(session: Session, actor: Actor, data: dict[str, Any]) -> str:
    device.choose_branch(data["branch_id"])
    return device.safe_next(data["next"], url_for("today.show_today"))


def _demo_row(person: Person) -> dict[str, str]:
    roles = sorted({word(grant.role) for grant in person.grants})
    return {"login": person.login, "name": person.name, "roles": ", ".join(roles)}
