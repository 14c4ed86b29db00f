"""Recalls: a lot number, the branches that it is recalled in, which of them have still to follow, and where one holds.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_UNSETTLED = sa.text("settled_at IS NULL")


def upgrade() -> None:
    op.add_column("branch", sa.Column("recalling", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "recall",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lift_reason", sa.String(length=400), nullable=True),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name=op.f("ck_recall_lifted")),
        sa.CheckConstraint(
            "lifted_at IS NULL OR lift_reason IS NOT NULL", name=op.f("ck_recall_lift_reason")
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_recall_{column}_{table}"))
            for column, table in (
                ("item_id", "item"),
                ("supplier_id", "supplier"),
                ("opened_by", "person"),
                ("lifted_by", "person"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall")),
    )
    op.create_index(op.f("ix_recall_item_id_number"), "recall", ["item_id", "number"])
    op.create_table(
        "recall_branch",
        sa.Column("recall_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["recall_id"], ["recall.id"], name=op.f("fk_recall_branch_recall_id_recall")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_recall_branch_branch_id_branch")),
        sa.PrimaryKeyConstraint("recall_id", "branch_id", name=op.f("pk_recall_branch")),
    )
    op.create_index(
        "ix_recall_branch_unsettled",
        "recall_branch",
        ["branch_id"],
        sqlite_where=_UNSETTLED,
        postgresql_where=_UNSETTLED,
    )


def downgrade() -> None:
    op.drop_table("recall_branch")
    op.drop_table("recall")
    op.drop_column("branch", "recalling")
