"""Audit entries: append-only, like the ledger."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from supply.database import Base, new_id


class AuditEntry(Base):
    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "branch_id", "id"), Index(None, "entity", "entity_id", "id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("branch.id"))
    recorded_at: Mapped[datetime]
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    action: Mapped[str] = mapped_column(String(60))
    entity: Mapped[str] = mapped_column(String(40))
    entity_id: Mapped[uuid.UUID]
    # {"field": [before, after]}; never a secret.
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str | None] = mapped_column(String(400))
