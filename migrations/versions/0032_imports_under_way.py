"""Since when a large import is being applied, and why that came to nothing.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_file", sa.Column("begun_at", sa.DateTime(timezone=True)))
    op.add_column("import_file", sa.Column("refusal", sa.JSON()))


def downgrade() -> None:
    op.drop_column("import_file", "refusal")
    op.drop_column("import_file", "begun_at")
