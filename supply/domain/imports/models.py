"""What is kept of an import: the file's rows as text, what they were planned and done to be."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supply.database import Base, coded, new_id
from supply.domain.people.models import Person


class ImportKind(StrEnum):
    ITEMS = "items"
    SUPPLIERS = "suppliers"
    RECIPES = "recipes"
    OPENING_STOCK = "opening-stock"
    PAST_USAGE = "past-usage"


class ImportState(StrEnum):
    """Read; looked at with its columns named; applied as a whole; taken back."""

    READ = "read"
    PREVIEWED = "previewed"
    APPLIED = "applied"
    UNDONE = "undone"


class Outcome(StrEnum):
    CREATE = "create"
    CHANGE = "change"
    SKIP = "skip"
    ERROR = "error"


class ImportFile(Base):
    """One file that somebody gave, in the branch whose money and days its cells are told in."""

    __tablename__ = "import_file"
    __table_args__ = (
        CheckConstraint("(applied_at IS NULL) = (applied_by IS NULL)", name="applied"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone"),
        CheckConstraint("undone_at IS NULL OR applied_at IS NOT NULL", name="undone_after"),
        Index(None, "branch_id", "id"),
        Index(None, "branch_id", "kind", "header_digest"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    kind: Mapped[ImportKind] = mapped_column(coded(ImportKind, "kind"))
    state: Mapped[ImportState] = mapped_column(coded(ImportState, "state"))
    file_name: Mapped[str] = mapped_column(String(200))
    # SHA-256 of the bytes: the same file given twice is told.
    digest: Mapped[str] = mapped_column(String(64))
    header: Mapped[list[str]] = mapped_column(JSON)
    header_digest: Mapped[str] = mapped_column(String(64))
    # For each column of the kind: its place in the file or null, what holds where it is empty.
    sources: Mapped[dict[str, Any]] = mapped_column(JSON)
    row_count: Mapped[int] = mapped_column(SmallInteger)
    # How many rows of the preview have which outcome.
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    # How many things the undoing removed, hid, restored, kept, reversed.
    undone: Mapped[dict[str, int]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    applied_at: Mapped[datetime | None]
    applied_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    # Since when somebody applies it after the answer; None before and once that has ended.
    begun_at: Mapped[datetime | None]
    # Why that came to nothing, by language; empty for a fault of the program.
    refusal: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int] = mapped_column(default=1)

    person: Mapped[Person] = relationship(foreign_keys=[person_id], lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class ImportRow(Base):
    """A row of the file: its cells as they stood, and what they were planned to do."""

    __tablename__ = "import_row"

    import_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("import_file.id"), primary_key=True)
    # As a spreadsheet numbers it.
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cells: Mapped[list[str]] = mapped_column(JSON)
    outcome: Mapped[Outcome | None] = mapped_column(coded(Outcome, "outcome"))
    # What it is about, as people name it: a code.
    subject: Mapped[str | None] = mapped_column(String(120))
    entity_id: Mapped[uuid.UUID | None]
    # Column by column what it said before and says after, as text.
    changes: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    # Why it cannot be taken in: column, found, and by language what was expected.
    faults: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
