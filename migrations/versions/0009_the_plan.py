"""The plan: a calendar, flags, notices, estimates and runs; what a branch decides about buying.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ARRIVED = sa.text("arrived_at IS NOT NULL")
_OPEN = sa.text("closed_at IS NULL")


def _id(name, nullable=False):
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _to(table, column, parent):
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=op.f(f"fk_{table}_{column}_{parent}"))


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "calendar_entry",
        _id("id"),
        _id("branch_id"),
        sa.Column(
            "kind",
            sa.Enum("event", "closed", "suppliers-closed", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("factor_percent", sa.SmallInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_calendar_entry_days")),
        sa.CheckConstraint("factor_percent BETWEEN 1 AND 1000", name=op.f("ck_calendar_entry_factor_percent")),
        sa.CheckConstraint(
            "(kind = 'event') = (factor_percent IS NOT NULL)", name=op.f("ck_calendar_entry_factor_of_event")
        ),
        _to("calendar_entry", "branch_id", "branch"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_entry")),
    )
    op.create_index(op.f("ix_calendar_entry_branch_id_last_on"), "calendar_entry", ["branch_id", "last_on"])
    op.create_table(
        "item_estimate",
        _id("branch_id"),
        _id("item_id"),
        sa.Column("daily", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("daily >= 0", name=op.f("ck_item_estimate_daily")),
        _to("item_estimate", "branch_id", "branch"),
        _to("item_estimate", "item_id", "item"),
        sa.PrimaryKeyConstraint("branch_id", "item_id", name=op.f("pk_item_estimate")),
    )
    op.create_table(
        "reorder_flag",
        _id("id"),
        _id("branch_id"),
        _id("item_id"),
        _id("supplier_id"),
        sa.Column("opened_at", instant, nullable=False),
        sa.Column("planned_at", instant, nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("snoozed_until", sa.Date(), nullable=True),
        sa.Column("snooze_reason", sa.String(length=400), nullable=True),
        sa.Column("override_quantity", sa.BigInteger(), nullable=True),
        sa.Column("override_reason", sa.String(length=400), nullable=True),
        _id("decided_by", nullable=True),
        sa.Column("closed_at", instant, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_reorder_flag_quantity")),
        sa.CheckConstraint("override_quantity >= 0", name=op.f("ck_reorder_flag_override_quantity")),
        sa.CheckConstraint(
            "snoozed_until IS NULL OR snooze_reason IS NOT NULL", name=op.f("ck_reorder_flag_snooze_reason")
        ),
        sa.CheckConstraint(
            "override_quantity IS NULL OR override_reason IS NOT NULL",
            name=op.f("ck_reorder_flag_override_reason"),
        ),
        _to("reorder_flag", "branch_id", "branch"),
        _to("reorder_flag", "item_id", "item"),
        _to("reorder_flag", "supplier_id", "supplier"),
        _to("reorder_flag", "decided_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reorder_flag")),
    )
    op.create_index(
        "uq_reorder_flag_open",
        "reorder_flag",
        ["branch_id", "item_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_table(
        "plan_notice",
        _id("id"),
        _id("branch_id"),
        sa.Column(
            "kind",
            sa.Enum(
                "dead-stock",
                "late-supplier",
                "changed-use",
                "minimum-rots",
                "will-expire",
                "no-estimate",
                name="notice_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        _id("item_id", nullable=True),
        _id("supplier_id", nullable=True),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("planned_at", instant, nullable=False),
        _to("plan_notice", "branch_id", "branch"),
        _to("plan_notice", "item_id", "item"),
        _to("plan_notice", "supplier_id", "supplier"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_notice")),
    )
    op.create_index(op.f("ix_plan_notice_branch_id_kind"), "plan_notice", ["branch_id", "kind"])
    op.create_table(
        "plan_run",
        _id("id"),
        _id("branch_id"),
        sa.Column("started_at", instant, nullable=False),
        sa.Column("finished_at", instant, nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("flagged", sa.BigInteger(), nullable=False),
        _id("started_by", nullable=True),
        sa.CheckConstraint("done >= 0 AND done <= total", name=op.f("ck_plan_run_done")),
        _to("plan_run", "branch_id", "branch"),
        _to("plan_run", "started_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_run")),
    )
    op.create_index(op.f("ix_plan_run_branch_id_started_at"), "plan_run", ["branch_id", "started_at"])
    op.create_table(
        "buying_rules",
        _id("branch_id"),
        sa.Column("blocked_step_minor", sa.BigInteger(), nullable=False),
        sa.Column("second_approval_minor", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("blocked_step_minor > 0", name=op.f("ck_buying_rules_blocked_step_minor")),
        sa.CheckConstraint("second_approval_minor >= 0", name=op.f("ck_buying_rules_second_approval_minor")),
        _to("buying_rules", "branch_id", "branch"),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_buying_rules")),
    )
    with op.batch_alter_table("supplier") as supplier:
        # The default serves the rows that are there; the program always says it.
        supplier.add_column(sa.Column("order_fee_minor", sa.BigInteger(), nullable=False, server_default="0"))
        supplier.create_check_constraint(op.f("ck_supplier_order_fee_minor"), sa.text("order_fee_minor >= 0"))
    with op.batch_alter_table("supplier") as supplier:
        supplier.alter_column("order_fee_minor", existing_type=sa.BigInteger(), server_default=None)
    op.add_column("purchase_order", sa.Column("arrived_at", instant, nullable=True))
    op.execute(
        "UPDATE purchase_order SET arrived_at = (SELECT MIN(d.happened_at) FROM delivery d "
        "WHERE d.purchase_order_id = purchase_order.id AND d.reversed_at IS NULL)"
    )
    op.create_index(
        "ix_purchase_order_arrived",
        "purchase_order",
        ["branch_id", "supplier_id", "arrived_at"],
        sqlite_where=_ARRIVED,
        postgresql_where=_ARRIVED,
    )


def downgrade() -> None:
    op.drop_index("ix_purchase_order_arrived", table_name="purchase_order")
    op.drop_column("purchase_order", "arrived_at")
    with op.batch_alter_table("supplier") as supplier:
        supplier.drop_constraint(op.f("ck_supplier_order_fee_minor"), type_="check")
        supplier.drop_column("order_fee_minor")
    for table in ("buying_rules", "plan_run", "plan_notice", "reorder_flag", "item_estimate", "calendar_entry"):
        op.drop_table(table)
