"""On SQLite INSERT OR REPLACE went past the wall of the ledger and the audit: it deletes without a DELETE.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

from migrations.walls import APPEND_ONLY, bar_replacing

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            bar_replacing(table)


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_replace")
