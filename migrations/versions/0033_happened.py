"""Movements are found by the time at which they happened.

Revision ID: 0033
Revises: 0032
"""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_movement_branch_id_happened_at_seq", "movement", ["branch_id", "happened_at", "seq"])


def downgrade() -> None:
    op.drop_index("ix_movement_branch_id_happened_at_seq", table_name="movement")
