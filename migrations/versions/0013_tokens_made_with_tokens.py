"""A token remembers the one that it was made with, and ends with it.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("api_token") as token:
        token.add_column(sa.Column("made_with_id", sa.Uuid(), nullable=True))
        token.create_foreign_key(
            op.f("fk_api_token_made_with_id_api_token"), "api_token", ["made_with_id"], ["id"]
        )
        token.create_index(op.f("ix_api_token_made_with_id"), ["made_with_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("api_token") as token:
        token.drop_index(op.f("ix_api_token_made_with_id"))
        token.drop_constraint(op.f("fk_api_token_made_with_id_api_token"), type_="foreignkey")
        token.drop_column("made_with_id")
