"""Opened containers: densities and tares, who finished one and why, and what was found in them.

The index of completions goes from the day of recording to the day of doing: a late entry belongs to its own time.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OPEN = sa.text("finished_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("item") as batch:
        batch.add_column(sa.Column("density_mg_per_l", sa.BigInteger(), nullable=True))
        batch.create_check_constraint(op.f("ck_item_density_mg_per_l"), "density_mg_per_l BETWEEN 100000 AND 20000000")
    with op.batch_alter_table("item_unit") as batch:
        batch.add_column(sa.Column("tare_mg", sa.BigInteger(), nullable=True))
        batch.create_check_constraint(op.f("ck_item_unit_tare_mg"), "tare_mg >= 0")
    with op.batch_alter_table("container") as batch:
        batch.add_column(sa.Column("unit_code", sa.String(length=20), nullable=True))
        batch.add_column(sa.Column("tare_mg", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("finished_by", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("finish_reason", sa.String(length=40), nullable=True))
        batch.create_check_constraint(op.f("ck_container_tare_mg"), "tare_mg >= 0")
        batch.create_foreign_key(
            op.f("fk_container_finished_by_person"), "person", ["finished_by"], ["id"]
        )
    # Until now a container was finished for one reason only.
    op.execute("UPDATE container SET finish_reason = 'empty' WHERE finished_at IS NOT NULL")
    op.create_index(
        "ix_container_open",
        "container",
        ["branch_id", "id"],
        unique=False,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_table(
        "container_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("container_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "weighed", "emptied", name="kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("gross_mg", sa.BigInteger(), nullable=True),
        sa.Column("tare_mg", sa.BigInteger(), nullable=True),
        sa.Column("density_mg_per_l", sa.BigInteger(), nullable=True),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("expected >= 0 AND found >= 0", name=op.f("ck_container_check_amounts")),
        sa.CheckConstraint("gross_mg >= tare_mg AND tare_mg >= 0", name=op.f("ck_container_check_weights")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_container_check_branch_id_branch")
        ),
        sa.ForeignKeyConstraint(
            ["container_id"], ["container.id"], name=op.f("fk_container_check_container_id_container")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_container_check_item_id_item")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_container_check_lot_id_lot")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_container_check_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_container_check")),
    )
    op.create_index(
        op.f("ix_container_check_branch_id_happened_at"), "container_check", ["branch_id", "happened_at"]
    )
    op.create_index(op.f("ix_container_check_container_id"), "container_check", ["container_id"])
    op.drop_index(op.f("ix_completion_branch_id_recorded_at"), table_name="completion")
    op.create_index(
        op.f("ix_completion_branch_id_happened_at"), "completion", ["branch_id", "happened_at"]
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_completion_branch_id_happened_at"), table_name="completion")
    op.create_index(
        op.f("ix_completion_branch_id_recorded_at"), "completion", ["branch_id", "recorded_at"]
    )
    op.drop_table("container_check")
    op.drop_index("ix_container_open", table_name="container")
    with op.batch_alter_table("container") as batch:
        batch.drop_constraint(op.f("fk_container_finished_by_person"), type_="foreignkey")
        batch.drop_constraint(op.f("ck_container_tare_mg"), type_="check")
        for column in ("unit_code", "tare_mg", "finished_by", "finish_reason"):
            batch.drop_column(column)
    with op.batch_alter_table("item_unit") as batch:
        batch.drop_constraint(op.f("ck_item_unit_tare_mg"), type_="check")
        batch.drop_column("tare_mg")
    with op.batch_alter_table("item") as batch:
        batch.drop_constraint(op.f("ck_item_density_mg_per_l"), type_="check")
        batch.drop_column("density_mg_per_l")
