"""What was found in an opened container beside what the book held: weighed, or empty when it was finished."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from supply.database import Base, coded, new_id


class CheckKind(StrEnum):
    WEIGHED = "weighed"
    EMPTIED = "emptied"


class FinishReason(StrEnum):
    """Why a container is done with. All but "empty" throw away what the book still holds in it."""

    EMPTY = "empty"
    EXPIRED = "expired"
    DAMAGED = "damaged"
    SPILLED = "spilled"
    CONTAMINATED = "contaminated"
    OTHER = "other"


class ContainerCheck(Base):
    """One look into a container: found minus expected is the difference that was posted. Base units."""

    __tablename__ = "container_check"
    __table_args__ = (
        CheckConstraint("expected >= 0 AND found >= 0", name="amounts"),
        CheckConstraint("gross_mg >= tare_mg AND tare_mg >= 0", name="weights"),
        Index(None, "branch_id", "happened_at"),
        Index(None, "container_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    container_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("container.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    kind: Mapped[CheckKind] = mapped_column(coded(CheckKind, "kind"))
    # What the scale said, and what the remainder was reckoned with then; none where nobody weighed.
    gross_mg: Mapped[int | None]
    tare_mg: Mapped[int | None]
    density_mg_per_l: Mapped[int | None]
    # What the book held at that time, and what was found.
    expected: Mapped[int]
    found: Mapped[int]
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    # It was not empty after all: the container was taken back into use.
    undone_at: Mapped[datetime | None]

    @property
    def difference(self) -> int:
        return self.found - self.expected
