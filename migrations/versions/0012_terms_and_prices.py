"""Suppliers: cut-off, second choice, an item's own lead time, the history of prices; why deliveries differ.

Revision ID: 0012
Revises: 0011
"""

import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_REASON = (
    "reason IN ('more-to-come', 'sold-out', 'discontinued', 'refused', 'not-needed', 'whole-packs', 'agreed', "
    "'gift', 'sent-too-much')"
)
_LINES = ("purchase_order_line", "delivery_line")
_PARENTS = ("supplier", "item", "delivery", "person")


def upgrade() -> None:
    with op.batch_alter_table("supplier") as supplier:
        supplier.add_column(sa.Column("cutoff_minute", sa.SmallInteger(), nullable=True))
        supplier.create_check_constraint(
            op.f("ck_supplier_cutoff_minute"), sa.text("cutoff_minute BETWEEN 1 AND 1439")
        )
    with op.batch_alter_table("supplier_terms") as terms:
        # The default serves the rows that are there; the program always says it.
        terms.add_column(sa.Column("second", sa.Boolean(), nullable=False, server_default=sa.false()))
        terms.add_column(sa.Column("lead_time_days", sa.SmallInteger(), nullable=True))
        terms.create_check_constraint(
            op.f("ck_supplier_terms_lead_time_days"), sa.text("lead_time_days BETWEEN 0 AND 365")
        )
        terms.create_check_constraint(op.f("ck_supplier_terms_one_place"), sa.text("NOT (preferred AND second)"))
    with op.batch_alter_table("supplier_terms") as terms:
        terms.alter_column("second", existing_type=sa.Boolean(), server_default=None)
    for table in _LINES:
        with op.batch_alter_table(table) as lines:
            lines.add_column(sa.Column("reason", sa.String(length=32), nullable=True))
            lines.create_check_constraint(op.f(f"ck_{table}_reason"), sa.text(_REASON))
    op.add_column("delivery_line", sa.Column("agreed_minor", sa.BigInteger(), nullable=True))
    op.add_column("delivery_line", sa.Column("pack_quantity", sa.BigInteger(), nullable=True))
    prices = op.create_table(
        "supplier_price",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("pack_quantity", sa.BigInteger(), nullable=False),
        sa.Column("pack_name", sa.String(length=40), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_supplier_price_price_minor")),
        sa.CheckConstraint("pack_quantity > 0", name=op.f("ck_supplier_price_pack_quantity")),
        *(
            sa.ForeignKeyConstraint(
                [f"{parent}_id"], [f"{parent}.id"], name=op.f(f"fk_supplier_price_{parent}_id_{parent}")
            )
            for parent in _PARENTS
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier_price")),
    )
    op.create_index(
        op.f("ix_supplier_price_item_id_supplier_id_since_at"),
        "supplier_price",
        ["item_id", "supplier_id", "since_at"],
    )
    _begin_history(prices)


def _begin_history(prices) -> None:
    """Every price that holds today is the first of its history; nobody is named for it."""
    names = ("supplier_id", "item_id", "price_minor", "currency", "pack_quantity", "pack_name")
    columns = {"supplier_id": sa.Uuid(), "item_id": sa.Uuid(), "price_minor": sa.BigInteger()}
    terms = sa.table("supplier_terms", *(sa.column(name, columns.get(name)) for name in names))
    found = op.get_bind().execute(sa.select(terms)).mappings().all()
    now = datetime.now(UTC)
    if found:
        op.bulk_insert(prices, [{"id": uuid.uuid4(), "since_at": now, **row} for row in found])


def downgrade() -> None:
    op.drop_table("supplier_price")
    op.drop_column("delivery_line", "pack_quantity")
    op.drop_column("delivery_line", "agreed_minor")
    for table in _LINES:
        with op.batch_alter_table(table) as lines:
            lines.drop_constraint(op.f(f"ck_{table}_reason"), type_="check")
            lines.drop_column("reason")
    with op.batch_alter_table("supplier_terms") as terms:
        terms.drop_constraint(op.f("ck_supplier_terms_one_place"), type_="check")
        terms.drop_constraint(op.f("ck_supplier_terms_lead_time_days"), type_="check")
        terms.drop_column("lead_time_days")
        terms.drop_column("second")
    with op.batch_alter_table("supplier") as supplier:
        supplier.drop_constraint(op.f("ck_supplier_cutoff_minute"), type_="check")
        supplier.drop_column("cutoff_minute")
