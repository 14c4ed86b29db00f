"""`supply user …`: people from the command line, also the very first one."""

from __future__ import annotations

from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.cli.group import supply, writing
from supply.database import new_id
from supply.domain.branches.models import Branch
from supply.domain.people import service as people
from supply.domain.people.models import Person, RoleGrant
from supply.errors import Conflict, Invalid, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Role

_AS = click.option("--as", "admin", help="The admin in whose name it is done; by default the first one.")
_PASSWORD = click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, help="At least ten characters."
)


@supply.group("user")
def user() -> None:
    """Look after people. The first one created is the admin of all branches."""


@user.command("create")
@click.argument("login")
@click.option("--name", required=True, help="As it is shown.")
@click.option(
    "--role", "roles", multiple=True, help="ROLE@BRANCH-CODE, or admin; may be given several times."
)
@_PASSWORD
@_AS
def create(login: str, name: str, roles: tuple[str, ...], password: str, admin: str | None) -> None:
    """Add a person. Without any people yet: the first admin."""
    first = people.NewPassword.of(password)

    def work(session: Session) -> str:
        if session.scalar(select(Person.id).limit(1)) is None:
            found_admin(session, login=login, name=name, password=first)
            return "They are the admin of all branches."
        grants = [read_grant(session, role) for role in roles]
        actor = admin_actor(session, admin)
        people.create_person(session, actor, login=login, name=name, password=first, grants=grants)
        return ""

    said = writing(work)
    click.echo(f"{login} can sign in now. {said}".strip())


@user.command("password")
@click.argument("login")
@_PASSWORD
@_AS
def password(login: str, password: str, admin: str | None) -> None:
    """Give somebody a new first password; their sessions and tokens end."""
    first = people.NewPassword.of(password)
    writing(
        lambda session: people.reset_password(
            session, admin_actor(session, admin), person_of(session, login).id, password=first
        )
    )
    click.echo(f"{login} has a new password, and every session and token of theirs has ended.")


@user.command("roles")
@click.argument("login")
@click.argument("roles", nargs=-1, required=True)
@_AS
def roles(login: str, roles: tuple[str, ...], admin: str | None) -> None:
    """Replace somebody's roles by ROLES, each ROLE@BRANCH-CODE or admin."""

    def work(session: Session) -> None:
        person = person_of(session, login)
        grants = [read_grant(session, role) for role in roles]
        actor = admin_actor(session, admin)
        people.update_person(session, actor, person.id, version=person.version, grants=grants)

    writing(work)
    click.echo(f"{login} is now {', '.join(roles)}.")


@user.command("deactivate")
@click.argument("login")
@_AS
def deactivate(login: str, admin: str | None) -> None:
    """End somebody's access at once. What they did stays theirs."""

    def work(session: Session) -> None:
        person = person_of(session, login)
        actor = admin_actor(session, admin)
        people.update_person(session, actor, person.id, version=person.version, active=False)

    writing(work)
    click.echo(f"{login} can no longer sign in.")


def found_admin(session: Session, *, login: str, name: str, password: people.NewPassword) -> Actor:
    """The first person, whom nobody can add: admin of all branches. Raises Conflict("people_exist")."""
    if session.scalar(select(Person.id).limit(1)) is not None:
        raise Conflict("people_exist", lazy("There are people already. An admin adds the others."))
    if len(password.told) < 10:
        raise Invalid("password_weak", lazy("Take at least ten characters."), field="password")
    person = Person(
        id=new_id(),
        login=login.strip().casefold(),
        name=name,
        password_hash=password.hashed,
        created_at=clock.now(),
        grants=[RoleGrant(role=Role.ADMIN, branch_id=None)],
    )
    session.add(person)
    session.flush()
    return Actor(person.id, person.name, frozenset({(Role.ADMIN, None)}))


def person_of(session: Session, login: str) -> Person:
    """Who signs in with this name. Raises NotFound."""
    person = session.scalar(select(Person).where(Person.login == login.strip().casefold()))
    if person is None:
        raise NotFound("person_not_found", lazy("Nobody signs in with this name."))
    return person


def actor_of(session: Session, login: str) -> Actor:
    """Somebody as an actor, with all their roles."""
    person = person_of(session, login)
    return Actor(person.id, person.name, frozenset((grant.role, grant.branch_id) for grant in person.grants))


def admin_actor(session: Session, login: str | None) -> Actor:
    """The admin named, or the first active one of all branches."""
    if login is not None:
        return actor_of(session, login)
    query = (
        select(Person.login)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .where(RoleGrant.role == Role.ADMIN, RoleGrant.branch_id.is_(None), Person.active.is_(True))
        .order_by(Person.id)
        .limit(1)
    )
    first = session.scalar(query)
    if first is None:
        raise NotFound("admin_not_found", lazy("There is no admin yet. Create the first person."))
    return actor_of(session, first)


def read_grant(session: Session, text: str) -> tuple[Role, UUID | None]:
    """ "manager@HN" or "admin". Raises Invalid."""
    role_text, _at, code = text.partition("@")
    try:
        role = Role(role_text)
    except ValueError:
        raise Invalid(
            "role_unknown", lazy("Roles are storeroom, therapist, manager and admin."), field="role"
        ) from None
    if not code:
        return role, None
    branch_id = session.scalar(select(Branch.id).where(Branch.code == code))
    if branch_id is None:
        raise Invalid("branch_unknown", lazy("There is no such branch."), field="role")
    return role, branch_id
