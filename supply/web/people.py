"""People: who there is, what they hold in which branch, a new password, leaving."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from flask import Response, g
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from supply.alphabet import person_key, sort_key
from supply.domain.branches import service as branches
from supply.domain.people import pins, schemas
from supply.domain.people import service as people
from supply.domain.people.models import Person
from supply.errors import Invalid
from supply.fields import BaseSchema, Text
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission, Role
from supply.presenting import initials
from supply.web import sheet_lines
from supply.web.pages import NavGroup, Pages, Shown, Target, render, say
from supply.web.sheets import Sheet
from supply.web.words import word

bp = Pages("people", __name__)
bp.nav(
    label=lazy("People"),
    icon="people",
    endpoint="people.list_people",
    permission=Permission.PEOPLE_STAFF,
    order=90,
    group=NavGroup.SETUP,
)

EVERYWHERE = "everywhere"
MOST = 500


class NewPerson(BaseSchema):
    """As the API's CreatePerson, with roles as ticks ("storeroom.<branch>") and a password that we make."""

    login = schemas.CreatePerson().fields["login"]
    name = Text(required=True, max_length=120)
    language = fields.String(required=True, validate=validate.OneOf(["vi", "en"]))
    grants = fields.List(fields.String(validate=validate.Length(max=80)), required=True)


class ChangePerson(BaseSchema):
    name = Text(required=True, max_length=120)
    language = fields.String(required=True, validate=validate.OneOf(["vi", "en"]))
    grants = fields.List(fields.String(validate=validate.Length(max=80)), required=True)


PEOPLE = Sheet("people.list_people", None, ("name", "login"), "name", MOST)


@bp.page("/people", permission=Permission.PEOPLE_STAFF)
def list_people(session: Session, actor: Actor) -> str | Response:
    names, view = _branch_names(session, actor), PEOPLE.view(session, actor)
    known = people.list_people(session, actor, active=None)
    if view.order is not None:
        by_login = view.order.column == "login"
        known.sort(
            key=lambda one: sort_key(one.login) if by_login else person_key(one.name),
            reverse=view.order.descending,
        )
    rows = [_row(person, names) for person in known]
    if view.kind:
        told = ((person, row["roles"]) for person, row in zip(known, rows, strict=True))
        return view.file("people", _("People"), sheet_lines.people_lines(told))
    return render(
        "people/list.html",
        working=[row for row in rows if row["active"]],
        gone=[row for row in rows if not row["active"]],
        view=view,
    )


@bp.page("/people/new", permission=Permission.PEOPLE_STAFF)
def new_person(session: Session, actor: Actor) -> str:
    return render("people/new.html", schema=NewPerson, offers=_offers(session, actor))


def _make_password(_data: dict[str, Any]) -> None:
    """A first password for somebody, hashed before the transaction that gives it to them."""
    g.first_password = people.NewPassword.of(_first_password())


@bp.action(
    "/people",
    permission=Permission.PEOPLE_STAFF,
    back="people.new_person",
    schema=NewPerson,
    first=_make_password,
)
def create_person(session: Session, actor: Actor, data: dict[str, Any]) -> Shown:
    person = people.create_person(
        session,
        actor,
        login=data["login"],
        name=data["name"],
        password=g.first_password,
        language=data["language"],
        grants=_grants(data["grants"]),
    )
    say(
        _("%(name)s is one of the people already; the first password was shown once.", name=person.name),
        "info",
    )
    page = render("people/password.html", person=person, password=g.first_password.told, fresh=True)
    return Shown(page, ("people.edit_person", {"person_id": person.id}))


@bp.page("/people/<uuid:person_id>", permission=Permission.PEOPLE_STAFF)
def edit_person(session: Session, actor: Actor, person_id: UUID) -> str:
    person = people.get_person(session, actor, person_id)
    held = {_tick(grant.role, grant.branch_id) for grant in person.grants}
    return render(
        "people/edit.html",
        person=person,
        schema=ChangePerson,
        held=held,
        offers=_offers(session, actor),
        own=person.id == actor.person_id,
        locks=pins.list_locks(session, actor, person_id),
    )


@bp.action(
    "/people/<uuid:person_id>",
    permission=Permission.PEOPLE_STAFF,
    back="people.edit_person",
    schema=ChangePerson,
    versioned=True,
)
def change_person(
    session: Session, actor: Actor, data: dict[str, Any], person_id: UUID, version: int
) -> Target:
    grants = None if person_id == actor.person_id else _grants(data["grants"])
    person = people.update_person(
        session,
        actor,
        person_id,
        version=version,
        name=data["name"],
        language=data["language"],
        grants=grants,
    )
    say(_("Saved: %(name)s.", name=person.name))
    return "people.list_people", {}


@bp.page("/people/<uuid:person_id>/leaving", permission=Permission.PEOPLE_STAFF)
def ask_leaving(session: Session, actor: Actor, person_id: UUID) -> str:
    return render("people/leaving.html", person=people.get_person(session, actor, person_id))


@bp.action(
    "/people/<uuid:person_id>/leaving",
    permission=Permission.PEOPLE_STAFF,
    back="people.edit_person",
    versioned=True,
)
def deactivate_person(session: Session, actor: Actor, person_id: UUID, version: int) -> Target:
    person = people.update_person(session, actor, person_id, version=version, active=False)
    say(_("%(name)s can no longer sign in. What they did stays on record.", name=person.name))
    return "people.list_people", {}


@bp.action(
    "/people/<uuid:person_id>/return",
    permission=Permission.PEOPLE_STAFF,
    back="people.edit_person",
    versioned=True,
)
def activate_person(session: Session, actor: Actor, person_id: UUID, version: int) -> Target:
    person = people.update_person(session, actor, person_id, version=version, active=True)
    say(_("%(name)s can sign in again.", name=person.name))
    return "people.edit_person", {"person_id": person_id}


@bp.action(
    "/people/<uuid:person_id>/password",
    permission=Permission.PEOPLE_STAFF,
    back="people.edit_person",
    first=_make_password,
)
def reset_password(session: Session, actor: Actor, person_id: UUID) -> Shown:
    person = people.reset_password(session, actor, person_id, password=g.first_password)
    say(_("The new password was shown once. Make another one if it was not handed over."), "warning")
    page = render("people/password.html", person=person, password=g.first_password.told, fresh=False)
    return Shown(page, ("people.edit_person", {"person_id": person_id}))


def _first_password() -> str:
    """Four groups without look-alikes: easy to read aloud, about 77 bits."""
    signs = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(signs) for _sign in range(4)) for _group in range(4))


def _tick(role: Role, branch_id: UUID | None) -> str:
    return f"{role.value}.{branch_id or EVERYWHERE}"


def _grants(ticks: list[str]) -> list[tuple[Role, UUID | None]]:
    grants: list[tuple[Role, UUID | None]] = []
    for tick in ticks:
        role, _dot, branch = tick.partition(".")
        try:
            grants.append((Role(role), None if branch == EVERYWHERE else UUID(branch)))
        except ValueError as error:
            raise Invalid("role_unknown", lazy("Choose roles from the list."), field="grants") from error
    return grants


def _offers(session: Session, actor: Actor) -> list[tuple[str, list[tuple[str, str]]]]:
    """Per branch the roles that the actor may give."""
    offers = []
    for branch in branches.list_branches(session, actor):
        roles = Role if actor.may(Permission.PEOPLE_MANAGE, branch.id) else [Role.STOREROOM, Role.THERAPIST]
        if actor.may(Permission.PEOPLE_STAFF, branch.id):
            offers.append((branch.name, [(_tick(role, branch.id), word(role)) for role in roles]))
    if actor.may(Permission.PEOPLE_MANAGE) and actor.branch_ids() is None:
        offers.append((_("Every branch"), [(_tick(Role.ADMIN, None), word(Role.ADMIN))]))
    return offers


def _branch_names(session: Session, actor: Actor) -> dict[UUID | None, str]:
    return {branch.id: branch.name for branch in branches.list_branches(session, actor, closed=True)}


def _row(person: Person, names: dict[UUID | None, str]) -> dict[str, Any]:
    told: dict[str, list[str]] = {}
    for grant in person.grants:
        other = _("every branch") if grant.branch_id is None else _("another branch")
        place = names.get(grant.branch_id, other)
        told.setdefault(place, []).append(word(grant.role))
    return {
        "id": person.id,
        "name": person.name,
        "login": person.login,
        "initials": initials(person.name),
        "active": person.active,
        "roles": "; ".join(f"{place}: {', '.join(sorted(roles))}" for place, roles in sorted(told.items())),
    }
