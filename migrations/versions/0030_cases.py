"""Totals of what was used against the recipe. They are empty at first: `supply tally` fills them.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_WAITS = "tallied = (reversed_at IS NOT NULL)"


def upgrade() -> None:
    op.add_column("completion", sa.Column("tallied", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_completion_untallied",
        "completion",
        ["branch_id"],
        sqlite_where=sa.text(_WAITS),
        postgresql_where=sa.text(_WAITS),
    )
    op.create_table(
        "tally_case",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column(
            "span",
            sa.Enum("day", "month", name="span", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        *(
            sa.Column(name, sa.Double() if name in ("total", "squares") else sa.BigInteger(), nullable=False)
            for name in (
                "cases",
                "total",
                "squares",
                "standard",
                "actual",
                "shortfall",
                "incident",
                "unplanned",
            )
        ),
        *(
            sa.ForeignKeyConstraint(
                [f"{other}_id"], [f"{other}.id"], name=op.f(f"fk_tally_case_{other}_id_{other}")
            )
            for other in ("branch", "step", "person")
        ),
        sa.PrimaryKeyConstraint(
            "branch_id",
            "span",
            "item_id",
            "begins_on",
            "step_id",
            "person_id",
            name=op.f("pk_tally_case"),
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("tally_case")
    op.drop_index("ix_completion_untallied", table_name="completion")
    op.drop_column("completion", "tallied")
