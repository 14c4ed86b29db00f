"""Safety: rules against ingredients with their own source, what was replaced, consents and overrides.

Rules that exist get their condition's source and keep their effect.

Revision ID: 0006
Revises: 0005
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KEPT = "id, condition_id, procedure_id, step_position, effect, advice_en, advice_vi"


def upgrade() -> None:
    _rules_of_their_own()
    with op.batch_alter_table("visit_line") as lines:
        lines.add_column(sa.Column("replaces_item_id", sa.Uuid(), nullable=True))
        lines.add_column(sa.Column("replaces_quantity", sa.BigInteger(), nullable=True))
        lines.add_column(sa.Column("replaces_because", sa.String(length=60), nullable=True))
        lines.create_foreign_key(
            op.f("fk_visit_line_replaces_item_id_item"), "item", ["replaces_item_id"], ["id"]
        )
    op.add_column(
        "visit", sa.Column("has_conditions", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    _mark_visits()
    _records()


def _rules_of_their_own() -> None:
    """Make the table anew; nothing refers to it."""
    op.execute(f"CREATE TABLE contraindication_before AS SELECT {_KEPT} FROM contraindication")
    op.drop_table("contraindication")
    op.create_table(
        "contraindication",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("condition_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=True),
        sa.Column("step_position", sa.SmallInteger(), nullable=True),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("effect", _effect("warn", "substitute", "consent", "block"), nullable=False),
        sa.Column("advice_en", sa.String(length=300), nullable=False),
        sa.Column("advice_vi", sa.String(length=300), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "procedure_id IS NOT NULL OR item_id IS NOT NULL", name=op.f("ck_contraindication_target")
        ),
        sa.CheckConstraint(
            "procedure_id IS NOT NULL OR step_position IS NULL", name=op.f("ck_contraindication_step")
        ),
        sa.CheckConstraint(
            "effect <> 'substitute' OR item_id IS NOT NULL", name=op.f("ck_contraindication_substitute")
        ),
        *_references(),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_contraindication_item_id_item")),
    )
    op.create_index(
        op.f("ix_contraindication_condition_id_procedure_id"),
        "contraindication",
        ["condition_id", "procedure_id"],
    )
    op.execute(
        f"INSERT INTO contraindication ({_KEPT}, source, assumed, active, version) "
        f"SELECT {', '.join('b.' + name for name in _KEPT.split(', '))}, "
        "(SELECT c.source FROM condition c WHERE c.id = b.condition_id), false, true, 1 "
        "FROM contraindication_before b"
    )
    op.drop_table("contraindication_before")


def _effect(*values: str) -> sa.Enum:
    return sa.Enum(*values, name="effect", native_enum=False, create_constraint=True, length=32)


def _references() -> list[sa.schema.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["condition_id"], ["condition.id"], name=op.f("fk_contraindication_condition_id_condition")
        ),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name=op.f("fk_contraindication_procedure_id_procedure")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contraindication")),
    ]


def _mark_visits() -> None:
    """The visits of which a guest bears a condition."""
    connection = op.get_bind()
    guest = sa.table("visit_guest", sa.column("visit_id", sa.Uuid()), sa.column("conditions", sa.JSON()))
    visit = sa.table("visit", sa.column("id", sa.Uuid()), sa.column("has_conditions", sa.Boolean()))
    told = connection.execute(sa.select(guest.c.visit_id, sa.cast(guest.c.conditions, sa.Text())))
    marked = sorted({visit_id for visit_id, codes in told if json.loads(codes)})
    for first in range(0, len(marked), 500):
        some = marked[first : first + 500]
        connection.execute(sa.update(visit).where(visit.c.id.in_(some)).values(has_conditions=True))


def _records() -> None:
    op.create_table(
        "safety_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "consent",
                "override",
                "incident",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("guest_position", sa.SmallInteger(), nullable=False),
        sa.Column("step_position", sa.SmallInteger(), nullable=True),
        sa.Column("condition", sa.String(length=60), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=True),
        sa.Column("rule_version", sa.BigInteger(), nullable=True),
        sa.Column("completion_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("void_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind <> 'override' OR reason IS NOT NULL", name=op.f("ck_safety_record_reason")
        ),
        sa.CheckConstraint(
            "kind = 'consent' OR step_position IS NOT NULL", name=op.f("ck_safety_record_step")
        ),
        sa.CheckConstraint(
            "kind <> 'incident' OR completion_id IS NOT NULL", name=op.f("ck_safety_record_incident")
        ),
        *(
            sa.ForeignKeyConstraint(
                [f"{name}_id"], [f"{table}.id"], name=op.f(f"fk_safety_record_{name}_id_{table}")
            )
            for name, table in (
                ("branch", "branch"),
                ("visit", "visit"),
                ("rule", "contraindication"),
                ("completion", "completion"),
                ("person", "person"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_record")),
    )
    op.create_index(op.f("ix_safety_record_visit_id"), "safety_record", ["visit_id"])


def downgrade() -> None:
    op.drop_table("safety_record")
    op.drop_column("visit", "has_conditions")
    with op.batch_alter_table("visit_line") as lines:
        lines.drop_constraint(op.f("fk_visit_line_replaces_item_id_item"), type_="foreignkey")
        for name in ("replaces_because", "replaces_quantity", "replaces_item_id"):
            lines.drop_column(name)
    # What the older schema cannot say is gone: rules against ingredients, and what was retired.
    op.execute(
        f"CREATE TABLE contraindication_after AS SELECT {_KEPT} FROM contraindication "
        "WHERE item_id IS NULL AND active"
    )
    op.drop_table("contraindication")
    op.create_table(
        "contraindication",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("condition_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("step_position", sa.SmallInteger(), nullable=True),
        sa.Column("effect", _effect("warn", "consent", "block"), nullable=False),
        sa.Column("advice_en", sa.String(length=300), nullable=False),
        sa.Column("advice_vi", sa.String(length=300), nullable=False),
        *_references(),
    )
    op.create_index(
        op.f("ix_contraindication_procedure_id_condition_id"),
        "contraindication",
        ["procedure_id", "condition_id"],
    )
    op.execute(f"INSERT INTO contraindication ({_KEPT}) SELECT {_KEPT} FROM contraindication_after")
    op.drop_table("contraindication_after")
