"""Who asked for a requisition or wrote on it could be taken off it past the program, and then approve it.

Revision ID: 0037
Revises: 0036
"""

from migrations.walls import drop_keep_requester, keep_requester

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    keep_requester()


def downgrade() -> None:
    drop_keep_requester()
