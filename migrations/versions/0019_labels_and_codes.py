"""Labels of lots and opened containers with their tags, and the codes of packages that mean an item.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_PARENTS = ("branch", "lot", "container", "person")


def upgrade() -> None:
    op.create_table(
        "item_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_item_code_quantity")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_item_code_item_id_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_code")),
        sa.UniqueConstraint("code", name=op.f("uq_item_code_code")),
    )
    op.create_index(op.f("ix_item_code_item_id"), "item_code", ["item_id"])
    op.create_table(
        "label",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tag", sa.String(length=10), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("container_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        *(
            sa.ForeignKeyConstraint([f"{parent}_id"], [f"{parent}.id"], name=op.f(f"fk_label_{parent}_id_{parent}"))
            for parent in _PARENTS
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
        sa.UniqueConstraint("tag", name=op.f("uq_label_tag")),
    )
    for name, column, told in (("lot", "lot_id", "IS NULL"), ("container", "container_id", "IS NOT NULL")):
        condition = sa.text(f"container_id {told}")
        op.create_index(
            f"uq_label_{name}",
            "label",
            [column],
            unique=True,
            sqlite_where=condition,
            postgresql_where=condition,
        )


def downgrade() -> None:
    op.drop_table("label")
    op.drop_table("item_code")
