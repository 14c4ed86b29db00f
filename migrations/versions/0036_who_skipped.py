"""Who left a step out, and when: it stands among their last actions, with Undo.

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_SKIPPED = sa.text("skipped_by IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("visit_step") as batch:
        batch.add_column(sa.Column("skipped_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("skipped_by", sa.Uuid(), nullable=True))
        batch.create_foreign_key(op.f("fk_visit_step_skipped_by_person"), "person", ["skipped_by"], ["id"])
    op.create_index(
        "ix_visit_step_skipped",
        "visit_step",
        ["branch_id", "skipped_by", "skipped_at"],
        sqlite_where=_SKIPPED,
        postgresql_where=_SKIPPED,
    )


def downgrade() -> None:
    op.drop_index("ix_visit_step_skipped", "visit_step")
    with op.batch_alter_table("visit_step") as batch:
        batch.drop_constraint(op.f("fk_visit_step_skipped_by_person"), type_="foreignkey")
        batch.drop_column("skipped_by")
        batch.drop_column("skipped_at")
