"""Webhooks, their messages in the outbox, and who listens in a branch.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_WAITS = sa.text("sent_at IS NULL AND given_up_at IS NULL")


def upgrade() -> None:
    op.add_column("branch", sa.Column("listeners", sa.JSON(), nullable=True))
    _webhooks()
    _messages()


def _webhooks() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("secret_number", sa.SmallInteger(), nullable=False),
        sa.Column("secret_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(length=32), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(paused_at IS NULL) = (pause_reason IS NULL)", name=op.f("ck_webhook_paused")),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_webhook_failures")),
        sa.CheckConstraint(
            "pause_reason IN ('asked', 'failing', 'gone')", name=op.f("ck_webhook_pause_reason")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_webhook_created_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_table(
        "webhook_branch",
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_branch_webhook_id_webhook")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_webhook_branch_branch_id_branch")),
        sa.PrimaryKeyConstraint("webhook_id", "branch_id", name=op.f("pk_webhook_branch")),
    )
    op.create_index(op.f("ix_webhook_branch_branch_id"), "webhook_branch", ["branch_id"])


def _messages() -> None:
    op.create_table(
        "webhook_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("answered", sa.SmallInteger(), nullable=True),
        sa.CheckConstraint("sent_at IS NULL OR given_up_at IS NULL", name=op.f("ck_webhook_message_one_end")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_webhook_message_branch_id_branch")),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_message_webhook_id_webhook")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_message")),
    )
    op.create_index(
        "ix_webhook_message_due",
        "webhook_message",
        ["next_at", "id"],
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    )
    op.create_index(op.f("ix_webhook_message_webhook_id_id"), "webhook_message", ["webhook_id", "id"])
    op.create_index(op.f("ix_webhook_message_branch_id_subject_id"), "webhook_message", ["branch_id", "subject_id"])


def downgrade() -> None:
    for table in ("webhook_message", "webhook_branch", "webhook"):
        op.drop_table(table)
    op.drop_column("branch", "listeners")
