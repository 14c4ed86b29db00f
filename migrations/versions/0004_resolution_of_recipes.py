"""Resolution of recipes: water in a tub, a scale for it, factors of guests, rules of packages and factors.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCALES = ("client", "tub", "room", "water")
FACTORS = ("child", "senior", "sensitive-skin", "small-body", "large-body", "light-scent", "strong-scent")


def coded(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    with op.batch_alter_table("room") as batch:
        batch.add_column(sa.Column("tub_water_kg", sa.SmallInteger(), nullable=True))
        batch.create_check_constraint(op.f("ck_room_tub_water_kg"), "tub_water_kg BETWEEN 1 AND 2000")
    with op.batch_alter_table("visit_guest") as batch:
        batch.add_column(sa.Column("factors", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("visit_guest") as batch:
        batch.alter_column("factors", existing_type=sa.JSON(), server_default=None)
    allow_scales(SCALES)
    op.create_table(
        "package_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recipe_version_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("package_id", sa.Uuid(), nullable=False),
        sa.Column("action", coded("action", ("add", "remove", "set")), nullable=False),
        sa.Column("step_position", sa.SmallInteger(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("scale", coded("scale", SCALES), nullable=True),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(action = 'remove') = (quantity IS NULL)", name=op.f("ck_package_rule_quantity_told")
        ),
        sa.CheckConstraint("(action = 'add') = (scale IS NOT NULL)", name=op.f("ck_package_rule_scale_told")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_package_rule_quantity")),
        *_references("package_rule", "package", "item"),
    )
    op.create_table(
        "factor_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recipe_version_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("factor", coded("factor", FACTORS), nullable=False),
        sa.Column("step_position", sa.SmallInteger(), nullable=True),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("percent", sa.SmallInteger(), nullable=False),
        sa.Column("lowest", sa.SmallInteger(), nullable=False),
        sa.Column("highest", sa.SmallInteger(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("percent BETWEEN -100 AND 300", name=op.f("ck_factor_rule_percent")),
        sa.CheckConstraint("lowest BETWEEN 0 AND 100", name=op.f("ck_factor_rule_lowest")),
        sa.CheckConstraint("highest BETWEEN 100 AND 400", name=op.f("ck_factor_rule_highest")),
        *_references("factor_rule", "item"),
    )


def downgrade() -> None:
    op.drop_table("factor_rule")
    op.drop_table("package_rule")
    # The schema before knew no water: such a line stood for the room.
    op.execute("UPDATE recipe_line SET scale = 'room' WHERE scale = 'water'")
    allow_scales(SCALES[:3])
    with op.batch_alter_table("visit_guest") as batch:
        batch.drop_column("factors")
    with op.batch_alter_table("room") as batch:
        batch.drop_constraint(op.f("ck_room_tub_water_kg"), type_="check")
        batch.drop_column("tub_water_kg")


def allow_scales(scales: tuple[str, ...]) -> None:
    """Say anew which scales a recipe line may have."""
    listed = ", ".join(f"'{scale}'" for scale in scales)
    with op.batch_alter_table("recipe_line") as batch:
        batch.drop_constraint(op.f("ck_recipe_line_scale"), type_="check")
        batch.create_check_constraint(op.f("ck_recipe_line_scale"), f"scale IN ({listed})")


def _references(table: str, *others: str) -> list[sa.Constraint]:
    parents = ("recipe_version", *others)
    keys = [
        sa.ForeignKeyConstraint([f"{parent}_id"], [f"{parent}.id"], name=op.f(f"fk_{table}_{parent}_id_{parent}"))
        for parent in parents
    ]
    return [
        *keys,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            "recipe_version_id", "position", name=op.f(f"uq_{table}_recipe_version_id_position")
        ),
    ]
