"""Transfers between branches, moves within one, and lots that remember the lot they came from.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

UNNOTED = sa.text("noted_at IS NULL")
TRAVELLED = sa.text("origin_lot_id IS NOT NULL")


def upgrade() -> None:
    op.create_table("transfer",
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("from_branch_id", sa.Uuid(), nullable=False),
    sa.Column("to_branch_id", sa.Uuid(), nullable=False),
    sa.Column("status", sa.Enum("requested", "dispatched", "received", "cancelled", name="status", native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column("offered", sa.Boolean(), nullable=False),
    sa.Column("note", sa.String(length=400), nullable=True),
    sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("requested_by", sa.Uuid(), nullable=False),
    sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("dispatched_by", sa.Uuid(), nullable=True),
    sa.Column("expected_on", sa.Date(), nullable=True),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("received_by", sa.Uuid(), nullable=True),
    sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("cancelled_by", sa.Uuid(), nullable=True),
    sa.Column("cancel_reason", sa.String(length=400), nullable=True),
    sa.Column("noted_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("sent", sa.SmallInteger(), nullable=False),
    sa.Column("version", sa.BigInteger(), nullable=False),
    sa.CheckConstraint("from_branch_id <> to_branch_id", name=op.f("ck_transfer_branches")),
    sa.ForeignKeyConstraint(["cancelled_by"], ["person.id"], name=op.f("fk_transfer_cancelled_by_person")),
    sa.ForeignKeyConstraint(["dispatched_by"], ["person.id"], name=op.f("fk_transfer_dispatched_by_person")),
    sa.ForeignKeyConstraint(["from_branch_id"], ["branch.id"], name=op.f("fk_transfer_from_branch_id_branch")),
    sa.ForeignKeyConstraint(["received_by"], ["person.id"], name=op.f("fk_transfer_received_by_person")),
    sa.ForeignKeyConstraint(["requested_by"], ["person.id"], name=op.f("fk_transfer_requested_by_person")),
    sa.ForeignKeyConstraint(["to_branch_id"], ["branch.id"], name=op.f("fk_transfer_to_branch_id_branch")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer"))
    )
    op.create_index(op.f("ix_transfer_from_branch_id_status"), "transfer", ["from_branch_id", "status"])
    op.create_index(op.f("ix_transfer_to_branch_id_status"), "transfer", ["to_branch_id", "status"])
    op.create_index("ix_transfer_unnoted", "transfer", ["to_branch_id"], sqlite_where=UNNOTED, postgresql_where=UNNOTED)

    op.create_table("transfer_arrival",
    sa.Column("transfer_id", sa.Uuid(), nullable=False),
    sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column("branch_id", sa.Uuid(), nullable=False),
    sa.Column("item_id", sa.Uuid(), nullable=False),
    sa.Column("lot_id", sa.Uuid(), nullable=False),
    sa.Column("location_id", sa.Uuid(), nullable=False),
    sa.Column("arrived", sa.BigInteger(), nullable=False),
    sa.Column("broken", sa.BigInteger(), nullable=False),
    sa.Column("broken_reason", sa.Enum("damaged", "spilled", "contaminated", "expired", "other", name="broken_reason", native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column("missing", sa.BigInteger(), nullable=False),
    sa.Column("missing_reason", sa.Enum("lost", "not-packed", name="missing_reason", native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column("loss_minor", sa.BigInteger(), nullable=True),
    sa.CheckConstraint("(broken > 0) = (broken_reason IS NOT NULL)", name=op.f("ck_transfer_arrival_broken")),
    sa.CheckConstraint("(missing > 0) = (missing_reason IS NOT NULL)", name=op.f("ck_transfer_arrival_missing")),
    sa.CheckConstraint("arrived >= 0 AND broken >= 0 AND missing >= 0", name=op.f("ck_transfer_arrival_amounts")),
    sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_transfer_arrival_branch_id_branch")),
    sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_transfer_arrival_item_id_item")),
    sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_transfer_arrival_location_id_location")),
    sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_transfer_arrival_lot_id_lot")),
    sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name=op.f("fk_transfer_arrival_transfer_id_transfer")),
    sa.PrimaryKeyConstraint("transfer_id", "position", name=op.f("pk_transfer_arrival"))
    )
    op.create_table("transfer_incoming",
    sa.Column("transfer_id", sa.Uuid(), nullable=False),
    sa.Column("item_id", sa.Uuid(), nullable=False),
    sa.Column("branch_id", sa.Uuid(), nullable=False),
    sa.Column("quantity", sa.BigInteger(), nullable=False),
    sa.CheckConstraint("quantity > 0", name=op.f("ck_transfer_incoming_quantity")),
    sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_transfer_incoming_branch_id_branch")),
    sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_transfer_incoming_item_id_item")),
    sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name=op.f("fk_transfer_incoming_transfer_id_transfer")),
    sa.PrimaryKeyConstraint("transfer_id", "item_id", name=op.f("pk_transfer_incoming"))
    )
    op.create_table("transfer_line",
    sa.Column("transfer_id", sa.Uuid(), nullable=False),
    sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column("item_id", sa.Uuid(), nullable=False),
    sa.Column("wanted", sa.BigInteger(), nullable=False),
    sa.CheckConstraint("wanted > 0", name=op.f("ck_transfer_line_wanted")),
    sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_transfer_line_item_id_item")),
    sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name=op.f("fk_transfer_line_transfer_id_transfer")),
    sa.PrimaryKeyConstraint("transfer_id", "position", name=op.f("pk_transfer_line"))
    )
    op.create_table("transfer_parcel",
    sa.Column("transfer_id", sa.Uuid(), nullable=False),
    sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column("branch_id", sa.Uuid(), nullable=False),
    sa.Column("item_id", sa.Uuid(), nullable=False),
    sa.Column("lot_id", sa.Uuid(), nullable=False),
    sa.Column("location_id", sa.Uuid(), nullable=False),
    sa.Column("quantity", sa.BigInteger(), nullable=False),
    sa.CheckConstraint("quantity > 0", name=op.f("ck_transfer_parcel_quantity")),
    sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_transfer_parcel_branch_id_branch")),
    sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_transfer_parcel_item_id_item")),
    sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_transfer_parcel_location_id_location")),
    sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_transfer_parcel_lot_id_lot")),
    sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name=op.f("fk_transfer_parcel_transfer_id_transfer")),
    sa.PrimaryKeyConstraint("transfer_id", "position", name=op.f("pk_transfer_parcel"))
    )
    op.create_index(op.f("ix_transfer_parcel_lot_id"), "transfer_parcel", ["lot_id"])

    op.create_table("stock_move",
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("branch_id", sa.Uuid(), nullable=False),
    sa.Column("item_id", sa.Uuid(), nullable=False),
    sa.Column("lot_id", sa.Uuid(), nullable=False),
    sa.Column("container_id", sa.Uuid(), nullable=True),
    sa.Column("from_location_id", sa.Uuid(), nullable=False),
    sa.Column("to_location_id", sa.Uuid(), nullable=False),
    sa.Column("quantity", sa.BigInteger(), nullable=False),
    sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("person_id", sa.Uuid(), nullable=False),
    sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("from_location_id <> to_location_id", name=op.f("ck_stock_move_locations")),
    sa.CheckConstraint("quantity > 0", name=op.f("ck_stock_move_quantity")),
    sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_stock_move_branch_id_branch")),
    sa.ForeignKeyConstraint(["container_id"], ["container.id"], name=op.f("fk_stock_move_container_id_container")),
    sa.ForeignKeyConstraint(["from_location_id"], ["location.id"], name=op.f("fk_stock_move_from_location_id_location")),
    sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_stock_move_item_id_item")),
    sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_stock_move_lot_id_lot")),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_stock_move_person_id_person")),
    sa.ForeignKeyConstraint(["to_location_id"], ["location.id"], name=op.f("fk_stock_move_to_location_id_location")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_move"))
    )
    op.create_index(op.f("ix_stock_move_branch_id_id"), "stock_move", ["branch_id", "id"])

    with op.batch_alter_table("lot") as lot:
        lot.add_column(sa.Column("origin_lot_id", sa.Uuid(), nullable=True))
        lot.create_index("ix_lot_origin", ["origin_lot_id"], sqlite_where=TRAVELLED, postgresql_where=TRAVELLED)
        lot.create_foreign_key(op.f("fk_lot_origin_lot_id_lot"), "lot", ["origin_lot_id"], ["id"])



def downgrade() -> None:
    with op.batch_alter_table("lot") as lot:
        lot.drop_constraint(op.f("fk_lot_origin_lot_id_lot"), type_="foreignkey")
        lot.drop_index("ix_lot_origin")
        lot.drop_column("origin_lot_id")

    op.drop_index(op.f("ix_stock_move_branch_id_id"), table_name="stock_move")

    op.drop_table("stock_move")
    op.drop_index(op.f("ix_transfer_parcel_lot_id"), table_name="transfer_parcel")

    op.drop_table("transfer_parcel")
    op.drop_table("transfer_line")
    op.drop_table("transfer_incoming")
    op.drop_table("transfer_arrival")
    op.drop_index("ix_transfer_unnoted", table_name="transfer")
    op.drop_index(op.f("ix_transfer_to_branch_id_status"), table_name="transfer")
    op.drop_index(op.f("ix_transfer_from_branch_id_status"), table_name="transfer")

    op.drop_table("transfer")
