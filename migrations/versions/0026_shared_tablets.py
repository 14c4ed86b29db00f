"""Shared tablets, and the sign-ins at them with a PIN.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tablet",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_tablet_branch_id_branch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tablet")),
    )
    op.create_index(op.f("ix_tablet_branch_id_revoked_at"), "tablet", ["branch_id", "revoked_at"])
    with op.batch_alter_table("sign_in") as batch:
        batch.add_column(sa.Column("tablet_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("with_pin", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch.create_foreign_key(op.f("fk_sign_in_tablet_id_tablet"), "tablet", ["tablet_id"], ["id"])
        batch.create_check_constraint(
            op.f("ck_sign_in_pin_at_a_tablet"), "NOT with_pin OR tablet_id IS NOT NULL"
        )


def downgrade() -> None:
    # Who signed in with a PIN may not go on with all that a password allows.
    op.execute("DELETE FROM sign_in WHERE with_pin")
    with op.batch_alter_table("sign_in") as batch:
        batch.drop_constraint(op.f("ck_sign_in_pin_at_a_tablet"), type_="check")
        batch.drop_constraint(op.f("fk_sign_in_tablet_id_tablet"), type_="foreignkey")
        batch.drop_column("with_pin")
        batch.drop_column("tablet_id")
    op.drop_table("tablet")
