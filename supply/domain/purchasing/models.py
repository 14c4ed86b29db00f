"""Requisition (what is approved) -> purchase order (one per supplier). Nobody approves their own."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    case,
    or_,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supply.database import Base, coded, new_id
from supply.domain.catalog.models import Item
from supply.domain.people.models import Person
from supply.domain.suppliers.models import Supplier


class RequisitionStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class OrderStatus(StrEnum):
    """A draft is approved and not yet with the supplier. Closed and cancelled are ends."""

    DRAFT = "draft"
    ORDERED = "ordered"
    PARTLY_RECEIVED = "partly-received"
    RECEIVED = "received"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class SentBy(StrEnum):
    """How an order reached its supplier."""

    MAIL = "mail"
    PRINT = "print"
    PHONE = "phone"


class Deviation(StrEnum):
    """Why less or more came than was ordered."""

    MORE_TO_COME = "more-to-come"
    SOLD_OUT = "sold-out"
    DISCONTINUED = "discontinued"
    REFUSED = "refused"
    NOT_NEEDED = "not-needed"
    WHOLE_PACKS = "whole-packs"
    AGREED = "agreed"
    GIFT = "gift"
    SENT_TOO_MUCH = "sent-too-much"


SHORT = (
    Deviation.MORE_TO_COME,
    Deviation.SOLD_OUT,
    Deviation.DISCONTINUED,
    Deviation.REFUSED,
    Deviation.NOT_NEEDED,
)
OVER = (Deviation.WHOLE_PACKS, Deviation.AGREED, Deviation.GIFT, Deviation.SENT_TOO_MUCH)
# What is missing for one of these is not awaited any more.
GIVEN_UP = tuple(reason for reason in SHORT if reason is not Deviation.MORE_TO_COME)


class BuyingRules(Base):
    """What a branch's manager decides about buying; a branch without a row has the defaults of rules.py."""

    __tablename__ = "buying_rules"
    __table_args__ = (
        CheckConstraint("blocked_step_minor > 0", name="blocked_step_minor"),
        CheckConstraint("second_approval_minor >= 0", name="second_approval_minor"),
    )

    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    # What it costs the spa that one guest's step cannot be given.
    blocked_step_minor: Mapped[int]
    # Above this a second person must approve too; None: never.
    second_approval_minor: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Requisition(Base):
    __tablename__ = "requisition"
    __table_args__ = (
        UniqueConstraint("branch_id", "number"),
        CheckConstraint("decided_by <> requested_by", name="four_eyes"),
        CheckConstraint("status <> 'rejected' OR reason IS NOT NULL", name="rejection_reason"),
        CheckConstraint(
            "status NOT IN ('approved', 'rejected') OR decided_by IS NOT NULL", name="decided_by_somebody"
        ),
        Index(None, "branch_id", "status", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    number: Mapped[int]
    status: Mapped[RequisitionStatus] = mapped_column(
        coded(RequisitionStatus, "status"), default=RequisitionStatus.DRAFT
    )
    requested_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(400))
    version: Mapped[int] = mapped_column(default=1)

    lines: Mapped[list[RequisitionLine]] = relationship(
        cascade="all, delete-orphan", order_by="RequisitionLine.position"
    )
    editors: Mapped[list[RequisitionEditor]] = relationship(cascade="all, delete-orphan")
    approvals: Mapped[list[RequisitionApproval]] = relationship(
        cascade="all, delete-orphan", order_by="RequisitionApproval.approved_at"
    )
    requester: Mapped[Person] = relationship(foreign_keys=requested_by)
    decider: Mapped[Person | None] = relationship(foreign_keys=decided_by)
    orders: Mapped[list[PurchaseOrder]] = relationship(order_by="PurchaseOrder.number", viewonly=True)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class RequisitionEditor(Base):
    """Whoever raised or edited it. A trigger refuses a decision by any of them."""

    __tablename__ = "requisition_editor"

    requisition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("requisition.id"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)


class RequisitionApproval(Base):
    """One approval; above the branch's amount it takes two. A trigger refuses those who asked."""

    __tablename__ = "requisition_approval"

    requisition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("requisition.id"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    approved_at: Mapped[datetime]

    person: Mapped[Person] = relationship()


class RequisitionLine(Base):
    __tablename__ = "requisition_line"
    __table_args__ = (
        UniqueConstraint("requisition_id", "item_id"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    requisition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("requisition.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    supplier_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("supplier.id"))
    quantity: Mapped[int]
    # The flag's arithmetic as it was when it was decided on: {"on_hand": …, "suggested": …}.
    arithmetic: Mapped[dict[str, Any]] = mapped_column(JSON)

    item: Mapped[Item] = relationship()
    supplier: Mapped[Supplier | None] = relationship()


class PurchaseOrder(Base):
    __tablename__ = "purchase_order"
    __table_args__ = (
        UniqueConstraint("branch_id", "number"),
        CheckConstraint(
            "status = 'draft' OR ordered_at IS NOT NULL OR cancelled_at IS NOT NULL", name="sent"
        ),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        Index(None, "branch_id", "status", "id"),
        Index(None, "requisition_id"),
        Index(
            "ix_purchase_order_arrived",
            "branch_id",
            "supplier_id",
            "arrived_at",
            sqlite_where=text("arrived_at IS NOT NULL"),
            postgresql_where=text("arrived_at IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    number: Mapped[int]
    supplier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("supplier.id"))
    requisition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("requisition.id"))
    status: Mapped[OrderStatus] = mapped_column(coded(OrderStatus, "status"), default=OrderStatus.DRAFT)
    approved_at: Mapped[datetime]
    # When it went to the supplier, how, and by whom; a draft has not.
    ordered_at: Mapped[datetime | None]
    ordered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    sent_by: Mapped[SentBy | None] = mapped_column(coded(SentBy, "sent_by"))
    expected_at: Mapped[datetime]
    # When the first of it came: what lead times are learned from.
    arrived_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None] = mapped_column(String(400))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    close_reason: Mapped[str | None] = mapped_column(String(400))
    version: Mapped[int] = mapped_column(default=1)

    supplier: Mapped[Supplier] = relationship()
    lines: Mapped[list[PurchaseOrderLine]] = relationship(
        cascade="all, delete-orphan", order_by="PurchaseOrderLine.position"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class PurchaseOrderLine(Base):
    __tablename__ = "purchase_order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "item_id"),
        CheckConstraint("ordered > 0", name="ordered"),
        CheckConstraint("received >= 0", name="received"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("purchase_order.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    ordered: Mapped[int]
    received: Mapped[int] = mapped_column(default=0)
    price_minor: Mapped[int | None]
    pack_quantity: Mapped[int | None]
    # The supplier's words for it, as they were: what stands on the order they get.
    pack_name: Mapped[str | None] = mapped_column(String(40))
    supplier_code: Mapped[str | None] = mapped_column(String(60))
    # Why what came so far differs, as the last delivery said.
    reason: Mapped[Deviation | None] = mapped_column(coded(Deviation, "reason"))

    item: Mapped[Item] = relationship()

    @property
    def missing(self) -> int:
        """Ordered and not received, awaited or not."""
        return max(self.ordered - self.received, 0)

    @hybrid_property
    def open(self) -> int:
        """What is still to come; more than ordered leaves nothing open, nor does what will never come."""
        return 0 if self.reason in GIVEN_UP else self.missing

    @open.inplace.expression
    @classmethod
    def _open(cls) -> ColumnElement[int]:
        settled = or_(cls.reason.in_(GIVEN_UP), cls.received >= cls.ordered)
        return case((settled, 0), else_=cls.ordered - cls.received)
