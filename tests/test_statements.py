"""Statements sent through the driver: the same rows, types and errors as SQLAlchemy's own way."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import bindparam, event, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from supply.database import db, glance, write_transaction
from supply.domain.people.models import ApiToken, Person
from supply.statements import Prepared, run
from supply.writing import ask, write_later
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("session")
_QUERY = (
    select(Person.id, Person.name, Person.active, Person.created_at, ApiToken.scopes, ApiToken.revoked_at)
    .outerjoin(ApiToken, ApiToken.person_id == Person.id)
    .where(Person.id.in_(bindparam("people", expanding=True)), Person.active.is_(True), Person.version > 0)
    .order_by(Person.name)
)
_PEOPLE = Prepared(_QUERY)


def test_rows_are_those_of_the_slow_way_for_lists_of_any_length(cast: Cast) -> None:
    everybody = [cast.manager.person_id, cast.therapist.person_id, cast.storekeeper.person_id]
    for count in (1, 2, 3):
        values = {"people": everybody[:count]}
        slow = glance(lambda connection, values=values: connection.execute(_QUERY, values).all())  # type: ignore[misc]
        quick = glance(lambda connection, values=values: _PEOPLE.all(connection, values))  # type: ignore[misc]
        assert [tuple(row) for row in quick] == [tuple(row) for row in slow]
        assert len(quick) == count
        assert [type(value) for value in quick[0]] == [type(value) for value in slow[0]]
        assert quick[0].id == slow[0].id


def test_constants_are_part_of_the_statement_and_listeners_hear_it(cast: Cast) -> None:
    heard: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        heard.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        glance(lambda connection: _PEOPLE.all(connection, {"people": [cast.manager.person_id]}))
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    ((statement, values),) = heard
    assert "version > 0" in statement
    assert len(values) == 1


def test_a_question_sees_what_waits_to_be_written(cast: Cast) -> None:
    def rename(session: Session) -> Any:
        row = {"id": cast.manager.person_id, "name": "Đổi Tên"}
        write_later(session, Person, [row], key=("id",), update=True)
        return ask(session, _PEOPLE, {"people": [cast.manager.person_id]})

    assert [row.name for row in write_transaction(rename)] == ["Đổi Tên"]


def test_a_fault_is_sqlalchemys_own(cast: Cast) -> None:
    def spoil(session: Session) -> None:
        write_later(session, ApiToken, [{"id": uuid.uuid4(), "person_id": uuid.uuid4(), "name": "x"}])

    with pytest.raises(IntegrityError):
        write_transaction(spoil)


def test_only_a_lost_connection_leaves_the_pool(backend: str) -> None:
    lost = backend == "postgresql"
    with db.engine.connect() as connection:
        if lost:
            connection.connection.driver_connection.close()  # type: ignore[union-attr]
        with pytest.raises(DBAPIError) as caught:
            run(connection, "SELECT 1" if lost else "SELECT nothing", ())
        assert caught.value.connection_invalidated is lost
    assert glance(lambda again: again.exec_driver_sql("SELECT 1").scalar()) == 1
