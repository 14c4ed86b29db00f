"""What may stand in for an item, in order of preference, with an exact factor.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "substitute",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("substitute_id", sa.Uuid(), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("position BETWEEN 1 AND 10", name=op.f("ck_substitute_position")),
        sa.CheckConstraint("numerator > 0 AND denominator > 0", name=op.f("ck_substitute_factor")),
        sa.CheckConstraint("substitute_id <> item_id", name=op.f("ck_substitute_other_item")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_substitute_item_id_item")),
        sa.ForeignKeyConstraint(
            ["substitute_id"], ["item.id"], name=op.f("fk_substitute_substitute_id_item")
        ),
        sa.PrimaryKeyConstraint("item_id", "position", name=op.f("pk_substitute")),
        sa.UniqueConstraint("item_id", "substitute_id", name=op.f("uq_substitute_item_id_substitute_id")),
    )


def downgrade() -> None:
    op.drop_table("substitute")
