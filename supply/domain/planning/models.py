"""What the plan keeps: the manager's calendar, one open flag per branch and item, notices, its runs.

A flag's numbers stay as they were when it was decided on; words are made where they are shown.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supply.database import Base, coded, new_id
from supply.domain.catalog.models import Item
from supply.domain.people.models import Person
from supply.domain.suppliers.models import Supplier


class EntryKind(StrEnum):
    """Demand changes; the branch is closed; no supplier delivers or takes orders."""

    EVENT = "event"
    CLOSED = "closed"
    SUPPLIERS_CLOSED = "suppliers-closed"


class NoticeKind(StrEnum):
    DEAD_STOCK = "dead-stock"
    LATE_SUPPLIER = "late-supplier"
    CHANGED_USE = "changed-use"
    MINIMUM_ROTS = "minimum-rots"
    WILL_EXPIRE = "will-expire"
    NO_ESTIMATE = "no-estimate"
    BOOKED_INACTIVE = "booked-inactive"


class CalendarEntry(Base):
    """Days of a branch that are not like others: Tết, a holiday, a closed week. Whole days, both included."""

    __tablename__ = "calendar_entry"
    __table_args__ = (
        CheckConstraint("first_on <= last_on", name="days"),
        CheckConstraint("factor_percent BETWEEN 1 AND 1000", name="factor_percent"),
        CheckConstraint("(kind = 'event') = (factor_percent IS NOT NULL)", name="factor_of_event"),
        Index(None, "branch_id", "last_on"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    kind: Mapped[EntryKind] = mapped_column(coded(EntryKind, "kind"))
    name: Mapped[str] = mapped_column(String(80))
    first_on: Mapped[date]
    last_on: Mapped[date]
    # Of an event: demand in percent of a usual day.
    factor_percent: Mapped[int | None] = mapped_column(SmallInteger)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class ItemEstimate(Base):
    """A manager's first estimate of what a branch uses of an item a day, until its history says more."""

    __tablename__ = "item_estimate"
    __table_args__ = (CheckConstraint("daily >= 0", name="daily"),)

    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"), primary_key=True)
    daily: Mapped[int]


class ReorderFlag(Base):
    """The plan's word on an item, open until the plan or a person closes it."""

    __tablename__ = "reorder_flag"
    __table_args__ = (
        CheckConstraint("quantity >= 0", name="quantity"),
        CheckConstraint("override_quantity >= 0", name="override_quantity"),
        CheckConstraint("snoozed_until IS NULL OR snooze_reason IS NOT NULL", name="snooze_reason"),
        CheckConstraint("override_quantity IS NULL OR override_reason IS NOT NULL", name="override_reason"),
        Index(
            "uq_reorder_flag_open",
            "branch_id",
            "item_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    supplier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("supplier.id"))
    opened_at: Mapped[datetime]
    # When the numbers were worked out, and the branch's day they are of.
    planned_at: Mapped[datetime]
    planned_on: Mapped[date]
    # Base units; zero says: below its level, but not worth an order today.
    quantity: Mapped[int]
    numbers: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Day by day from today: stock, booked, expected, arrivals, expiry; in the item's stock unit.
    days: Mapped[list[Any]] = mapped_column(JSON)
    snoozed_until: Mapped[date | None]
    snooze_reason: Mapped[str | None] = mapped_column(String(400))
    override_quantity: Mapped[int | None]
    override_reason: Mapped[str | None] = mapped_column(String(400))
    # Who snoozed or overrode it last.
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    item: Mapped[Item] = relationship(lazy="raise_on_sql")
    supplier: Mapped[Supplier] = relationship(lazy="raise_on_sql")
    decider: Mapped[Person | None] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def wanted(self) -> int:
        """What is to be ordered: what a person said, else what the plan says; base units."""
        return self.quantity if self.override_quantity is None else self.override_quantity

    @property
    def waits_for(self) -> date | None:
        """The supplier's next order day, where it is not the day of the plan and nobody said otherwise."""
        chance: int = self.numbers["timing"]["chance"]
        later = chance > 0 and self.override_quantity is None
        return self.planned_on + timedelta(days=chance) if later else None

    def is_snoozed(self, today: date) -> bool:
        return self.snoozed_until is not None and today < self.snoozed_until

    def asks_on(self, today: date) -> bool:
        """Whether something is to be ordered of it today."""
        waits = self.waits_for is not None and today < self.waits_for
        return self.wanted > 0 and not waits and not self.is_snoozed(today)


class PlanNotice(Base):
    """Something the manager should know beside the flags; each plan of a branch writes them anew."""

    __tablename__ = "plan_notice"
    __table_args__ = (Index(None, "branch_id", "kind"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    kind: Mapped[NoticeKind] = mapped_column(coded(NoticeKind, "notice_kind"))
    item_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("item.id"))
    supplier_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("supplier.id"))
    numbers: Mapped[dict[str, Any]] = mapped_column(JSON)
    planned_at: Mapped[datetime]

    item: Mapped[Item | None] = relationship(lazy="raise_on_sql")
    supplier: Mapped[Supplier | None] = relationship(lazy="raise_on_sql")


class PlanRun(Base):
    """One run of the plan over a branch, and how far it is."""

    __tablename__ = "plan_run"
    __table_args__ = (
        CheckConstraint("done >= 0 AND done <= total", name="done"),
        Index(None, "branch_id", "started_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    flagged: Mapped[int] = mapped_column(default=0)
    # None: a timer's run.
    started_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
