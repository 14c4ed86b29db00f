"""Stocktakes: many items, several people, looked at and approved before they are posted.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

from migrations.walls import raise_walls

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counting_rules",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("approval_minor", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("approval_minor >= 0", name=op.f("ck_counting_rules_approval_minor")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_counting_rules_branch_id_branch")),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_counting_rules")),
    )
    op.create_table(
        "stocktake",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("full", "cycle", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "counting",
                "review",
                "submitted",
                "posted",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=400), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("return_reason", sa.String(length=400), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.String(length=400), nullable=True),
        sa.Column("value_minor", sa.BigInteger(), nullable=True),
        sa.Column("gross_minor", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "status <> 'cancelled' OR cancel_reason IS NOT NULL", name=op.f("ck_stocktake_cancel_reason")
        ),
        sa.CheckConstraint("status <> 'posted' OR posted_at IS NOT NULL", name=op.f("ck_stocktake_posted")),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name=op.f("fk_stocktake_approved_by_person")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_stocktake_branch_id_branch")),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_stocktake_opened_by_person")),
        sa.ForeignKeyConstraint(["submitted_by"], ["person.id"], name=op.f("fk_stocktake_submitted_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocktake")),
        sa.UniqueConstraint("branch_id", "number", name=op.f("uq_stocktake_branch_id_number")),
    )
    op.create_index(op.f("ix_stocktake_branch_id_status_id"), "stocktake", ["branch_id", "status", "id"], unique=False)
    op.create_table(
        "stocktake_hand",
        sa.Column("stocktake_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_stocktake_hand_person_id_person")),
        sa.ForeignKeyConstraint(
            ["stocktake_id"], ["stocktake.id"], name=op.f("fk_stocktake_hand_stocktake_id_stocktake")
        ),
        sa.PrimaryKeyConstraint("stocktake_id", "person_id", name=op.f("pk_stocktake_hand")),
    )
    op.create_table(
        "stocktake_item",
        sa.Column("stocktake_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_stocktake_item_item_id_item")),
        sa.ForeignKeyConstraint(
            ["stocktake_id"], ["stocktake.id"], name=op.f("fk_stocktake_item_stocktake_id_stocktake")
        ),
        sa.PrimaryKeyConstraint("stocktake_id", "item_id", name=op.f("pk_stocktake_item")),
    )
    op.create_index(op.f("ix_stocktake_item_item_id"), "stocktake_item", ["item_id"], unique=False)
    op.create_table(
        "stocktake_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stocktake_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("container_id", sa.Uuid(), nullable=True),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counted_by", sa.Uuid(), nullable=True),
        sa.Column("since_seq", sa.BigInteger(), nullable=True),
        sa.Column("skipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recount_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reason",
            sa.Enum(
                "unrecorded-use",
                "unrecorded-waste",
                "lost",
                "found",
                "entry-error",
                "delivery-correction",
                "measuring",
                "unknown",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("note", sa.String(length=400), nullable=True),
        sa.Column("expected", sa.BigInteger(), nullable=True),
        sa.Column("difference", sa.BigInteger(), nullable=True),
        sa.Column("value_minor", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(counted IS NULL) = (counted_at IS NULL) AND (counted IS NULL) = (since_seq IS NULL)",
            name=op.f("ck_stocktake_line_counted_at"),
        ),
        sa.CheckConstraint("counted >= 0", name=op.f("ck_stocktake_line_counted")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_stocktake_line_branch_id_branch")),
        sa.ForeignKeyConstraint(
            ["container_id"], ["container.id"], name=op.f("fk_stocktake_line_container_id_container")
        ),
        sa.ForeignKeyConstraint(["counted_by"], ["person.id"], name=op.f("fk_stocktake_line_counted_by_person")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_stocktake_line_item_id_item")),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_stocktake_line_location_id_location")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_stocktake_line_lot_id_lot")),
        sa.ForeignKeyConstraint(
            ["stocktake_id"], ["stocktake.id"], name=op.f("fk_stocktake_line_stocktake_id_stocktake")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocktake_line")),
    )
    op.create_index(
        op.f("ix_stocktake_line_stocktake_id_location_id_position"),
        "stocktake_line",
        ["stocktake_id", "location_id", "position"],
        unique=False,
    )
    op.create_index(
        op.f("ix_stocktake_line_stocktake_id_position"), "stocktake_line", ["stocktake_id", "position"], unique=True
    )
    op.create_index(
        "ix_stocktake_line_uncounted",
        "stocktake_line",
        ["stocktake_id", "location_id", "position"],
        unique=False,
        sqlite_where=sa.text("counted IS NULL AND skipped_at IS NULL"),
        postgresql_where=sa.text("counted IS NULL AND skipped_at IS NULL"),
    )
    op.create_index(
        "uq_stocktake_line_closed",
        "stocktake_line",
        ["stocktake_id", "lot_id", "location_id"],
        unique=True,
        sqlite_where=sa.text("container_id IS NULL"),
        postgresql_where=sa.text("container_id IS NULL"),
    )
    op.create_index(
        "uq_stocktake_line_container",
        "stocktake_line",
        ["stocktake_id", "container_id", "location_id"],
        unique=True,
        sqlite_where=sa.text("container_id IS NOT NULL"),
        postgresql_where=sa.text("container_id IS NOT NULL"),
    )
    op.create_table(
        "stocktake_tally",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.CheckConstraint("counted >= 0", name=op.f("ck_stocktake_tally_counted")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["stocktake_line.id"], name=op.f("fk_stocktake_tally_line_id_stocktake_line")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_stocktake_tally_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocktake_tally")),
    )
    op.create_index(op.f("ix_stocktake_tally_line_id_id"), "stocktake_tally", ["line_id", "id"], unique=False)
    raise_walls("stocktake")


def downgrade() -> None:
    for table in (
        "stocktake_tally",
        "stocktake_line",
        "stocktake_item",
        "stocktake_hand",
        "stocktake",
        "counting_rules",
    ):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS supply_own_count() CASCADE")
