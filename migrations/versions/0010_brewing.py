"""Brew recipes and prepared batches.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("brew_recipe",
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("item_id", sa.Uuid(), nullable=False),
    sa.Column("yield_quantity", sa.BigInteger(), nullable=False),
    sa.Column("use_by_hours", sa.SmallInteger(), nullable=False),
    sa.Column("storage_place", sa.String(length=80), nullable=True),
    sa.Column("active", sa.Boolean(), nullable=False),
    sa.Column("assumed", sa.Boolean(), nullable=False),
    sa.Column("version", sa.BigInteger(), nullable=False),
    sa.CheckConstraint("use_by_hours BETWEEN 1 AND 720", name=op.f("ck_brew_recipe_use_by_hours")),
    sa.CheckConstraint("yield_quantity > 0", name=op.f("ck_brew_recipe_yield_quantity")),
    sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_brew_recipe_item_id_item")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_brew_recipe")),
    sa.UniqueConstraint("item_id", name=op.f("uq_brew_recipe_item_id"))
    )
    op.create_table("brew_recipe_line",
    sa.Column("recipe_id", sa.Uuid(), nullable=False),
    sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column("item_id", sa.Uuid(), nullable=False),
    sa.Column("quantity", sa.BigInteger(), nullable=False),
    sa.Column("assumed", sa.Boolean(), nullable=False),
    sa.CheckConstraint("quantity > 0", name=op.f("ck_brew_recipe_line_quantity")),
    sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_brew_recipe_line_item_id_item")),
    sa.ForeignKeyConstraint(["recipe_id"], ["brew_recipe.id"], name=op.f("fk_brew_recipe_line_recipe_id_brew_recipe")),
    sa.PrimaryKeyConstraint("recipe_id", "position", name=op.f("pk_brew_recipe_line"))
    )
    op.create_table("prepared_batch",
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("branch_id", sa.Uuid(), nullable=False),
    sa.Column("recipe_id", sa.Uuid(), nullable=False),
    sa.Column("item_id", sa.Uuid(), nullable=False),
    sa.Column("lot_id", sa.Uuid(), nullable=False),
    sa.Column("expected", sa.BigInteger(), nullable=False),
    sa.Column("quantity", sa.BigInteger(), nullable=False),
    sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("person_id", sa.Uuid(), nullable=False),
    sa.Column("note", sa.String(length=400), nullable=True),
    sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("cancelled_by", sa.Uuid(), nullable=True),
    sa.CheckConstraint("expected > 0 AND quantity > 0", name=op.f("ck_prepared_batch_amounts")),
    sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_prepared_batch_branch_id_branch")),
    sa.ForeignKeyConstraint(["cancelled_by"], ["person.id"], name=op.f("fk_prepared_batch_cancelled_by_person")),
    sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_prepared_batch_item_id_item")),
    sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_prepared_batch_lot_id_lot")),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_prepared_batch_person_id_person")),
    sa.ForeignKeyConstraint(["recipe_id"], ["brew_recipe.id"], name=op.f("fk_prepared_batch_recipe_id_brew_recipe")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_prepared_batch"))
    )
    op.create_index(op.f("ix_prepared_batch_branch_id_id"), "prepared_batch", ["branch_id", "id"], unique=False)
    op.create_index(op.f("ix_prepared_batch_branch_id_item_id_happened_at"), "prepared_batch", ["branch_id", "item_id", "happened_at"], unique=False)
    op.create_index(op.f("ix_prepared_batch_lot_id"), "prepared_batch", ["lot_id"], unique=True)
    op.create_table("prepared_line",
    sa.Column("batch_id", sa.Uuid(), nullable=False),
    sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column("item_id", sa.Uuid(), nullable=False),
    sa.Column("standard", sa.BigInteger(), nullable=False),
    sa.Column("actual", sa.BigInteger(), nullable=False),
    sa.Column("shortfall", sa.BigInteger(), nullable=False),
    sa.Column("incident", sa.String(length=40), nullable=True),
    sa.CheckConstraint("actual >= 0 AND standard >= 0", name=op.f("ck_prepared_line_amounts")),
    sa.CheckConstraint("shortfall BETWEEN 0 AND actual", name=op.f("ck_prepared_line_shortfall")),
    sa.ForeignKeyConstraint(["batch_id"], ["prepared_batch.id"], name=op.f("fk_prepared_line_batch_id_prepared_batch")),
    sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_prepared_line_item_id_item")),
    sa.PrimaryKeyConstraint("batch_id", "position", name=op.f("pk_prepared_line"))
    )


def downgrade() -> None:
    op.drop_table("prepared_line")
    op.drop_table("prepared_batch")
    op.drop_table("brew_recipe_line")
    op.drop_table("brew_recipe")
