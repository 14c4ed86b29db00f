"""Visit -> guests, steps -> planned lines; completion -> lines. Codes only, never a client's name."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supply.database import Base, coded, new_id


class VisitStatus(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    FINISHED = "finished"
    BROKEN_OFF = "broken-off"
    CANCELLED = "cancelled"


class StepStatus(StrEnum):
    PLANNED = "planned"
    STARTED = "started"
    COMPLETED = "completed"
    SKIPPED = "skipped"


class SkipReason(StrEnum):
    CLIENT_WISH = "client-wish"
    HEALTH = "health"
    TIME = "time"
    NO_SUPPLY = "no-supply"
    EQUIPMENT = "equipment"
    BROKEN_OFF = "broken-off"


class Visit(Base):
    __tablename__ = "visit"
    __table_args__ = (
        CheckConstraint("party_size BETWEEN 1 AND 14", name="party_size"),
        Index(None, "branch_id", "planned_at", "id"),
        Index(
            "uq_visit_booking",
            "branch_id",
            "booking_reference",
            unique=True,
            sqlite_where=text("booking_reference IS NOT NULL"),
            postgresql_where=text("booking_reference IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    # The booking system's opaque reference.
    booking_reference: Mapped[str | None] = mapped_column(String(60))
    procedure_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("procedure.id"))
    recipe_version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recipe_version.id"))
    package_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("package.id"))
    room_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("room.id"))
    therapist_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    party_size: Mapped[int] = mapped_column(SmallInteger)
    # Whether a guest bears a condition: visits of which none does are never asked about safety.
    has_conditions: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    planned_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    status: Mapped[VisitStatus] = mapped_column(coded(VisitStatus, "status"), default=VisitStatus.PLANNED)
    note: Mapped[str | None] = mapped_column(String(1000))
    version: Mapped[int] = mapped_column(default=1)

    guests: Mapped[list[VisitGuest]] = relationship(
        cascade="all, delete-orphan", order_by="VisitGuest.position"
    )
    steps: Mapped[list[VisitStep]] = relationship(cascade="all, delete-orphan", order_by="VisitStep.position")


class VisitGuest(Base):
    """ "Guest 1", "guest 2": conditions and factors by code, nothing that tells who it is."""

    __tablename__ = "visit_guest"

    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visit.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    # "pregnancy", or "allergy:" and the code of an item.
    conditions: Mapped[list[Any]] = mapped_column(JSON, default=list)
    # What about the guest changes the quantities: age band, skin, body size, preference.
    factors: Mapped[list[Any]] = mapped_column(JSON, default=list)


class VisitStep(Base):
    __tablename__ = "visit_step"
    __table_args__ = (
        UniqueConstraint("visit_id", "position"),
        Index(
            "ix_visit_step_open",
            "branch_id",
            "visit_id",
            sqlite_where=text("status IN ('planned', 'started')"),
            postgresql_where=text("status IN ('planned', 'started')"),
        ),
        Index(
            "ix_visit_step_skipped",
            "branch_id",
            "skipped_by",
            "skipped_at",
            sqlite_where=text("skipped_by IS NOT NULL"),
            postgresql_where=text("skipped_by IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visit.id"))
    step_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("step.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[StepStatus] = mapped_column(coded(StepStatus, "status"), default=StepStatus.PLANNED)
    started_at: Mapped[datetime | None]
    skip_reason: Mapped[SkipReason | None] = mapped_column(coded(SkipReason, "skip_reason"))
    # When somebody left it out the last time, and who.
    skipped_at: Mapped[datetime | None]
    skipped_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    # Which warnings were acknowledged when it started, by whom.
    acknowledged: Mapped[list[Any] | None] = mapped_column(JSON)
    acknowledged_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))

    lines: Mapped[list[VisitLine]] = relationship(cascade="all, delete-orphan", order_by="VisitLine.position")


class VisitLine(Base):
    """The recipe line as resolved for this visit: so much, for that guest, by that rule."""

    __tablename__ = "visit_line"
    __table_args__ = (CheckConstraint("quantity >= 0", name="quantity"),)

    visit_step_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visit_step.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    # None: for the whole party (per tub, per room).
    guest_position: Mapped[int | None] = mapped_column(SmallInteger)
    quantity: Mapped[int]
    rule: Mapped[str] = mapped_column(String(120))
    # What the recipe wanted instead, how much of it, and the condition code or word for why. The item itself
    # with a quantity of nothing: left out.
    replaces_item_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("item.id"))
    replaces_quantity: Mapped[int | None]
    replaces_because: Mapped[str | None] = mapped_column(String(60))


class RecordKind(StrEnum):
    """What somebody took upon themselves against a safety rule."""

    CONSENT = "consent"
    OVERRIDE = "override"
    INCIDENT = "incident"


class SafetyRecord(Base):
    """Who consented to a rule's wording, overrode it in a step, or said that it was broken; for one guest."""

    __tablename__ = "safety_record"
    __table_args__ = (
        CheckConstraint("kind <> 'override' OR reason IS NOT NULL", name="reason"),
        CheckConstraint("kind = 'consent' OR step_position IS NOT NULL", name="step"),
        CheckConstraint("kind <> 'incident' OR completion_id IS NOT NULL", name="incident"),
        Index(None, "visit_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visit.id"))
    kind: Mapped[RecordKind] = mapped_column(coded(RecordKind, "kind"))
    guest_position: Mapped[int] = mapped_column(SmallInteger)
    # None: the whole visit (a consent).
    step_position: Mapped[int | None] = mapped_column(SmallInteger)
    # "pregnancy", "allergy:ginger". An allergy has no rule of its own.
    condition: Mapped[str] = mapped_column(String(60))
    rule_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("contraindication.id"))
    rule_version: Mapped[int | None]
    completion_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("completion.id"))
    reason: Mapped[str | None] = mapped_column(String(300))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]
    # The plan was changed since: it was about another guest, or about other steps.
    void_at: Mapped[datetime | None]
    # When a guest agreed, as it is told. None: as it was recorded.
    happened_at: Mapped[datetime | None]


class Completion(Base):
    """One doing of one visit step. At most one is live; a reversed one stays on record."""

    __tablename__ = "completion"
    __table_args__ = (
        Index(
            "uq_completion_live",
            "visit_step_id",
            unique=True,
            sqlite_where=text("reversed_at IS NULL"),
            postgresql_where=text("reversed_at IS NULL"),
        ),
        Index(None, "branch_id", "happened_at"),
        Index(
            "ix_completion_untallied",
            "branch_id",
            sqlite_where=text("tallied = (reversed_at IS NOT NULL)"),
            postgresql_where=text("tallied = (reversed_at IS NOT NULL)"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    visit_step_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visit_step.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    reversed_at: Mapped[datetime | None]
    reversed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    # Whether the totals of reports hold it, which alone write this.
    tallied: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())


class CompletionLine(Base):
    """Standard beside actual; what the shelf could not give is the shortfall."""

    __tablename__ = "completion_line"
    __table_args__ = (
        CheckConstraint("actual >= 0 AND standard >= 0", name="amounts"),
        CheckConstraint("shortfall BETWEEN 0 AND actual", name="shortfall"),
    )

    completion_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("completion.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    guest_position: Mapped[int | None] = mapped_column(SmallInteger)
    standard: Mapped[int]
    actual: Mapped[int]
    shortfall: Mapped[int] = mapped_column(default=0)
    # "expired-lot", "quarantined-lot": a rule was broken, and it is said.
    incident: Mapped[str | None] = mapped_column(String(40))
