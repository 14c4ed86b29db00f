"""A prepared batch is expired by the hour: the instant beside the day.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lot", sa.Column("use_by_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("lot", "use_by_at")
