"""The database's own refusals: triggers that no table rebuild may lose.

A migration that rebuilds one of these tables on SQLite calls `raise_walls` for it afterwards.
"""

from alembic import op

APPEND_ONLY = ("movement", "audit_entry")
# What is unique in them: INSERT OR REPLACE deletes the row that bears it, on SQLite past the DELETE trigger.
_UNIQUE = {
    "movement": (
        "branch_id = NEW.branch_id AND seq = NEW.seq",
        "branch_id = NEW.branch_id AND reverses_seq = NEW.reverses_seq",
    ),
    "audit_entry": ("id = NEW.id",),
}


def raise_walls(*tables: str) -> None:
    for table in tables:
        if table in APPEND_ONLY:
            _append_only(table)
        if table == "requisition":
            _four_eyes()
            keep_requester()
        if table == "requisition_approval":
            _own_approval()
        if table == "stocktake":
            _own_count()


def lower_walls() -> None:
    """Only before the tables themselves are dropped."""
    if op.get_context().dialect.name == "postgresql":
        for name in (
            "supply_append_only",
            "supply_four_eyes",
            "supply_decided_lines",
            "supply_keep_requester",
        ):
            op.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")


def _append_only(table: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            """
            CREATE OR REPLACE FUNCTION supply_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
            """
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION supply_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION supply_append_only()"
        )
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
    bar_replacing(table)


def bar_replacing(table: str) -> None:
    """SQLite only: PostgreSQL's ON CONFLICT updates, which is refused already."""
    there = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {unique})" for unique in _UNIQUE[table])
    op.execute(
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table} WHEN {there} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _four_eyes() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            """
            CREATE OR REPLACE FUNCTION supply_four_eyes() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF NEW.decided_by IS NOT NULL AND EXISTS (
                SELECT 1 FROM requisition_editor e
                WHERE e.requisition_id = NEW.id AND e.person_id = NEW.decided_by
              ) THEN
                RAISE EXCEPTION 'nobody decides on a requisition that they edited' USING ERRCODE = 'check_violation';
              END IF;
              RETURN NEW;
            END $$
            """
        )
        op.execute(
            "CREATE TRIGGER requisition_four_eyes BEFORE INSERT OR UPDATE ON requisition "
            "FOR EACH ROW EXECUTE FUNCTION supply_four_eyes()"
        )
        op.execute(
            """
            CREATE OR REPLACE FUNCTION supply_decided_lines() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF EXISTS (
                SELECT 1 FROM requisition r
                WHERE r.id = COALESCE(NEW.requisition_id, OLD.requisition_id) AND r.decided_by IS NOT NULL
              ) THEN
                RAISE EXCEPTION 'a decided requisition keeps its lines' USING ERRCODE = 'check_violation';
              END IF;
              RETURN COALESCE(NEW, OLD);
            END $$
            """
        )
        for table in ("requisition_line", "requisition_editor"):
            op.execute(
                f"CREATE TRIGGER {table}_decided BEFORE INSERT OR UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION supply_decided_lines()"
            )
        return
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER requisition_four_eyes_{event.lower()} BEFORE {event} ON requisition "
            "WHEN NEW.decided_by IS NOT NULL AND EXISTS (SELECT 1 FROM requisition_editor e "
            "WHERE e.requisition_id = NEW.id AND e.person_id = NEW.decided_by) "
            "BEGIN SELECT RAISE(ABORT, 'nobody decides on a requisition that they edited'); END"
        )
    for table in ("requisition_line", "requisition_editor"):
        for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            op.execute(
                f"CREATE TRIGGER {table}_decided_{event.lower()} BEFORE {event} ON {table} "
                "WHEN EXISTS (SELECT 1 FROM requisition r "
                f"WHERE r.id = {row}.requisition_id AND r.decided_by IS NOT NULL) "
                "BEGIN SELECT RAISE(ABORT, 'a decided requisition keeps its lines'); END"
            )


def keep_requester() -> None:
    """Who asked for it or wrote on it stays so: else they could be taken off it, and then approve it."""
    walls = (
        ("requisition", "UPDATE OF requested_by", "WHEN (NEW.requested_by <> OLD.requested_by)"),
        ("requisition_editor", "UPDATE", ""),
        ("requisition_editor", "DELETE", ""),
    )
    refusal = "who asked for a requisition stays who asked"
    postgresql = op.get_context().dialect.name == "postgresql"
    if postgresql:
        op.execute(
            f"""
            CREATE OR REPLACE FUNCTION supply_keep_requester() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION '{refusal}' USING ERRCODE = 'check_violation'; END $$
            """
        )
    for table, event, when in walls:
        name = f"{table}_kept_{event.split()[0].lower()}"
        op.execute(f"DROP TRIGGER IF EXISTS {name}" + f" ON {table}" * postgresql)
        refuse = "EXECUTE FUNCTION supply_keep_requester()"
        if not postgresql:
            refuse = f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW {when} {refuse}")


def drop_keep_requester() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS supply_keep_requester() CASCADE")
        return
    for name in (
        "requisition_kept_update",
        "requisition_editor_kept_update",
        "requisition_editor_kept_delete",
    ):
        op.execute(f"DROP TRIGGER IF EXISTS {name}")


def _own_approval() -> None:
    """Nobody's approval of what they raised or edited is taken down, nor any once it is decided."""
    own = (
        "EXISTS (SELECT 1 FROM requisition r WHERE r.id = NEW.requisition_id "
        "AND (r.requested_by = NEW.person_id OR r.decided_by IS NOT NULL)) "
        "OR EXISTS (SELECT 1 FROM requisition_editor e "
        "WHERE e.requisition_id = NEW.requisition_id AND e.person_id = NEW.person_id)"
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            f"""
            CREATE OR REPLACE FUNCTION supply_own_approval() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF {own} THEN
                RAISE EXCEPTION 'nobody approves their own request' USING ERRCODE = 'check_violation';
              END IF;
              RETURN NEW;
            END $$
            """
        )
        op.execute(
            "CREATE TRIGGER requisition_approval_own BEFORE INSERT OR UPDATE ON requisition_approval "
            "FOR EACH ROW EXECUTE FUNCTION supply_own_approval()"
        )
        return
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER requisition_approval_own_{event.lower()} BEFORE {event} ON requisition_approval "
            f"WHEN {own} BEGIN SELECT RAISE(ABORT, 'nobody approves their own request'); END"
        )


def _own_count() -> None:
    """Nobody who had a hand in a stocktake approves its differences."""
    own = (
        "NEW.approved_by IS NOT NULL AND EXISTS (SELECT 1 FROM stocktake_hand h "
        "WHERE h.stocktake_id = NEW.id AND h.person_id = NEW.approved_by)"
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            f"""
            CREATE OR REPLACE FUNCTION supply_own_count() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF {own} THEN
                RAISE EXCEPTION 'nobody approves what they counted' USING ERRCODE = 'check_violation';
              END IF;
              RETURN NEW;
            END $$
            """
        )
        op.execute(
            "CREATE TRIGGER stocktake_own_count BEFORE INSERT OR UPDATE ON stocktake "
            "FOR EACH ROW EXECUTE FUNCTION supply_own_count()"
        )
        return
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER stocktake_own_count_{event.lower()} BEFORE {event} ON stocktake "
            f"WHEN {own} BEGIN SELECT RAISE(ABORT, 'nobody approves what they counted'); END"
        )
