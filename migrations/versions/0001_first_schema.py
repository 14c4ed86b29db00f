"""The first schema: catalogue, people, ledger, treatments, visits, purchasing, receiving.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

from migrations.walls import lower_walls, raise_walls

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('branch',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.String(length=12), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('timezone', sa.String(length=64), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_branch')),
    sa.UniqueConstraint('code', name=op.f('uq_branch_code'))
    )
    op.create_table('condition',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name_en', sa.String(length=120), nullable=False),
    sa.Column('name_vi', sa.String(length=120), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_condition')),
    sa.UniqueConstraint('code', name=op.f('uq_condition_code'))
    )
    op.create_table('item',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name_en', sa.String(length=120), nullable=False),
    sa.Column('name_vi', sa.String(length=120), nullable=False),
    sa.Column('category', sa.Enum('essential-oil', 'herb', 'wood', 'peel', 'root', 'refreshment', 'remedy', 'consumable', name='category', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('dimension', sa.Enum('mass', 'volume', 'count', name='dimension', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('stock_unit', sa.String(length=20), nullable=False),
    sa.Column('usage_unit', sa.String(length=20), nullable=False),
    sa.Column('natural_step', sa.BigInteger(), nullable=False),
    sa.Column('lot_required', sa.Boolean(), nullable=False),
    sa.Column('expiry_required', sa.Boolean(), nullable=False),
    sa.Column('shelf_life_days', sa.SmallInteger(), nullable=True),
    sa.Column('opened_life_days', sa.SmallInteger(), nullable=True),
    sa.Column('assumed', sa.Boolean(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('search_key', sa.String(length=400), nullable=False),
    sa.Column('sort_key', sa.String(length=400), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('natural_step > 0', name=op.f('ck_item_natural_step')),
    sa.CheckConstraint('opened_life_days BETWEEN 1 AND 7300', name=op.f('ck_item_opened_life_days')),
    sa.CheckConstraint('shelf_life_days BETWEEN 1 AND 7300', name=op.f('ck_item_shelf_life_days')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_item')),
    sa.UniqueConstraint('code', name=op.f('uq_item_code'))
    )
    op.create_index(op.f('ix_item_active_sort_key_id'), 'item', ['active', 'sort_key', 'id'], unique=False)
    op.create_table('person',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('login', sa.String(length=80), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('language', sa.String(length=5), nullable=False),
    sa.Column('theme', sa.String(length=5), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=False),
    sa.Column('pin_hash', sa.String(length=200), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('session_epoch', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person')),
    sa.UniqueConstraint('login', name=op.f('uq_person_login'))
    )
    op.create_table('procedure',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name_en', sa.String(length=120), nullable=False),
    sa.Column('name_vi', sa.String(length=120), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('search_key', sa.String(length=400), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_procedure')),
    sa.UniqueConstraint('code', name=op.f('uq_procedure_code'))
    )
    op.create_table('supplier',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('language', sa.String(length=5), nullable=False),
    sa.Column('email', sa.String(length=200), nullable=True),
    sa.Column('phone', sa.String(length=40), nullable=True),
    sa.Column('order_days', sa.SmallInteger(), nullable=False),
    sa.Column('lead_time_days', sa.SmallInteger(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('search_key', sa.String(length=200), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('lead_time_days BETWEEN 0 AND 365', name=op.f('ck_supplier_lead_time_days')),
    sa.CheckConstraint('order_days BETWEEN 1 AND 127', name=op.f('ck_supplier_order_days')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supplier')),
    sa.UniqueConstraint('code', name=op.f('uq_supplier_code'))
    )
    op.create_table('throttle',
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('failures', sa.SmallInteger(), nullable=False),
    sa.Column('first_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('subject', name=op.f('pk_throttle'))
    )
    op.create_table('api_token',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('prefix', sa.String(length=12), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('scopes', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_api_token_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_token')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_api_token_secret_hash'))
    )
    op.create_index(op.f('ix_api_token_person_id'), 'api_token', ['person_id'], unique=False)
    op.create_table('audit_entry',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('action', sa.String(length=60), nullable=False),
    sa.Column('entity', sa.String(length=40), nullable=False),
    sa.Column('entity_id', sa.Uuid(), nullable=False),
    sa.Column('changes', sa.JSON(), nullable=False),
    sa.Column('reason', sa.String(length=400), nullable=True),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_audit_entry_branch_id_branch')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_audit_entry_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry'))
    )
    op.create_index(op.f('ix_audit_entry_branch_id_id'), 'audit_entry', ['branch_id', 'id'], unique=False)
    op.create_index(op.f('ix_audit_entry_entity_entity_id_id'), 'audit_entry', ['entity', 'entity_id', 'id'], unique=False)
    op.create_table('contraindication',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('condition_id', sa.Uuid(), nullable=False),
    sa.Column('procedure_id', sa.Uuid(), nullable=False),
    sa.Column('step_position', sa.SmallInteger(), nullable=True),
    sa.Column('effect', sa.Enum('warn', 'consent', 'block', name='effect', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('advice_en', sa.String(length=300), nullable=False),
    sa.Column('advice_vi', sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(['condition_id'], ['condition.id'], name=op.f('fk_contraindication_condition_id_condition')),
    sa.ForeignKeyConstraint(['procedure_id'], ['procedure.id'], name=op.f('fk_contraindication_procedure_id_procedure')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contraindication'))
    )
    op.create_index(op.f('ix_contraindication_procedure_id_condition_id'), 'contraindication', ['procedure_id', 'condition_id'], unique=False)
    op.create_table('demand_day',
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('day_on', sa.Date(), nullable=False),
    sa.Column('used', sa.BigInteger(), nullable=False),
    sa.Column('short', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_demand_day_branch_id_branch')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_demand_day_item_id_item')),
    sa.PrimaryKeyConstraint('branch_id', 'item_id', 'day_on', name=op.f('pk_demand_day'))
    )
    op.create_table('idempotency_key',
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('status', sa.SmallInteger(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('headers', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_idempotency_key_person_id_person')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_idempotency_key'))
    )
    op.create_index(op.f('ix_idempotency_key_created_at'), 'idempotency_key', ['created_at'], unique=False)
    op.create_table('item_unit',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('name_en', sa.String(length=40), nullable=False),
    sa.Column('name_vi', sa.String(length=40), nullable=False),
    sa.Column('factor', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('factor > 0', name=op.f('ck_item_unit_factor')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_item_unit_item_id_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_item_unit')),
    sa.UniqueConstraint('item_id', 'code', name=op.f('uq_item_unit_item_id_code'))
    )
    op.create_table('ledger_head',
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('hash', sa.LargeBinary(length=32), nullable=False),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_ledger_head_branch_id_branch')),
    sa.PrimaryKeyConstraint('branch_id', name=op.f('pk_ledger_head'))
    )
    op.create_table('location',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_location_branch_id_branch')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_location')),
    sa.UniqueConstraint('branch_id', 'name', name=op.f('uq_location_branch_id_name'))
    )
    op.create_table('lot',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('supplier', 'prepared', 'opening', name='lot_kind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('number', sa.String(length=60), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=True),
    sa.Column('expires_on', sa.Date(), nullable=True),
    sa.Column('cost_minor', sa.BigInteger(), nullable=True),
    sa.Column('cost_quantity', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('quarantined_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('quarantine_reason', sa.String(length=40), nullable=True),
    sa.CheckConstraint('cost_minor >= 0', name=op.f('ck_lot_cost_minor')),
    sa.CheckConstraint('cost_quantity > 0', name=op.f('ck_lot_cost_quantity')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_lot_branch_id_branch')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_lot_item_id_item')),
    sa.ForeignKeyConstraint(['supplier_id'], ['supplier.id'], name=op.f('fk_lot_supplier_id_supplier')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lot'))
    )
    op.create_index(op.f('ix_lot_branch_id_expires_on'), 'lot', ['branch_id', 'expires_on'], unique=False)
    op.create_index(op.f('ix_lot_branch_id_item_id_number'), 'lot', ['branch_id', 'item_id', 'number'], unique=False)
    op.create_index(op.f('ix_lot_item_id_number'), 'lot', ['item_id', 'number'], unique=False)
    op.create_table('package',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('procedure_id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name_en', sa.String(length=120), nullable=False),
    sa.Column('name_vi', sa.String(length=120), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['procedure_id'], ['procedure.id'], name=op.f('fk_package_procedure_id_procedure')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_package')),
    sa.UniqueConstraint('code', name=op.f('uq_package_code'))
    )
    op.create_table('recipe_version',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('procedure_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('published_by', sa.Uuid(), nullable=True),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['procedure_id'], ['procedure.id'], name=op.f('fk_recipe_version_procedure_id_procedure')),
    sa.ForeignKeyConstraint(['published_by'], ['person.id'], name=op.f('fk_recipe_version_published_by_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recipe_version')),
    sa.UniqueConstraint('procedure_id', 'number', name=op.f('uq_recipe_version_procedure_id_number'))
    )
    op.create_index('uq_recipe_version_draft', 'recipe_version', ['procedure_id'], unique=True, sqlite_where=sa.text('published_at IS NULL'), postgresql_where=sa.text('published_at IS NULL'))
    op.create_table('requisition',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.Enum('draft', 'submitted', 'approved', 'rejected', 'withdrawn', name='status', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('requested_by', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.Uuid(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.String(length=400), nullable=True),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("status <> 'rejected' OR reason IS NOT NULL", name=op.f('ck_requisition_rejection_reason')),
    sa.CheckConstraint("status NOT IN ('approved', 'rejected') OR decided_by IS NOT NULL", name=op.f('ck_requisition_decided_by_somebody')),
    sa.CheckConstraint('decided_by <> requested_by', name=op.f('ck_requisition_four_eyes')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_requisition_branch_id_branch')),
    sa.ForeignKeyConstraint(['decided_by'], ['person.id'], name=op.f('fk_requisition_decided_by_person')),
    sa.ForeignKeyConstraint(['requested_by'], ['person.id'], name=op.f('fk_requisition_requested_by_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_requisition')),
    sa.UniqueConstraint('branch_id', 'number', name=op.f('uq_requisition_branch_id_number'))
    )
    op.create_index(op.f('ix_requisition_branch_id_status_id'), 'requisition', ['branch_id', 'status', 'id'], unique=False)
    op.create_table('role_grant',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=True),
    sa.Column('role', sa.Enum('storeroom', 'therapist', 'manager', 'admin', name='role', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.CheckConstraint("branch_id IS NOT NULL OR role = 'admin'", name=op.f('ck_role_grant_everywhere')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_role_grant_branch_id_branch')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_role_grant_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_role_grant')),
    sa.UniqueConstraint('person_id', 'role', 'branch_id', name=op.f('uq_role_grant_person_id_role_branch_id'))
    )
    op.create_index(op.f('ix_role_grant_branch_id'), 'role_grant', ['branch_id'], unique=False)
    op.create_index('uq_role_grant_everywhere', 'role_grant', ['person_id', 'role'], unique=True, sqlite_where=sa.text('branch_id IS NULL'), postgresql_where=sa.text('branch_id IS NULL'))
    op.create_table('room',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('room_type', sa.Enum('single', 'double', 'triple', 'group', name='room_type', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('max_guests', sa.SmallInteger(), nullable=False),
    sa.Column('tubs', sa.SmallInteger(), nullable=False),
    sa.Column('seats_per_tub', sa.SmallInteger(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('max_guests BETWEEN 1 AND 14', name=op.f('ck_room_max_guests')),
    sa.CheckConstraint('seats_per_tub BETWEEN 1 AND 14', name=op.f('ck_room_seats_per_tub')),
    sa.CheckConstraint('tubs BETWEEN 1 AND 14', name=op.f('ck_room_tubs')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_room_branch_id_branch')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_room')),
    sa.UniqueConstraint('branch_id', 'name', name=op.f('uq_room_branch_id_name'))
    )
    op.create_index(op.f('ix_room_branch_id_closed_at'), 'room', ['branch_id', 'closed_at'], unique=False)
    op.create_table('sign_in',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('session_epoch', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_sign_in_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in'))
    )
    op.create_index(op.f('ix_sign_in_person_id_ended_at'), 'sign_in', ['person_id', 'ended_at'], unique=False)
    op.create_table('stock_count',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('discrepancy', sa.BigInteger(), nullable=False),
    sa.Column('value_minor', sa.BigInteger(), nullable=False),
    sa.Column('note', sa.String(length=400), nullable=True),
    sa.Column('happened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_stock_count_branch_id_branch')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_stock_count_item_id_item')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_stock_count_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stock_count'))
    )
    op.create_index(op.f('ix_stock_count_branch_id_item_id_id'), 'stock_count', ['branch_id', 'item_id', 'id'], unique=False)
    op.create_table('stock_level',
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('on_hand', sa.BigInteger(), nullable=False),
    sa.Column('quarantined', sa.BigInteger(), nullable=False),
    sa.Column('reserved', sa.BigInteger(), nullable=False),
    sa.Column('on_order', sa.BigInteger(), nullable=False),
    sa.Column('reorder_point', sa.BigInteger(), nullable=True),
    sa.Column('par_level', sa.BigInteger(), nullable=True),
    sa.Column('policy_version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('on_hand >= 0', name=op.f('ck_stock_level_on_hand')),
    sa.CheckConstraint('on_order >= 0', name=op.f('ck_stock_level_on_order')),
    sa.CheckConstraint('par_level >= reorder_point', name=op.f('ck_stock_level_par_level')),
    sa.CheckConstraint('quarantined >= 0 AND quarantined <= on_hand', name=op.f('ck_stock_level_quarantined')),
    sa.CheckConstraint('reorder_point >= 0', name=op.f('ck_stock_level_reorder_point')),
    sa.CheckConstraint('reserved >= 0', name=op.f('ck_stock_level_reserved')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_stock_level_branch_id_branch')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_stock_level_item_id_item')),
    sa.PrimaryKeyConstraint('branch_id', 'item_id', name=op.f('pk_stock_level'))
    )
    op.create_index('ix_stock_level_low', 'stock_level', ['branch_id', 'item_id'], unique=False, sqlite_where=sa.text('on_hand - quarantined - reserved + on_order <= reorder_point'), postgresql_where=sa.text('on_hand - quarantined - reserved + on_order <= reorder_point'))
    op.create_table('supplier_terms',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('pack_name', sa.String(length=40), nullable=False),
    sa.Column('pack_quantity', sa.BigInteger(), nullable=False),
    sa.Column('minimum_packs', sa.BigInteger(), nullable=False),
    sa.Column('price_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('supplier_code', sa.String(length=60), nullable=True),
    sa.Column('preferred', sa.Boolean(), nullable=False),
    sa.CheckConstraint('minimum_packs BETWEEN 1 AND 10000', name=op.f('ck_supplier_terms_minimum_packs')),
    sa.CheckConstraint('pack_quantity > 0', name=op.f('ck_supplier_terms_pack_quantity')),
    sa.CheckConstraint('price_minor >= 0', name=op.f('ck_supplier_terms_price_minor')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_supplier_terms_item_id_item')),
    sa.ForeignKeyConstraint(['supplier_id'], ['supplier.id'], name=op.f('fk_supplier_terms_supplier_id_supplier')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supplier_terms')),
    sa.UniqueConstraint('supplier_id', 'item_id', name=op.f('uq_supplier_terms_supplier_id_item_id'))
    )
    op.create_index(op.f('ix_supplier_terms_item_id_preferred'), 'supplier_terms', ['item_id', 'preferred'], unique=False)
    op.create_table('task',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('count', 'incident', name='task_kind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=True),
    sa.Column('quantity', sa.BigInteger(), nullable=True),
    sa.Column('source_type', sa.String(length=24), nullable=False),
    sa.Column('source_id', sa.Uuid(), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened_by', sa.Uuid(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_by', sa.Uuid(), nullable=True),
    sa.Column('outcome', sa.String(length=40), nullable=True),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_task_branch_id_branch')),
    sa.ForeignKeyConstraint(['closed_by'], ['person.id'], name=op.f('fk_task_closed_by_person')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_task_item_id_item')),
    sa.ForeignKeyConstraint(['opened_by'], ['person.id'], name=op.f('fk_task_opened_by_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task'))
    )
    op.create_index(op.f('ix_task_branch_id_opened_at'), 'task', ['branch_id', 'opened_at'], unique=False)
    op.create_index('ix_task_open', 'task', ['branch_id', 'kind', 'item_id'], unique=False, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
    op.create_table('adjustment',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('lot_id', sa.Uuid(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.Enum('opening', 'count', 'found', 'lost', 'entry-error', 'unrecorded-use', 'delivery-correction', name='reason', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('note', sa.String(length=400), nullable=True),
    sa.Column('happened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('reversed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_adjustment_branch_id_branch')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_adjustment_item_id_item')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_adjustment_lot_id_lot')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_adjustment_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_adjustment'))
    )
    op.create_index(op.f('ix_adjustment_branch_id_id'), 'adjustment', ['branch_id', 'id'], unique=False)
    op.create_table('container',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('lot_id', sa.Uuid(), nullable=False),
    sa.Column('room_id', sa.Uuid(), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened_by', sa.Uuid(), nullable=False),
    sa.Column('use_by_on', sa.Date(), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_container_branch_id_branch')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_container_lot_id_lot')),
    sa.ForeignKeyConstraint(['opened_by'], ['person.id'], name=op.f('fk_container_opened_by_person')),
    sa.ForeignKeyConstraint(['room_id'], ['room.id'], name=op.f('fk_container_room_id_room')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_container'))
    )
    op.create_index(op.f('ix_container_branch_id_lot_id'), 'container', ['branch_id', 'lot_id'], unique=False)
    op.create_table('package_step',
    sa.Column('package_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.ForeignKeyConstraint(['package_id'], ['package.id'], name=op.f('fk_package_step_package_id_package')),
    sa.PrimaryKeyConstraint('package_id', 'position', name=op.f('pk_package_step'))
    )
    op.create_table('purchase_order',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('requisition_id', sa.Uuid(), nullable=False),
    sa.Column('status', sa.Enum('ordered', 'partly-received', 'received', 'cancelled', name='status', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('ordered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expected_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cancel_reason', sa.String(length=400), nullable=True),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_purchase_order_branch_id_branch')),
    sa.ForeignKeyConstraint(['requisition_id'], ['requisition.id'], name=op.f('fk_purchase_order_requisition_id_requisition')),
    sa.ForeignKeyConstraint(['supplier_id'], ['supplier.id'], name=op.f('fk_purchase_order_supplier_id_supplier')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_purchase_order')),
    sa.UniqueConstraint('branch_id', 'number', name=op.f('uq_purchase_order_branch_id_number'))
    )
    op.create_index(op.f('ix_purchase_order_branch_id_status_id'), 'purchase_order', ['branch_id', 'status', 'id'], unique=False)
    op.create_index(op.f('ix_purchase_order_requisition_id'), 'purchase_order', ['requisition_id'], unique=False)
    op.create_table('requisition_editor',
    sa.Column('requisition_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_requisition_editor_person_id_person')),
    sa.ForeignKeyConstraint(['requisition_id'], ['requisition.id'], name=op.f('fk_requisition_editor_requisition_id_requisition')),
    sa.PrimaryKeyConstraint('requisition_id', 'person_id', name=op.f('pk_requisition_editor'))
    )
    op.create_table('requisition_line',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('requisition_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=True),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('arithmetic', sa.JSON(), nullable=False),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_requisition_line_quantity')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_requisition_line_item_id_item')),
    sa.ForeignKeyConstraint(['requisition_id'], ['requisition.id'], name=op.f('fk_requisition_line_requisition_id_requisition')),
    sa.ForeignKeyConstraint(['supplier_id'], ['supplier.id'], name=op.f('fk_requisition_line_supplier_id_supplier')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_requisition_line')),
    sa.UniqueConstraint('requisition_id', 'item_id', name=op.f('uq_requisition_line_requisition_id_item_id'))
    )
    op.create_table('step',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('recipe_version_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('name_en', sa.String(length=120), nullable=False),
    sa.Column('name_vi', sa.String(length=120), nullable=False),
    sa.Column('note_en', sa.String(length=400), nullable=True),
    sa.Column('note_vi', sa.String(length=400), nullable=True),
    sa.CheckConstraint('position BETWEEN 1 AND 50', name=op.f('ck_step_position')),
    sa.ForeignKeyConstraint(['recipe_version_id'], ['recipe_version.id'], name=op.f('fk_step_recipe_version_id_recipe_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_step')),
    sa.UniqueConstraint('recipe_version_id', 'position', name=op.f('uq_step_recipe_version_id_position'))
    )
    op.create_table('visit',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('booking_reference', sa.String(length=60), nullable=True),
    sa.Column('procedure_id', sa.Uuid(), nullable=False),
    sa.Column('recipe_version_id', sa.Uuid(), nullable=False),
    sa.Column('package_id', sa.Uuid(), nullable=True),
    sa.Column('room_id', sa.Uuid(), nullable=True),
    sa.Column('therapist_id', sa.Uuid(), nullable=True),
    sa.Column('party_size', sa.SmallInteger(), nullable=False),
    sa.Column('planned_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum('planned', 'running', 'finished', 'broken-off', 'cancelled', name='status', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('note', sa.String(length=1000), nullable=True),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('party_size BETWEEN 1 AND 14', name=op.f('ck_visit_party_size')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_visit_branch_id_branch')),
    sa.ForeignKeyConstraint(['package_id'], ['package.id'], name=op.f('fk_visit_package_id_package')),
    sa.ForeignKeyConstraint(['procedure_id'], ['procedure.id'], name=op.f('fk_visit_procedure_id_procedure')),
    sa.ForeignKeyConstraint(['recipe_version_id'], ['recipe_version.id'], name=op.f('fk_visit_recipe_version_id_recipe_version')),
    sa.ForeignKeyConstraint(['room_id'], ['room.id'], name=op.f('fk_visit_room_id_room')),
    sa.ForeignKeyConstraint(['therapist_id'], ['person.id'], name=op.f('fk_visit_therapist_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_visit'))
    )
    op.create_index(op.f('ix_visit_branch_id_planned_at_id'), 'visit', ['branch_id', 'planned_at', 'id'], unique=False)
    op.create_index('uq_visit_booking', 'visit', ['branch_id', 'booking_reference'], unique=True, sqlite_where=sa.text('booking_reference IS NOT NULL'), postgresql_where=sa.text('booking_reference IS NOT NULL'))
    op.create_table('waste_entry',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('lot_id', sa.Uuid(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.Enum('expired', 'damaged', 'spilled', 'contaminated', 'tester', 'other', name='reason', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('cost_minor', sa.BigInteger(), nullable=True),
    sa.Column('note', sa.String(length=400), nullable=True),
    sa.Column('happened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('reversed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_waste_entry_quantity')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_waste_entry_branch_id_branch')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_waste_entry_item_id_item')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_waste_entry_lot_id_lot')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_waste_entry_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_waste_entry'))
    )
    op.create_index(op.f('ix_waste_entry_branch_id_id'), 'waste_entry', ['branch_id', 'id'], unique=False)
    op.create_table('delivery',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('purchase_order_id', sa.Uuid(), nullable=True),
    sa.Column('reference', sa.String(length=60), nullable=True),
    sa.Column('happened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('reversed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_delivery_branch_id_branch')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_delivery_person_id_person')),
    sa.ForeignKeyConstraint(['purchase_order_id'], ['purchase_order.id'], name=op.f('fk_delivery_purchase_order_id_purchase_order')),
    sa.ForeignKeyConstraint(['supplier_id'], ['supplier.id'], name=op.f('fk_delivery_supplier_id_supplier')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery'))
    )
    op.create_index(op.f('ix_delivery_branch_id_id'), 'delivery', ['branch_id', 'id'], unique=False)
    op.create_index(op.f('ix_delivery_purchase_order_id'), 'delivery', ['purchase_order_id'], unique=False)
    op.create_table('holding',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('lot_id', sa.Uuid(), nullable=False),
    sa.Column('location_id', sa.Uuid(), nullable=False),
    sa.Column('container_id', sa.Uuid(), nullable=True),
    sa.Column('expires_on', sa.Date(), nullable=True),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('quantity >= 0', name=op.f('ck_holding_quantity')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_holding_branch_id_branch')),
    sa.ForeignKeyConstraint(['container_id'], ['container.id'], name=op.f('fk_holding_container_id_container')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_holding_item_id_item')),
    sa.ForeignKeyConstraint(['location_id'], ['location.id'], name=op.f('fk_holding_location_id_location')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_holding_lot_id_lot')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_holding'))
    )
    op.create_index('ix_holding_expiring', 'holding', ['branch_id', 'expires_on'], unique=False, sqlite_where=sa.text('quantity > 0 AND expires_on IS NOT NULL'), postgresql_where=sa.text('quantity > 0 AND expires_on IS NOT NULL'))
    op.create_index('ix_holding_shelf', 'holding', ['branch_id', 'item_id'], unique=False, sqlite_where=sa.text('quantity > 0'), postgresql_where=sa.text('quantity > 0'))
    op.create_index('uq_holding_closed', 'holding', ['branch_id', 'lot_id', 'location_id'], unique=True, sqlite_where=sa.text('container_id IS NULL'), postgresql_where=sa.text('container_id IS NULL'))
    op.create_index('uq_holding_container', 'holding', ['branch_id', 'container_id', 'location_id'], unique=True, sqlite_where=sa.text('container_id IS NOT NULL'), postgresql_where=sa.text('container_id IS NOT NULL'))
    op.create_table('movement',
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('seq', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('type', sa.Enum('receipt', 'usage', 'waste', 'adjustment', 'transfer-out', 'transfer-in', 'preparation-in', 'preparation-out', 'reversal', name='type', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('lot_id', sa.Uuid(), nullable=False),
    sa.Column('location_id', sa.Uuid(), nullable=False),
    sa.Column('container_id', sa.Uuid(), nullable=True),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('happened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=True),
    sa.Column('source_type', sa.String(length=24), nullable=False),
    sa.Column('source_id', sa.Uuid(), nullable=False),
    sa.Column('source_line', sa.SmallInteger(), nullable=True),
    sa.Column('reverses_seq', sa.BigInteger(), nullable=True),
    sa.Column('hash_version', sa.SmallInteger(), nullable=False),
    sa.Column('hash', sa.LargeBinary(length=32), nullable=False),
    sa.CheckConstraint('quantity <> 0', name=op.f('ck_movement_quantity')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_movement_branch_id_branch')),
    sa.ForeignKeyConstraint(['container_id'], ['container.id'], name=op.f('fk_movement_container_id_container')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_movement_item_id_item')),
    sa.ForeignKeyConstraint(['location_id'], ['location.id'], name=op.f('fk_movement_location_id_location')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_movement_lot_id_lot')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_movement_person_id_person')),
    sa.PrimaryKeyConstraint('branch_id', 'seq', name=op.f('pk_movement'))
    )
    op.create_index(op.f('ix_movement_branch_id_item_id_seq'), 'movement', ['branch_id', 'item_id', 'seq'], unique=False)
    op.create_index(op.f('ix_movement_branch_id_lot_id_seq'), 'movement', ['branch_id', 'lot_id', 'seq'], unique=False)
    op.create_index(op.f('ix_movement_branch_id_source_id'), 'movement', ['branch_id', 'source_id'], unique=False)
    op.create_index('uq_movement_reverses', 'movement', ['branch_id', 'reverses_seq'], unique=True, sqlite_where=sa.text('reverses_seq IS NOT NULL'), postgresql_where=sa.text('reverses_seq IS NOT NULL'))
    op.create_table('purchase_order_line',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('ordered', sa.BigInteger(), nullable=False),
    sa.Column('received', sa.BigInteger(), nullable=False),
    sa.Column('price_minor', sa.BigInteger(), nullable=True),
    sa.Column('pack_quantity', sa.BigInteger(), nullable=True),
    sa.CheckConstraint('ordered > 0', name=op.f('ck_purchase_order_line_ordered')),
    sa.CheckConstraint('received >= 0', name=op.f('ck_purchase_order_line_received')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_purchase_order_line_item_id_item')),
    sa.ForeignKeyConstraint(['order_id'], ['purchase_order.id'], name=op.f('fk_purchase_order_line_order_id_purchase_order')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_purchase_order_line')),
    sa.UniqueConstraint('order_id', 'item_id', name=op.f('uq_purchase_order_line_order_id_item_id'))
    )
    op.create_table('recipe_line',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('step_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('scale', sa.Enum('client', 'tub', 'room', name='scale', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('assumed', sa.Boolean(), nullable=False),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_recipe_line_quantity')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_recipe_line_item_id_item')),
    sa.ForeignKeyConstraint(['step_id'], ['step.id'], name=op.f('fk_recipe_line_step_id_step')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recipe_line')),
    sa.UniqueConstraint('step_id', 'position', name=op.f('uq_recipe_line_step_id_position'))
    )
    op.create_table('stock_count_line',
    sa.Column('count_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('lot_id', sa.Uuid(), nullable=False),
    sa.Column('location_id', sa.Uuid(), nullable=False),
    sa.Column('container_id', sa.Uuid(), nullable=True),
    sa.Column('expected', sa.BigInteger(), nullable=False),
    sa.Column('counted', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('expected >= 0 AND counted >= 0', name=op.f('ck_stock_count_line_amounts')),
    sa.ForeignKeyConstraint(['container_id'], ['container.id'], name=op.f('fk_stock_count_line_container_id_container')),
    sa.ForeignKeyConstraint(['count_id'], ['stock_count.id'], name=op.f('fk_stock_count_line_count_id_stock_count')),
    sa.ForeignKeyConstraint(['location_id'], ['location.id'], name=op.f('fk_stock_count_line_location_id_location')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_stock_count_line_lot_id_lot')),
    sa.PrimaryKeyConstraint('count_id', 'position', name=op.f('pk_stock_count_line'))
    )
    op.create_table('visit_guest',
    sa.Column('visit_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('conditions', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['visit_id'], ['visit.id'], name=op.f('fk_visit_guest_visit_id_visit')),
    sa.PrimaryKeyConstraint('visit_id', 'position', name=op.f('pk_visit_guest'))
    )
    op.create_table('visit_step',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('visit_id', sa.Uuid(), nullable=False),
    sa.Column('step_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('status', sa.Enum('planned', 'started', 'completed', 'skipped', name='status', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('skip_reason', sa.Enum('client-wish', 'health', 'time', 'no-supply', 'equipment', 'broken-off', name='skip_reason', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('acknowledged', sa.JSON(), nullable=True),
    sa.Column('acknowledged_by', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['acknowledged_by'], ['person.id'], name=op.f('fk_visit_step_acknowledged_by_person')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_visit_step_branch_id_branch')),
    sa.ForeignKeyConstraint(['step_id'], ['step.id'], name=op.f('fk_visit_step_step_id_step')),
    sa.ForeignKeyConstraint(['visit_id'], ['visit.id'], name=op.f('fk_visit_step_visit_id_visit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_visit_step')),
    sa.UniqueConstraint('visit_id', 'position', name=op.f('uq_visit_step_visit_id_position'))
    )
    op.create_index('ix_visit_step_open', 'visit_step', ['branch_id', 'visit_id'], unique=False, sqlite_where=sa.text("status IN ('planned', 'started')"), postgresql_where=sa.text("status IN ('planned', 'started')"))
    op.create_table('completion',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('branch_id', sa.Uuid(), nullable=False),
    sa.Column('visit_step_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('happened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reversed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reversed_by', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_completion_branch_id_branch')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_completion_person_id_person')),
    sa.ForeignKeyConstraint(['reversed_by'], ['person.id'], name=op.f('fk_completion_reversed_by_person')),
    sa.ForeignKeyConstraint(['visit_step_id'], ['visit_step.id'], name=op.f('fk_completion_visit_step_id_visit_step')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_completion'))
    )
    op.create_index(op.f('ix_completion_branch_id_recorded_at'), 'completion', ['branch_id', 'recorded_at'], unique=False)
    op.create_index('uq_completion_live', 'completion', ['visit_step_id'], unique=True, sqlite_where=sa.text('reversed_at IS NULL'), postgresql_where=sa.text('reversed_at IS NULL'))
    op.create_table('delivery_line',
    sa.Column('delivery_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('lot_id', sa.Uuid(), nullable=False),
    sa.Column('location_id', sa.Uuid(), nullable=False),
    sa.Column('entered_amount', sa.String(length=24), nullable=False),
    sa.Column('entered_unit', sa.String(length=40), nullable=False),
    sa.Column('received', sa.BigInteger(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('cost_minor', sa.BigInteger(), nullable=True),
    sa.CheckConstraint('quantity >= 0 AND received > 0', name=op.f('ck_delivery_line_amounts')),
    sa.ForeignKeyConstraint(['delivery_id'], ['delivery.id'], name=op.f('fk_delivery_line_delivery_id_delivery')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_delivery_line_item_id_item')),
    sa.ForeignKeyConstraint(['location_id'], ['location.id'], name=op.f('fk_delivery_line_location_id_location')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_delivery_line_lot_id_lot')),
    sa.PrimaryKeyConstraint('delivery_id', 'position', name=op.f('pk_delivery_line'))
    )
    op.create_table('visit_line',
    sa.Column('visit_step_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('guest_position', sa.SmallInteger(), nullable=True),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('rule', sa.String(length=120), nullable=False),
    sa.CheckConstraint('quantity >= 0', name=op.f('ck_visit_line_quantity')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_visit_line_item_id_item')),
    sa.ForeignKeyConstraint(['visit_step_id'], ['visit_step.id'], name=op.f('fk_visit_line_visit_step_id_visit_step')),
    sa.PrimaryKeyConstraint('visit_step_id', 'position', name=op.f('pk_visit_line'))
    )
    op.create_table('completion_line',
    sa.Column('completion_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('guest_position', sa.SmallInteger(), nullable=True),
    sa.Column('standard', sa.BigInteger(), nullable=False),
    sa.Column('actual', sa.BigInteger(), nullable=False),
    sa.Column('shortfall', sa.BigInteger(), nullable=False),
    sa.Column('incident', sa.String(length=40), nullable=True),
    sa.CheckConstraint('actual >= 0 AND standard >= 0', name=op.f('ck_completion_line_amounts')),
    sa.CheckConstraint('shortfall BETWEEN 0 AND actual', name=op.f('ck_completion_line_shortfall')),
    sa.ForeignKeyConstraint(['completion_id'], ['completion.id'], name=op.f('fk_completion_line_completion_id_completion')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_completion_line_item_id_item')),
    sa.PrimaryKeyConstraint('completion_id', 'position', name=op.f('pk_completion_line'))
    )
    raise_walls("movement", "audit_entry", "requisition")


def downgrade() -> None:
    lower_walls()
    op.drop_table("completion_line")
    op.drop_table("visit_line")
    op.drop_table("delivery_line")
    op.drop_table("completion")
    op.drop_table("visit_step")
    op.drop_table("visit_guest")
    op.drop_table("stock_count_line")
    op.drop_table("recipe_line")
    op.drop_table("purchase_order_line")
    op.drop_table("movement")
    op.drop_table("holding")
    op.drop_table("delivery")
    op.drop_table("waste_entry")
    op.drop_table("visit")
    op.drop_table("step")
    op.drop_table("requisition_line")
    op.drop_table("requisition_editor")
    op.drop_table("purchase_order")
    op.drop_table("package_step")
    op.drop_table("container")
    op.drop_table("adjustment")
    op.drop_table("task")
    op.drop_table("supplier_terms")
    op.drop_table("stock_level")
    op.drop_table("stock_count")
    op.drop_table("sign_in")
    op.drop_table("room")
    op.drop_table("role_grant")
    op.drop_table("requisition")
    op.drop_table("recipe_version")
    op.drop_table("package")
    op.drop_table("lot")
    op.drop_table("location")
    op.drop_table("ledger_head")
    op.drop_table("item_unit")
    op.drop_table("idempotency_key")
    op.drop_table("demand_day")
    op.drop_table("contraindication")
    op.drop_table("audit_entry")
    op.drop_table("api_token")
    op.drop_table("throttle")
    op.drop_table("supplier")
    op.drop_table("procedure")
    op.drop_table("person")
    op.drop_table("item")
    op.drop_table("condition")
    op.drop_table("branch")
