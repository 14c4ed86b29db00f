"""People, grants, shared tablets, sessions, tokens, throttles. Secrets are stored only as hashes."""

from __future__ import annotations

import uuid
from datetime import datetime
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
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supply.database import Base, coded, new_id
from supply.permissions import Role


class Person(Base):
    __tablename__ = "person"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    login: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(5), default="vi")
    theme: Mapped[str] = mapped_column(String(5), default="auto")
    # Whether a key alone, without Ctrl, does something on a page (WCAG 2.1.4).
    single_keys: Mapped[bool] = mapped_column(default=True, server_default=true())
    password_hash: Mapped[str] = mapped_column(String(200))
    pin_hash: Mapped[str | None] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    # Every change of password, role or activity ends the sessions that began before it.
    session_epoch: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]

    grants: Mapped[list[RoleGrant]] = relationship(back_populates="person", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def has_pin(self) -> bool:
        return self.pin_hash is not None


class RoleGrant(Base):
    """A role in a branch; a branch of None means every branch and is for admins only."""

    __tablename__ = "role_grant"
    __table_args__ = (
        UniqueConstraint("person_id", "role", "branch_id"),
        # NULLs are distinct to UNIQUE, so "everywhere" needs its own wall.
        Index(
            "uq_role_grant_everywhere",
            "person_id",
            "role",
            unique=True,
            sqlite_where=text("branch_id IS NULL"),
            postgresql_where=text("branch_id IS NULL"),
        ),
        CheckConstraint("branch_id IS NOT NULL OR role = 'admin'", name="everywhere"),
        Index(None, "branch_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    branch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("branch.id"))
    role: Mapped[Role] = mapped_column(coded(Role, "role"))

    person: Mapped[Person] = relationship(back_populates="grants")


class Tablet(Base):
    """A device that people of a branch share. Its cookie holds its id and a secret; here is the hash."""

    __tablename__ = "tablet"
    __table_args__ = (Index(None, "branch_id", "revoked_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    name: Mapped[str] = mapped_column(String(80))
    secret_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    # When somebody last opened a session at it.
    seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SignIn(Base):
    """A session of a person on a device. The cookie holds its id and a secret; here is the hash.

    At a shared tablet it ends along with it, and after a few idle minutes; opened with a PIN it may less.
    """

    __tablename__ = "sign_in"
    __table_args__ = (
        CheckConstraint("NOT with_pin OR tablet_id IS NOT NULL", name="pin_at_a_tablet"),
        Index(None, "person_id", "ended_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    secret_hash: Mapped[str] = mapped_column(String(64))
    session_epoch: Mapped[int]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    tablet_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tablet.id"))
    with_pin: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())


class ApiToken(Base):
    """A bearer token of a person: shown once, kept as SHA-256, narrowed by scopes."""

    __tablename__ = "api_token"
    __table_args__ = (Index(None, "person_id"), Index(None, "made_with_id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(80))
    prefix: Mapped[str] = mapped_column(String(12))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    # The token that it was made with over the API: it lives no longer than that one.
    made_with_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_token.id"))


class TableOrder(Base):
    """How a person last sorted a table of the pages ("-expected") and filtered it ("q=gung")."""

    __tablename__ = "table_order"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    table_name: Mapped[str] = mapped_column(String(60), primary_key=True)
    told: Mapped[str] = mapped_column(String(40))
    filters: Mapped[str] = mapped_column(String(400), server_default="")


class Throttle(Base):
    """Wrong tries against one subject ("account:…", "address:…", "pin:person:device")."""

    __tablename__ = "throttle"

    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    failures: Mapped[int] = mapped_column(SmallInteger, default=0)
    first_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]
