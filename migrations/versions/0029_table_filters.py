"""What people last filtered a table by.

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("table_order", sa.Column("filters", sa.String(length=400), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("table_order", "filters")
