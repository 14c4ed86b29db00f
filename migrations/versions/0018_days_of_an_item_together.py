"""On SQLite the days of demand of an item lie together, in the key itself.

Revision ID: 0018
Revises: 0017
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _rebuild(with_rowid=False)


def downgrade() -> None:
    _rebuild(with_rowid=True)


def _rebuild(*, with_rowid: bool) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    kept = {"sqlite_with_rowid": with_rowid}
    with op.batch_alter_table("demand_day", recreate="always", table_kwargs=kept):
        pass
