"""How people sort tables; suppliers' names in the order of the Vietnamese alphabet.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

from supply.alphabet import sort_key

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "table_order",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("table_name", sa.String(length=60), nullable=False),
        sa.Column("told", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_table_order_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "table_name", name=op.f("pk_table_order")),
    )
    op.add_column(
        "supplier", sa.Column("sort_key", sa.String(length=400), server_default="", nullable=False)
    )
    supplier = sa.table("supplier", sa.column("id", sa.Uuid()), sa.column("name"), sa.column("sort_key"))
    connection = op.get_bind()
    for row in connection.execute(sa.select(supplier.c.id, supplier.c.name)).all():
        connection.execute(
            supplier.update().where(supplier.c.id == row.id).values(sort_key=sort_key(row.name))
        )


def downgrade() -> None:
    op.drop_column("supplier", "sort_key")
    op.drop_table("table_order")
