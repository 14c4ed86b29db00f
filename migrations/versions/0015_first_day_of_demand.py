"""The first day on which a branch used anything is found without reading every item's days.

Revision ID: 0015
Revises: 0014
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_demand_day_branch_id_day_on"), "demand_day", ["branch_id", "day_on"])


def downgrade() -> None:
    op.drop_index(op.f("ix_demand_day_branch_id_day_on"), table_name="demand_day")
