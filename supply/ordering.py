"""The order in which a list is asked for: by one of its columns, and from which row on.

What has no value stands last, whichever way. A list keeps its own order, with its cursor, where nobody asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVarTuple

from sqlalchemy import Select

T = TypeVarTuple("T")


@dataclass(frozen=True, slots=True)
class Order:
    """`column` is a name that the list knows; `skip` counts the rows of the pages before."""

    column: str
    descending: bool = False
    skip: int = 0


def ordered(query: Select[*T], order: Order, columns: Mapping[str, Any], *ties: Any) -> Select[*T]:
    """The query in this order; `ties` decide among equals. KeyError for a column that is not listed."""
    column = columns[order.column]
    way = column.desc() if order.descending else column.asc()
    return query.order_by(None).order_by(column.is_(None), way, *ties).offset(order.skip)
