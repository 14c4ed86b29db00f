"""Totals by day that reports begin with: what movements and completions add up to. Never the truth.

A value is exact: `whole` minor units and `rest` / `per` of one, where `per` is the size of the lot's price
(Lot.cost_quantity); 0 where what it cost is not known. A day is the one on which it was performed.
"""

from __future__ import annotations

import uuid
from datetime import date
from enum import StrEnum

from sqlalchemy import ForeignKey, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from supply.database import Base, coded

# On SQLite the rows lie in the order of their key, so what is read together lies together.
_BY_KEY = {"sqlite_with_rowid": False}


class TallyHead(Base):
    """Up to which movement of a branch the totals go."""

    __tablename__ = "tally_head"

    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    seq: Mapped[int]


class TallyValue(Base):
    """What the stock of a branch gained or lost on a day, by kind."""

    __tablename__ = "tally_value"
    __table_args__ = _BY_KEY

    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    day_on: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    per: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    whole: Mapped[int]
    rest: Mapped[int]


class TallyItem(Base):
    """The same of each item, with its quantity in base units."""

    __tablename__ = "tally_item"
    __table_args__ = _BY_KEY

    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"), primary_key=True)
    day_on: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    per: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    quantity: Mapped[int]
    whole: Mapped[int]
    rest: Mapped[int]


class TallyStep(Base):
    """What steps used up in a month, by what was bought: a procedure, a package or none, a position."""

    __tablename__ = "tally_step"
    __table_args__ = _BY_KEY

    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    # Its first day. By day there would be about as many rows as movements.
    month_on: Mapped[date] = mapped_column(primary_key=True)
    procedure_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("procedure.id"), primary_key=True)
    # NO_PACKAGE where none was bought: a key holds no NULL.
    package_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    per: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    whole: Mapped[int]
    rest: Mapped[int]


NO_PACKAGE = uuid.UUID(int=0)


class Span(StrEnum):
    """How many days a row of cases is about: each is kept both ways, so that a year is twelve months."""

    DAY = "day"
    MONTH = "month"


class TallyCase(Base):
    """What completions marked as `tallied` used against their recipes: of an item, or of all together.

    `total` and `squares` add up shares of the standard (shares.py); `standard` and `actual` are base units.
    """

    __tablename__ = "tally_case"
    __table_args__ = _BY_KEY

    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    span: Mapped[Span] = mapped_column(coded(Span, "span"), primary_key=True)
    # shares.ALL_ITEMS: the completion as a whole.
    item_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    # The first of its days.
    begins_on: Mapped[date] = mapped_column(primary_key=True)
    step_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("step.id"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    cases: Mapped[int]
    total: Mapped[float]
    squares: Mapped[float]
    standard: Mapped[int]
    actual: Mapped[int]
    # Completions that are told apart.
    shortfall: Mapped[int]
    incident: Mapped[int]
    unplanned: Mapped[int]
