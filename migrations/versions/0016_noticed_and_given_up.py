"""The plan notices what planned visits need of inactive items; a delivery remembers what it gave up.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_BEFORE = ("dead-stock", "late-supplier", "changed-use", "minimum-rots", "will-expire", "no-estimate")
_NOW = (*_BEFORE, "booked-inactive")


def _kinds(kinds: tuple[str, ...]) -> None:
    told = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("plan_notice") as notice:
        notice.drop_constraint(op.f("ck_plan_notice_notice_kind"), type_="check")
        notice.create_check_constraint(op.f("ck_plan_notice_notice_kind"), sa.text(f"kind IN ({told})"))


def upgrade() -> None:
    _kinds(_NOW)
    op.add_column("delivery", sa.Column("given_up", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("delivery") as delivery:
        delivery.drop_column("given_up")
    # The next plan writes its notices anew.
    op.execute("DELETE FROM plan_notice WHERE kind = 'booked-inactive'")
    _kinds(_BEFORE)
