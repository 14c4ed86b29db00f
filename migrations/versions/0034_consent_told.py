"""When a guest agreed, where that was recorded later.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("safety_record", sa.Column("happened_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("safety_record", "happened_at")
