"""Totals by day that reports begin with. They are empty at first: `supply tally` fills them.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def _column(name: str, kind: sa.types.TypeEngine) -> sa.Column:
    plain = {} if name not in ("position", "per") else {"autoincrement": False}
    return sa.Column(name, kind, nullable=False, **plain)


_KINDS = {
    "day_on": sa.Date(),
    "month_on": sa.Date(),
    "kind": sa.String(length=24),
    "position": sa.SmallInteger(),
    **dict.fromkeys(("per", "quantity", "whole", "rest", "seq"), sa.BigInteger()),
}


def _create(name: str, key: list[str], sums: list[str], refers: str = "", **how: bool) -> None:
    key = ["branch_id", *key]
    op.create_table(
        name,
        *(_column(column, _KINDS.get(column, sa.Uuid())) for column in (*key, *sums)),
        *(
            sa.ForeignKeyConstraint(
                [f"{other}_id"], [f"{other}.id"], name=op.f(f"fk_{name}_{other}_id_{other}")
            )
            for other in ("branch", refers)
            if other
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")),
        **how,
    )


def upgrade() -> None:
    together = {"sqlite_with_rowid": False}
    _create("tally_head", [], ["seq"])
    _create("tally_value", ["day_on", "kind", "per"], ["whole", "rest"], **together)
    amounts = ["quantity", "whole", "rest"]
    _create("tally_item", ["item_id", "day_on", "kind", "per"], amounts, "item", **together)
    key = ["month_on", "procedure_id", "package_id", "position", "per"]
    _create("tally_step", key, ["whole", "rest"], "procedure", **together)


def downgrade() -> None:
    for table in ("tally_step", "tally_item", "tally_value", "tally_head"):
        op.drop_table(table)
