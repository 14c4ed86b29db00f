"""Statements of the hot path, sent through the driver: SQLAlchemy says once what they are, not every time.

A `Prepared` query is compiled once for a dialect; asking it costs what the database costs. Rows bear the
types of their columns. Errors are SQLAlchemy's, and whoever listens to its statements hears these too. Begins
and ends nothing: the transaction is the connection's (supply/database.py).
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import BindParameter, Connection, Dialect, Select, Uuid
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.type_api import TypeEngine
from sqlalchemy.sql.visitors import replacement_traverse

Convert = Callable[[Any], Any]


class Prepared:
    """A SELECT of columns that is asked often, with values by name.

    Values of `expanding` parameters are lists with at least one member. Constants become part of the
    statement, so that PostgreSQL may use partial indexes in a plan that it keeps.
    """

    def __init__(self, query: Select[*tuple[Any, ...]]) -> None:
        self._query: Any = replacement_traverse(query, {}, _as_literal)
        self._columns = list(query.selected_columns)
        # Named by the columns: no class could be written down for it.
        row: Any = namedtuple("Row", [str(column.key) for column in self._columns])  # type: ignore[misc]
        self._row_of = row._make
        self._spoken: dict[str, _Spoken] = {}

    def all(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Every row, as a named tuple."""
        spoken = self._spoken.get(connection.dialect.name) or self._speak(connection.dialect)
        statement, told = spoken.told(values)
        cursor = run(connection, statement, told)
        rows = cursor.fetchall()
        cursor.close()
        return list(map(self._row_of, map(spoken.read, rows) if spoken.readers else rows))

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first row or None."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def _speak(self, dialect: Dialect) -> _Spoken:
        compiled = self._query.compile(dialect=dialect)
        converters = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for name, bind in compiled.binds.items()
        }
        readers = [_reader(column.type, dialect) for column in self._columns]
        wanted = [(place, reader) for place, reader in enumerate(readers) if reader is not None]
        return self._spoken.setdefault(dialect.name, _Spoken(compiled, converters, wanted))


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    if dialect.name == "sqlite" and isinstance(kind, Uuid):
        return _id_of
    return kind.dialect_impl(dialect).result_processor(dialect, None)


@lru_cache(20_000)
def _id_of(text: str | None) -> UUID | None:
    """SQLite keeps an id as text. The same few come again and again: finding costs less than making."""
    return None if text is None else UUID(text)


@dataclass(slots=True)
class _Spoken:
    """A query in one dialect: its forms by the lengths of its lists."""

    compiled: Any
    converters: Mapping[str, Convert | None]
    readers: Sequence[tuple[int, Convert]]
    forms: dict[tuple[int, ...], _Form] = field(default_factory=dict)

    def told(self, values: Mapping[str, Any]) -> tuple[str, Any]:
        """The statement and its values as the driver takes them."""
        rooms = tuple([_room_for(len(value)) for value in values.values() if isinstance(value, list)])
        form = self.forms.get(rooms) or self._form(rooms, values)
        return form.statement, form.fill(values)

    def read(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for place, reader in self.readers:
            values[place] = reader(values[place])
        return values

    def _form(self, rooms: tuple[int, ...], values: Mapping[str, Any]) -> _Form:
        room = iter(rooms)
        sample = {
            name: [None] * next(room) if isinstance(value, list) else None for name, value in values.items()
        }
        state = self.compiled.construct_expanded_state(sample)
        sources = {name: (name, None) for name in values}
        for name, members in state.parameter_expansion.items():
            sources |= {member: (name, place) for place, member in enumerate(members)}
        names = state.positiontup or list(state.parameters)
        form = _Form(
            state.statement,
            [(name, *sources[name], self.converters[sources[name][0]]) for name in names],
            state.positiontup is not None,
        )
        return self.forms.setdefault(rooms, form)


@dataclass(frozen=True, slots=True)
class _Form:
    """A query for lists of certain lengths. Of each value: its name, whence it comes, how it is converted."""

    statement: str
    values: Sequence[tuple[str, str, int | None, Convert | None]]
    positional: bool

    def fill(self, told: Mapping[str, Any]) -> Any:
        """A list shorter than its room repeats its last member."""
        filled = []
        for _name, source, place, convert in self.values:
            value = told[source]
            if place is not None:
                value = value[place] if place < len(value) else value[-1]
            filled.append(value if convert is None else convert(value))
        if self.positional:
            return tuple(filled)
        return {one[0]: value for one, value in zip(self.values, filled, strict=True)}


def _as_literal(element: Any, **_rest: Any) -> Any:
    if isinstance(element, BindParameter) and not element.required:
        return element.render_literal_execute()
    return None


def _room_for(count: int) -> int:
    """The next power of two, so that there are few forms."""
    return 1 << (count - 1).bit_length()


def run(connection: Connection, statement: str, values: Any, *, many: bool = False) -> Any:
    """Send a statement in the driver's own form. Returns the cursor; close it once read."""
    cursor = None
    try:
        cursor = connection.connection.cursor()
        for heard in connection.dispatch.before_cursor_execute:
            heard(connection, cursor, statement, values, None, many)
        if many:
            cursor.executemany(statement, values)
        else:
            cursor.execute(statement, values)
    except connection.dialect.loaded_dbapi.Error as error:
        if cursor is not None:
            cursor.close()
        _fail(connection, statement, values, error)
    return cursor


def on_one_core(connection: Connection) -> None:
    """Leave the other cores to the guests for the rest of the transaction. PostgreSQL would share the sums of
    a long look out among workers, that together cost more."""
    if connection.dialect.name == "postgresql":
        run(connection, "SET LOCAL max_parallel_workers_per_gather = 0", ()).close()


def _fail(connection: Connection, statement: str, values: Any, error: Exception) -> NoReturn:
    dialect = connection.dialect
    if dialect.is_disconnect(error, connection.connection.driver_connection, None):  # type: ignore[arg-type]
        # SQLAlchemy finds the same out by itself, and lets go of what its pool holds.
        connection.exec_driver_sql("SELECT 1")
    raise DBAPIError.instance(
        statement, values, error, dialect.loaded_dbapi.Error, dialect=dialect
    ) from error
