"""Above an amount two people approve; nobody's approval of their own request is on record.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

from migrations.walls import raise_walls

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "requisition_approval",
        sa.Column("requisition_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_requisition_approval_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["requisition_id"], ["requisition.id"], name=op.f("fk_requisition_approval_requisition_id_requisition")
        ),
        sa.PrimaryKeyConstraint("requisition_id", "person_id", name=op.f("pk_requisition_approval")),
    )
    # Who decided before approved alone, as it was enough then.
    op.execute(
        "INSERT INTO requisition_approval (requisition_id, person_id, approved_at) "
        "SELECT id, decided_by, decided_at FROM requisition WHERE status = 'approved'"
    )
    raise_walls("requisition_approval")


def downgrade() -> None:
    op.drop_table("requisition_approval")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS supply_own_approval() CASCADE")
