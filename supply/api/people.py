"""People over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.alphabet import person_key
from supply.api.cursors import sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.people import pins, tablets
from supply.domain.people import service as people
from supply.domain.people.schemas import (
    CreatePerson,
    PersonOut,
    ResetPassword,
    ResetPin,
    TabletOut,
    UpdatePerson,
)
from supply.permissions import Actor, Permission

blp = ApiBlueprint("people", description="People and the roles they hold per branch.")
_BRANCH = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"


def _grants(data: dict[str, Any]) -> dict[str, Any]:
    if "grants" in data:
        data["grants"] = [(grant["role"], grant["branch_id"]) for grant in data["grants"]]
    return data


@blp.get(
    "/people",
    permission=Permission.PEOPLE_STAFF,
    page_of=PersonOut,
    summary="List people",
    description="Active people of the branches that you look after, by name.",
)
def list_people(session: Session, actor: Actor, query: dict[str, Any]) -> tuple[list[Any], Any]:
    return sliced(
        people.list_people(session, actor), query, lambda person: (person_key(person.name), person.id)
    )


@blp.post(
    "/people",
    permission=Permission.PEOPLE_STAFF,
    body=CreatePerson,
    out=PersonOut,
    status=201,
    etag=True,
    summary="Add a person",
    description="With a first password and at least one role. A manager gives only the roles storeroom and "
    "therapist, in branches that they manage.",
    example={
        "login": "hoa",
        "name": "Hoa",
        "password": "three quiet words",
        "language": "vi",
        "grants": [{"role": "therapist", "branch_id": _BRANCH}],
    },
    conflicts=("login_taken",),
)
def create_person(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    return people.create_person(session, actor, **_grants(data))


@blp.get(
    "/people/<uuid:person_id>",
    permission=Permission.TOKEN_OWN,
    out=PersonOut,
    etag=True,
    summary="Get a person",
    description="Oneself, or somebody whom you look after.",
)
def get_person(session: Session, actor: Actor, person_id: UUID) -> Any:
    return people.get_person(session, actor, person_id)


@blp.patch(
    "/people/<uuid:person_id>",
    permission=Permission.PEOPLE_STAFF,
    body=UpdatePerson,
    out=PersonOut,
    versioned=True,
    etag=True,
    summary="Change a person",
    description="Name, language, roles, or whether they work here. Changed roles end their sessions. Nobody "
    "changes their own roles, and the last admin stays.",
    example={"active": False},
    conflicts=("last_admin",),
)
def update_person(session: Session, actor: Actor, data: dict[str, Any], person_id: UUID, version: int) -> Any:
    return people.update_person(session, actor, person_id, version=version, **_grants(data))


@blp.post(
    "/people/<uuid:person_id>/password-reset",
    permission=Permission.PEOPLE_STAFF,
    body=ResetPassword,
    out=PersonOut,
    etag=True,
    summary="Reset somebody's password",
    description="Gives somebody else a new first password and ends all their sessions and tokens.",
    example={"password": "four other quiet words"},
)
def reset_password(session: Session, actor: Actor, data: dict[str, Any], person_id: UUID) -> Any:
    return people.reset_password(session, actor, person_id, password=data["password"])


@blp.post(
    "/people/<uuid:person_id>/pin-reset",
    permission=Permission.PEOPLE_STAFF,
    body=ResetPin,
    out=PersonOut,
    etag=True,
    summary="Reset somebody's PIN",
    description="Gives somebody else another PIN for the shared tablets of their branches. Whoever typed the "
    "old one is signed out, and its locks are open.",
    example={"pin": "481516"},
)
def reset_pin(session: Session, actor: Actor, data: dict[str, Any], person_id: UUID) -> Any:
    return pins.reset_pin(session, actor, person_id, pin=data["pin"])


@blp.delete(
    "/people/<uuid:person_id>/pin",
    permission=Permission.PEOPLE_STAFF,
    summary="Take somebody's PIN away",
    description="Whoever typed it is signed out; the name stands on no shared tablet any more.",
)
def remove_pin(session: Session, actor: Actor, person_id: UUID) -> None:
    pins.reset_pin(session, actor, person_id, pin=None)


@blp.delete(
    "/people/<uuid:person_id>/pin-locks",
    permission=Permission.PEOPLE_STAFF,
    summary="Unlock somebody's PIN",
    description="After five wrong PINs a person is locked at that tablet; this lets them try again at all.",
)
def unlock_pin(session: Session, actor: Actor, person_id: UUID) -> None:
    pins.unlock(session, actor, person_id)


@blp.get(
    "/tablets",
    permission=Permission.TABLET_MANAGE,
    page_of=TabletOut,
    summary="List shared tablets",
    description="Those of the branches that you look after, by name, without revoked ones. A tablet is "
    "enrolled at itself, on its page.",
)
def list_tablets(session: Session, actor: Actor, query: dict[str, Any]) -> tuple[list[Any], Any]:
    return sliced(tablets.list_tablets(session, actor), query, lambda row: (row.name, row.id))


@blp.delete(
    "/tablets/<uuid:tablet_id>",
    permission=Permission.TABLET_MANAGE,
    summary="Revoke a shared tablet",
    description="It shows no names any more, and every session at it ends at once.",
)
def revoke_tablet(session: Session, actor: Actor, tablet_id: UUID) -> None:
    tablets.revoke_tablet(session, actor, tablet_id)
