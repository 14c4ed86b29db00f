"""Which branches the demo founded, so that a demo is known by more than a code and can be cleared.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("branch", sa.Column("demo", sa.Boolean(), server_default=sa.false(), nullable=False))
    # Demos told before: these two codes were what they were known by.
    op.execute("UPDATE branch SET demo = true WHERE code IN ('DEMO-1', 'DEMO-2')")


def downgrade() -> None:
    op.drop_column("branch", "demo")
