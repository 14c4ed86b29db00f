"""A purchase order is a draft until it is sent, and ends closed or cancelled; mail waits in an outbox.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BEFORE = "status IN ('ordered', 'partly-received', 'received', 'cancelled')"
_CHECKS = {
    "ck_purchase_order_status": "status IN ('draft', 'ordered', 'partly-received', 'received', 'closed', 'cancelled')",
    "ck_purchase_order_sent_by": "sent_by IN ('mail', 'print', 'phone')",
    "ck_purchase_order_sent": "status = 'draft' OR ordered_at IS NOT NULL OR cancelled_at IS NOT NULL",
    "ck_purchase_order_closed": "(status = 'closed') = (closed_at IS NOT NULL)",
}
_PEOPLE = {"ordered_by": "fk_purchase_order_ordered_by_person", "closed_by": "fk_purchase_order_closed_by_person"}


def upgrade() -> None:
    op.create_table(
        "outbound_mail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("source_type", sa.String(length=24), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attachment_name", sa.String(length=80), nullable=True),
        sa.Column("attachment", sa.Text(), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("sent_at IS NULL OR given_up_at IS NULL", name=op.f("ck_outbound_mail_one_end")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_outbound_mail_branch_id_branch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbound_mail")),
    )
    op.create_index(
        "ix_outbound_mail_due",
        "outbound_mail",
        ["next_at", "id"],
        sqlite_where=sa.text("sent_at IS NULL AND given_up_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND given_up_at IS NULL"),
    )
    op.create_index(op.f("ix_outbound_mail_source_id"), "outbound_mail", ["source_id"])
    op.add_column("purchase_order_line", sa.Column("pack_name", sa.String(length=40), nullable=True))
    op.add_column("purchase_order_line", sa.Column("supplier_code", sa.String(length=60), nullable=True))
    with op.batch_alter_table("purchase_order") as order:
        # Nullable first: the orders that are there were sent when they were approved.
        order.add_column(sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))
        order.add_column(sa.Column("sent_by", sa.String(length=32), nullable=True))
        order.add_column(sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
        order.add_column(sa.Column("close_reason", sa.String(length=400), nullable=True))
        for column, name in _PEOPLE.items():
            order.add_column(sa.Column(column, sa.Uuid(), nullable=True))
            order.create_foreign_key(name, "person", [column], ["id"])
        order.alter_column("ordered_at", existing_type=sa.DateTime(timezone=True), nullable=True)
        order.drop_constraint(op.f("ck_purchase_order_status"), type_="check")
    op.execute("UPDATE purchase_order SET approved_at = ordered_at")
    with op.batch_alter_table("purchase_order") as order:
        order.alter_column("approved_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        for name, condition in _CHECKS.items():
            order.create_check_constraint(op.f(name), sa.text(condition))


def downgrade() -> None:
    with op.batch_alter_table("purchase_order") as order:
        for name in _CHECKS:
            order.drop_constraint(op.f(name), type_="check")
    # The older schema knows neither drafts nor an end that is not a cancellation.
    op.execute("UPDATE purchase_order SET ordered_at = approved_at WHERE ordered_at IS NULL")
    op.execute("UPDATE purchase_order SET status = 'ordered' WHERE status = 'draft'")
    op.execute(
        "UPDATE purchase_order SET status = 'cancelled', cancelled_at = closed_at, cancel_reason = close_reason "
        "WHERE status = 'closed'"
    )
    with op.batch_alter_table("purchase_order") as order:
        order.alter_column("ordered_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        for column, name in _PEOPLE.items():
            order.drop_constraint(op.f(name), type_="foreignkey")
            order.drop_column(column)
        for column in ("approved_at", "sent_by", "closed_at", "close_reason"):
            order.drop_column(column)
        order.create_check_constraint(op.f("ck_purchase_order_status"), sa.text(_BEFORE))
    op.drop_column("purchase_order_line", "supplier_code")
    op.drop_column("purchase_order_line", "pack_name")
    op.drop_table("outbound_mail")
