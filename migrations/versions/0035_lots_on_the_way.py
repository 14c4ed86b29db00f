"""What a branch's sums on order hold of transfers is told by lot, with the day it should arrive.

Revision ID: 0035
Revises: 0034

The sums give back what they hold, and transfers on the way are to be noted again: `supply init`, any transfer
and the plan do so (docs/decisions/0015-stock-between-branches.md).
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

GIVE_BACK = """
UPDATE stock_level SET on_order = on_order - (
  SELECT SUM(held.quantity) FROM transfer_incoming AS held
  WHERE held.branch_id = stock_level.branch_id AND held.item_id = stock_level.item_id)
WHERE EXISTS (
  SELECT 1 FROM transfer_incoming AS held
  WHERE held.branch_id = stock_level.branch_id AND held.item_id = stock_level.item_id)
"""
TO_NOTE = "UPDATE transfer SET noted_at = NULL WHERE id IN (SELECT transfer_id FROM transfer_incoming)"


def upgrade() -> None:
    _forget()
    _create(
        "lot_id",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_transfer_incoming_lot_id_lot")),
    )
    op.create_index(op.f("ix_transfer_incoming_branch_id_item_id"), "transfer_incoming", ["branch_id", "item_id"])


def downgrade() -> None:
    _forget()
    _create(
        "item_id",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
    )


def _forget() -> None:
    op.execute(GIVE_BACK)
    op.execute(TO_NOTE)
    op.drop_table("transfer_incoming")


def _create(key: str, *more: sa.Column | sa.Constraint) -> None:
    op.create_table(
        "transfer_incoming",
        sa.Column("transfer_id", sa.Uuid(), nullable=False),
        *(one for one in more if isinstance(one, sa.Column)),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_transfer_incoming_quantity")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_transfer_incoming_branch_id_branch")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_transfer_incoming_item_id_item")),
        *(one for one in more if not isinstance(one, sa.Column)),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["transfer.id"], name=op.f("fk_transfer_incoming_transfer_id_transfer")
        ),
        sa.PrimaryKeyConstraint("transfer_id", key, name=op.f("pk_transfer_incoming")),
    )
