"""The stored keys. A key is one person's, bound to one request, and lives at least 90 days."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from supply.database import Base


class IdempotencyKey(Base):
    __tablename__ = "idempotency_key"
    __table_args__ = (Index(None, "created_at"),)

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    # An HMAC, so that a body with a password in it cannot be guessed from the stored row.
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(SmallInteger)
    body: Mapped[str] = mapped_column(Text)
    headers: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
