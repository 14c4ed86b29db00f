"""Branches: who sees which, what a room holds, and that a branch always has a place for deliveries."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.database import new_id, write_transaction
from supply.domain.audit.models import AuditEntry
from supply.domain.branches import service as branches
from supply.domain.branches.models import RoomType
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from supply.permissions import Actor, Role
from tests.cast import Cast


def test_people_see_their_branches(session: Session, cast: Cast) -> None:
    assert [branch.code for branch in branches.list_branches(session, cast.storekeeper)] == ["MAIN"]
    assert [branch.code for branch in branches.list_branches(session, cast.admin)] == ["MAIN", "OTHER"]
    assert branches.get_branch(session, cast.therapist, cast.branch_id).code == "MAIN"
    for actor, branch_id in ((cast.outsider, cast.branch_id), (cast.admin, new_id())):
        with pytest.raises(NotFound):
            branches.get_branch(session, actor, branch_id)


def test_founding_a_branch_gives_it_a_storage_location(session: Session, cast: Cast) -> None:
    branch = branches.create_branch(session, cast.admin, code="Q3", name="District 3", location_name="Kho")
    assert branches.first_location(session, branch.id).name == "Kho"
    assert (branch.timezone, branch.currency, branch.version) == ("Asia/Ho_Chi_Minh", "VND", 1)


def test_only_an_admin_of_all_branches_founds_one(session: Session, cast: Cast) -> None:
    local = Actor(cast.admin.person_id, "local admin", frozenset({(Role.ADMIN, cast.branch_id)}))
    for actor in (cast.manager, cast.storekeeper, local):
        with pytest.raises(Forbidden):
            branches.create_branch(session, actor, code="Q3", name="District 3")


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"code": "MAIN"}, "code_taken"),
        ({"timezone": "Asia/Nowhere"}, "timezone_unknown"),
        ({"currency": "XYZ"}, "currency_unknown"),
    ],
)
def test_what_a_branch_cannot_be(session: Session, cast: Cast, facts: dict[str, str], code: str) -> None:
    with pytest.raises((Invalid, Conflict)) as caught:
        branches.create_branch(session, cast.admin, **{"code": "Q3", "name": "District 3", **facts})
    assert caught.value.code == code


def test_a_branch_is_renamed_by_version(session: Session, cast: Cast) -> None:
    facts: dict[str, Any] = {"name": "Old Quarter", "timezone": "Asia/Bangkok"}
    branch = branches.update_branch(session, cast.admin, cast.branch_id, version=1, **facts)
    assert (branch.name, branch.version) == ("Old Quarter", 2)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "branch.update")).one()
    assert entry.changes["name"] == ["Main branch", "Old Quarter"]
    assert entry.branch_id == cast.branch_id
    with pytest.raises(Stale):
        branches.update_branch(session, cast.admin, cast.branch_id, version=1, **facts)
    with pytest.raises(Forbidden):
        branches.update_branch(session, cast.manager, cast.branch_id, version=2, **facts)


def test_locations_keep_their_order(session: Session, cast: Cast) -> None:
    branches.create_location(session, cast.admin, cast.branch_id, name="Cool room", position=2)
    branches.create_location(session, cast.admin, cast.branch_id, name="Trolley", position=1)
    names = [location.name for location in branches.list_locations(session, cast.branch_id)]
    assert names == ["Storeroom", "Trolley", "Cool room"]
    with pytest.raises(Conflict):
        branches.create_location(session, cast.admin, cast.branch_id, name="trolley")


def test_the_last_location_stays_open(session: Session, cast: Cast) -> None:
    told: dict[str, Any] = {"name": "Storeroom", "position": 0}
    with pytest.raises(Conflict) as caught:
        branches.update_location(session, cast.admin, cast.branch_id, cast.location_id, closed=True, **told)
    assert caught.value.code == "last_location"
    other = branches.create_location(session, cast.admin, cast.branch_id, name="Cool room")
    branches.update_location(session, cast.admin, cast.branch_id, cast.location_id, closed=True, **told)
    assert branches.list_locations(session, cast.branch_id) == [other]


def test_of_two_who_close_the_last_two_places_one_is_refused(
    app: Flask, session: Session, cast: Cast
) -> None:
    other = branches.create_location(session, cast.admin, cast.branch_id, name="Cool room").id
    session.commit()
    begun = threading.Event()

    def close(location_id: UUID, name: str, pause: float) -> None:
        def work(session: Session) -> None:
            facts: dict[str, Any] = {"name": name, "position": 0, "closed": True}
            branches.update_location(session, cast.admin, cast.branch_id, location_id, **facts)
            begun.set()
            time.sleep(pause)

        with app.app_context():
            write_transaction(work)

    with ThreadPoolExecutor() as pool:
        first = pool.submit(close, cast.location_id, "Storeroom", 0.3)
        assert begun.wait(10)
        second = pool.submit(close, other, "Cool room", 0)
        first.result(20)
        with pytest.raises(Conflict, match="last_location"):
            second.result(20)
    session.rollback()
    assert [place.id for place in branches.list_locations(session, cast.branch_id)] == [other]


def test_a_location_of_another_branch_is_not_found(session: Session, cast: Cast) -> None:
    with pytest.raises(NotFound):
        branches.get_location(session, cast.branch_id, cast.other_location_id)
    with pytest.raises(NotFound):
        branches.create_location(session, cast.outsider, cast.branch_id, name="Mine")


@pytest.mark.parametrize(
    ("room_type", "limit"),
    [(RoomType.SINGLE, 1), (RoomType.DOUBLE, 2), (RoomType.TRIPLE, 3), (RoomType.GROUP, 14)],
)
def test_the_type_limits_the_party(session: Session, cast: Cast, room_type: RoomType, limit: int) -> None:
    room = branches.create_room(session, cast.admin, cast.branch_id, name="Jasmine", room_type=room_type)
    assert room.max_guests == limit
    with pytest.raises(Invalid) as caught:
        branches.create_room(
            session, cast.admin, cast.branch_id, name="Rose", room_type=room_type, max_guests=limit + 1
        )
    assert list(caught.value.errors) == ["max_guests"]


def test_a_room_is_changed_and_closed(session: Session, cast: Cast) -> None:
    facts: dict[str, Any] = {"name": "Lotus", "room_type": RoomType.TRIPLE, "tubs": 2}
    room = branches.update_room(session, cast.admin, cast.branch_id, cast.room_id, closed=True, **facts)
    assert (room.max_guests, room.tubs) == (3, 2)
    assert branches.list_rooms(session, cast.branch_id) == []
    assert branches.list_rooms(session, cast.branch_id, closed=True) == [room]
    with pytest.raises(NotFound):
        branches.get_room(session, cast.other_branch_id, cast.room_id)
    with pytest.raises(Forbidden):
        branches.update_room(session, cast.manager, cast.branch_id, cast.room_id, **facts)
