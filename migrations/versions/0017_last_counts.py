"""A place is held to its last count. What the book held at an instant may lie below zero.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("holding", sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("stock_count_line") as line:
        line.drop_constraint(op.f("ck_stock_count_line_amounts"), type_="check")
        line.create_check_constraint(op.f("ck_stock_count_line_counted"), "counted >= 0")


def downgrade() -> None:
    op.execute("UPDATE stock_count_line SET expected = 0 WHERE expected < 0")
    with op.batch_alter_table("stock_count_line") as line:
        line.drop_constraint(op.f("ck_stock_count_line_counted"), type_="check")
        line.create_check_constraint(op.f("ck_stock_count_line_amounts"), "expected >= 0 AND counted >= 0")
    with op.batch_alter_table("holding") as holding:
        holding.drop_column("counted_at")
