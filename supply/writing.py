"""Rows that a transaction writes together at its end: one statement on PostgreSQL, one per table on SQLite.

The hot path (posting, completing a step, the key of the request) says its rows here instead of sending each
statement by itself. They are sent before the commit, or before the next SELECT of the session, whichever
comes first, so nobody can read past them. Columns keep the types of their tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import orjson
from sqlalchemy import JSON, Connection, Executable, Result, Table
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session

from supply.statements import Prepared, run

CONNECTION = "supply_connection"
Row = Mapping[str, Any]
_Names = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Form:
    """What is done to a table: INSERT, upsert (`key` with `replace` or `add`), or UPDATE by `key`.

    There is one of each kind (`_form`), so that comparing and finding them costs nothing.
    """

    table: Table
    columns: tuple[str, ...]
    key: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    update: bool = False


@dataclass(slots=True)
class _Pending:
    forms: dict[_Form, dict[Any, dict[str, Any]]] = field(default_factory=dict)

    def holds(self, form: _Form) -> bool:
        return any(other.table is form.table and other != form for other in self.forms)


def write_later(
    session: Session,
    model: type[DeclarativeBase],
    rows: Iterable[Row],
    *,
    key: Sequence[str] = (),
    replace: Sequence[str] = (),
    add: Sequence[str] = (),
    update: bool = False,
) -> None:
    """Have rows (all with the same columns) written with the others.

    Without `key` they are inserted. With `key` and `replace` or `add` an existing row gets the new values or
    the sums; with `update` the row must exist and only the columns given change. Rows of one key join: the
    last word replaces, sums add up.
    """
    rows = list(rows)
    if not rows:
        return
    form = _form(model, tuple(rows[0]), tuple(key), tuple(replace), tuple(add), update)
    pending: _Pending = session.info.setdefault("supply_pending", _Pending())
    if pending.holds(form):
        write_now(session)
    known = pending.forms.setdefault(form, {})
    for row in rows:
        name = tuple([row[column] for column in form.key]) if form.key else len(known)
        merged = {**row}
        if name in known:
            merged |= {column: known[name][column] + row[column] for column in form.add}
        known[name] = merged


@lru_cache
def _form(model: type[DeclarativeBase], columns: _Names, key: _Names, *how: Any) -> _Form:
    return _Form(cast(Table, model.__table__), columns, key, *how)


def ask(session: Session, query: Prepared, values: Mapping[str, Any]) -> list[Any]:
    """A hot path's SELECT of columns: past the ORM's session, which costs more than the statement."""
    session.flush()
    write_now(session)
    return query.all(connection_of(session), values)


def ask_anew(session: Session, query: Executable) -> Result[Any]:
    """As `ask`, of a query that is not the same every time."""
    session.flush()
    write_now(session)
    return session.connection().execute(query)


def connection_of(session: Session) -> Connection:
    """The session's connection; of a write transaction without asking the session each time."""
    connection: Connection = session.info.get(CONNECTION) or session.connection()
    return connection


def write_now(session: Session) -> None:
    """Send what waits. The ORM's own changes go first, since rows may refer to them."""
    pending: _Pending | None = session.info.get("supply_pending")
    if pending is None or not pending.forms:
        return
    forms, pending.forms = pending.forms, {}
    session.flush()
    connection = connection_of(session)
    if connection.dialect.name == "postgresql":
        statement = _together(tuple([(form, _room_for(len(rows))) for form, rows in forms.items()]))
        documents = [_as_json(rows.values()) for rows in forms.values()]
        run(connection, statement, documents).close()
        return
    for form, rows in forms.items():
        converters = _converters(form)
        values = [[convert(row[name]) for name, convert in converters] for row in rows.values()]
        if len(values) == 1:
            run(connection, _sqlite(form), values[0]).close()
        else:
            run(connection, _sqlite(form), values, many=True).close()


def forget(session: Session) -> None:
    """Drop what waits: the transaction is rolled back."""
    session.info.pop("supply_pending", None)


def write_before_select(state: ORMExecuteState) -> None:
    """Session event: no SELECT reads past rows that wait."""
    if state.is_select:
        write_now(state.session)


@lru_cache(500)
def _together(forms: tuple[tuple[_Form, int], ...]) -> str:
    parts = [f"w{number} AS ({_postgresql(*form)})" for number, form in enumerate(forms)]
    return f"WITH {', '.join(parts)} SELECT 1"


def _room_for(count: int) -> int:
    """The next power of eight: how many rows the planner is told of, in few different statements."""
    room = 1
    while room < count:
        room *= 8
    return room


def _postgresql(form: _Form, room: int) -> str:
    name = form.table.name
    rows = f"json_populate_recordset(NULL::{name}, %s::json)"
    if form.update:
        changed = [column for column in form.columns if column not in form.key]
        changes = ", ".join(f"{column} = r.{column}" for column in changed)
        # Every name is one of our own tables' and columns'; values travel apart.
        # Without a LIMIT the planner expects a hundred rows and reads the whole table to update one.
        told = f"(SELECT * FROM {rows} LIMIT {room}) r"  # noqa: S608
        return f"UPDATE {name} t SET {changes} FROM {told} WHERE {_same(form, 't', 'r')}"  # noqa: S608
    columns = ", ".join(form.columns)
    return f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {rows}{_on_conflict(form)}"  # noqa: S608


@lru_cache(500)
def _sqlite(form: _Form) -> str:
    name = form.table.name
    if form.update:
        ordered = [column for column, _convert in _converters(form)]
        changes = ", ".join(f"{column} = ?" for column in ordered[: len(ordered) - len(form.key)])
        found = " AND ".join(f"{column} = ?" for column in form.key)
        return f"UPDATE {name} SET {changes} WHERE {found}"  # noqa: S608
    columns = ", ".join(form.columns)
    marks = ", ".join("?" for _column in form.columns)
    return f"INSERT INTO {name} ({columns}) VALUES ({marks}){_on_conflict(form)}"  # noqa: S608


def _on_conflict(form: _Form) -> str:
    if not form.key:
        return ""
    changes = [f"{column} = excluded.{column}" for column in form.replace]
    changes += [f"{column} = {form.table.name}.{column} + excluded.{column}" for column in form.add]
    return f" ON CONFLICT ({', '.join(form.key)}) DO UPDATE SET {', '.join(changes)}"


def _same(form: _Form, one: str, other: str) -> str:
    return " AND ".join(f"{one}.{column} = {other}.{column}" for column in form.key)


def _as_json(rows: Iterable[Row]) -> str:
    return orjson.dumps(list(rows), default=_hexadecimal).decode()


def _hexadecimal(value: Any) -> str:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(f"{type(value).__name__} has no column form")


@lru_cache(500)
def _converters(form: _Form) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """Column and converter in the order of the statement's marks: for an UPDATE the key comes last."""
    order = form.columns
    if form.update:
        order = tuple(name for name in form.columns if name not in form.key) + form.key
    return tuple((name, _as_document if _is_json(form.table, name) else _as_text) for name in order)


def _is_json(table: Table, name: str) -> bool:
    return isinstance(table.c[name].type, JSON)


def _as_document(value: Any) -> Any:
    return orjson.dumps(value, default=str).decode()


def _as_text(value: Any) -> Any:
    """A value as SQLAlchemy's SQLite types store it."""
    kind = type(value)
    if kind is UUID:
        return value.hex
    if kind is datetime:
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    if kind is date:
        return value.isoformat()
    return value
