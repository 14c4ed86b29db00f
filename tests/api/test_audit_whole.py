"""Nothing that the audit is about changes without it: every statement of every commit is looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from supply.api.branches import _ROOM as ROOM
from supply.api.catalog import _GINGER as GINGER
from supply.api.conditions import _FEVER as FEVER
from supply.api.conditions import _RULE as RULE
from supply.api.preparations import _RECIPE as BREWING
from supply.config import Settings
from supply.database import db, write_transaction
from supply.domain.audit import service as audit
from tests.api.calling import Caller
from tests.api.everything import furnish
from tests.cast import Cast
from tests.client import OneLookClient
from tests.sources import ROOT

# What people set up and decide; the rest are documents of their own, the ledger, or follow from these.
AUDITED = {
    "api_token", "branch", "brew_recipe", "brew_recipe_line", "buying_rules", "calendar_entry", "condition",
    "contraindication", "counting_rules", "factor_rule", "item", "item_code", "item_estimate", "item_unit",
    "location", "package", "package_rule", "package_step", "person", "procedure", "recall", "recipe_line",
    "recipe_version", "role_grant", "room", "safety_record", "step", "stocktake", "substitute", "supplier",
    "supplier_terms", "tablet", "transfer", "webhook", "webhook_branch",
}  # fmt: skip
# What a change brings along: versions, keys to search by, secrets, derived sums, who did it, and why: the
# entry's own reason.
BESIDE = {
    "version", "search_key", "sort_key", "session_epoch", "password_hash", "pin_hash", "listeners", "seen_at",
    "number", "noted_at", "sent", "recalling", "published_by", "dispatched_by", "received_by", "cancelled_by",
    "secret_at", "cancelled_at", "pause_reason", "cancel_reason",
}  # fmt: skip
# A column whose change the entry tells by another name.
TOLD_AS = {
    "closed_at": {"closed_at", "closed", "active"},
    "published_at": {"number", "published_at"},
    "secret_number": {"secret"},
    "paused_at": {"paused"},
}
_WRITE = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM) \"?([a-z_]+)", re.IGNORECASE)
_SET = re.compile(r"([a-z_]+)=")


@dataclass
class Witness:
    """What the open transaction has written, and what was committed without a word."""

    tables: set[str] = field(default_factory=set)
    columns: set[tuple[str, str]] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    entries: int = 0
    untold: list[str] = field(default_factory=list)

    def see(self, statement: str, values: Any) -> None:
        found = _WRITE.match(statement)
        table = found[1] if found else ""
        if table == "audit_entry":
            self.entries += 1
            for row in values if isinstance(values, list) else [values]:
                for value in row.values() if isinstance(row, dict) else row:
                    if isinstance(value, str) and value.startswith("{"):
                        self.told |= json.loads(value).keys()
        elif table in AUDITED:
            changed = statement.partition(" SET ")[2].partition(" WHERE ")[0]
            columns = set(_SET.findall(changed)) - BESIDE
            if columns or not statement.startswith("UPDATE"):
                self.tables.add(table)
            self.columns |= {(table, column) for column in columns if statement.startswith("UPDATE")}

    def commit(self) -> None:
        if self.tables and not self.entries:
            self.untold.append(f"{sorted(self.tables)} without an entry")
        for table, column in sorted(self.columns):
            names = {column, column.removesuffix("_id")} | TOLD_AS.get(column, set())
            if not names & self.told:
                self.untold.append(f"{table}.{column}")
        self.forget()

    def forget(self) -> None:
        self.tables, self.columns, self.told, self.entries = set(), set(), set(), 0


@contextmanager
def witness() -> Iterator[Witness]:
    seen = Witness()
    hooks: dict[str, Any] = {
        "before_cursor_execute": lambda _c, _cursor, statement, values, *_rest: seen.see(statement, values),
        "commit": lambda _connection: seen.commit(),
        "rollback": lambda _connection: seen.forget(),
    }
    for name, hook in hooks.items():
        event.listen(Engine, name, hook)
    try:
        yield seen
    finally:
        for name, hook in hooks.items():
            event.remove(Engine, name, hook)


def change_everything(caller: Caller, ids: dict[str, str]) -> None:
    """A change of what was made, whatever its version."""
    names = ("branch", "item", "supplier", "location", "calendar_entry")
    branch, item, supplier, location, entry = (UUID(ids[f"{name}_id"]) for name in names)
    rules = {"branch_id": str(branch)}
    place = {"name": "Z", "position": 7, "closed": False}
    changes: list[tuple[str, str, Any]] = [
        ("PUT", f"/items/{item}", {**GINGER, "code": "renamed", "name_vi": "Khác", "shelf_life_days": 77}),
        ("PUT", f"/items/{item}/activity", {"active": False}),
        ("PUT", f"/branches/{branch}", {"name": "Another name", "timezone": "Asia/Ho_Chi_Minh"}),
        ("PUT", f"/branches/{branch}/locations/{location}", place),
        ("PUT", f"/suppliers/{supplier}", {"code": "NEW", "name": "New name", "lead_time_days": 9}),
        ("PUT", "/counting-rules", {**rules, "approval_minor": 7}),
        ("PUT", "/buying-rules", {**rules, "second_approval_minor": 7, "blocked_step_minor": 5}),
        ("PUT", f"/calendar-entries/{entry}",
         {"kind": "closed", "name": "Tet", "first_on": "2027-02-06", "last_on": "2027-02-09"}),
    ]  # fmt: skip
    changes += change_people_and_recipes(ids)
    refused = []
    for method, path, body in changes:
        for version in range(14):
            answer = caller.send(method, path, body, If_Match=f'"{version}"')
            if answer.status_code != 412:
                break
        if answer.status_code >= 300:
            refused.append((path, answer.text))
    assert refused == []


def change_people_and_recipes(ids: dict[str, str]) -> list[tuple[str, str, Any]]:
    """Who may do what, what a treatment takes, what must not be, who listens, how a stocktake goes on."""
    names = ("person", "procedure", "package", "condition", "rule", "room", "webhook", "recipe", "stocktake")
    person, procedure, package, condition, rule, room, webhook, recipe, stocktake = (
        UUID(ids[f"{name}_id"]) for name in names
    )
    branch, item, supplier = (UUID(ids[f"{name}_id"]) for name in ("branch", "item", "supplier"))
    both = {"name_en": "Changed", "name_vi": "Đã đổi", "active": True}
    herb = {"item_id": str(item), "amount": "10", "unit": "g"}
    step = {"name_en": "Bath", "name_vi": "Tắm", "lines": [herb | {"scale": "client"}]}
    listens = {"name": "Till", "url": "https://till.example/", "events": ["lot.expiring"]}
    return [
        ("PATCH", f"/people/{person}", {"name": "Another", "grants": [
            {"role": "storeroom", "branch_id": str(branch)}]}),
        ("POST", f"/people/{person}/password-reset", {"password": "four other quiet words"}),
        ("POST", f"/people/{person}/pin-reset", {"pin": "481516"}),
        ("DELETE", f"/people/{person}/pin", None),
        ("PUT", f"/procedures/{procedure}", both),
        ("POST", f"/procedures/{procedure}/draft", None),
        ("PUT", f"/procedures/{procedure}/draft",
         {"steps": [step], "package_rules": [], "factor_rules": [
             {"factor": "senior", "step_position": 1, "percent": -30, "lowest": 50, "highest": 100}]}),
        ("POST", f"/procedures/{procedure}/draft/publication", None),
        ("PUT", f"/packages/{package}", both | {"steps": [1]}),
        ("PUT", f"/conditions/{condition}", {**FEVER, "active": False}),
        ("PUT", f"/contraindications/{rule}",
         {**RULE, "item_id": str(item), "effect": "warn", "active": False}),
        ("PUT", f"/branches/{branch}/rooms/{room}", {**ROOM, "name": "Sen", "closed": True}),
        ("PUT", f"/brew-recipes/{recipe}",
         {**BREWING, "yield_amount": "9", "use_by_hours": 7, "lines": [herb]}),
        ("PUT", f"/suppliers/{supplier}/terms/{item}",
         {"pack_name": "bag", "amount": "2", "unit": "kg", "price_minor": 9}),
        ("PUT", f"/items/{item}/supplier-choice", {"preferred_id": str(supplier), "second_id": None}),
        ("PUT", f"/webhooks/{webhook}", listens | {"branch_ids": [str(branch)]}),
        ("POST", f"/webhooks/{webhook}/secret", None),
        ("POST", f"/webhooks/{webhook}/pause", None),
        ("POST", f"/stocktakes/{stocktake}/rest", {"rest": "skip"}),
        ("POST", f"/stocktakes/{stocktake}/review", None),
        ("POST", f"/stocktakes/{stocktake}/cancellation", {"reason": "Shelves are moved"}),
    ]  # fmt: skip


def test_no_field_changes_without_an_entry(client: OneLookClient, session: Session, cast: Cast) -> None:
    session.rollback()
    with witness() as seen:
        caller, ids = furnish(client, cast)
        change_everything(caller, ids)
    assert seen.untold == []


@pytest.mark.both_databases
def test_it_cannot_be_switched_off_nor_changed(session: Session, cast: Cast) -> None:
    facts = {"action": "item.update", "entity": "item", "entity_id": cast.branch_id}
    write_transaction(lambda s: audit.record(s, cast.manager, **facts))
    for statement in ("UPDATE audit_entry SET reason = 'other'", "DELETE FROM audit_entry"):
        with pytest.raises(DBAPIError, match="append-only"):
            write_transaction(lambda s, told=statement: s.execute(text(told)))
    if db.engine.dialect.name == "postgresql":
        with pytest.raises(DBAPIError, match="append-only"):
            write_transaction(lambda s: s.execute(text("TRUNCATE audit_entry")))
    # No setting knows of it, and nobody writes entries past the one function, or changes them.
    assert not [name for name in Settings.__dataclass_fields__ if "audit" in name]
    others = [file for file in (ROOT / "supply").rglob("*.py") if "domain/audit" not in str(file)]
    assert not [
        file for file in others if re.search(r"AuditEntry\(|(?:update|delete)\(AuditEntry", file.read_text())
    ]
