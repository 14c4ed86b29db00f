"""Importing suppliers: by their code, through their own schema and service. Not what they sell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from supply.domain.audit import service as audit
from supply.domain.imports.columns import Cells, Column
from supply.domain.imports.models import ImportKind, Outcome
from supply.domain.imports.planning import (
    Counts,
    Fault,
    Kind,
    Place,
    Planned,
    Told,
    differences,
    failed,
    faults_of,
    loaded,
)
from supply.domain.imports.restoring import restored
from supply.domain.imports.words import DAY_WORDS, LANGUAGE_WORDS, is_tick, meant, tick_meant
from supply.domain.suppliers import service as suppliers
from supply.domain.suppliers.models import Supplier
from supply.domain.suppliers.ordering import clock_of
from supply.domain.suppliers.schemas import WriteSupplier, weekdays
from supply.i18n import lazy
from supply.pacing import paced
from supply.permissions import Actor, Permission
from supply.quantity import MINOR_DIGITS
from supply.references import referred_to, remove

COLUMNS = (
    Column("code", lazy("Code"), "ma|ma ncc|ma nha cung cap|id|supplier code", True, "dao-herbs"),
    Column(
        "name",
        lazy("Name"),
        "ten|ten ncc|ten nha cung cap|nha cung cap|company|company name|supplier",
        True,
        "Dao Herbs",
    ),
    Column(
        "language",
        lazy("Language of orders"),
        "language of orders|ngon ngu cua don hang|ngon ngu don hang|ngon ngu|language",
        False,
        "vi",
    ),
    Column("email", lazy("Email"), "e-mail|mail|thu dien tu|contact email", False, "orders@example.com"),
    Column(
        "phone",
        lazy("Phone"),
        "dien thoai|so dien thoai|sdt|tel|telephone|phone number",
        False,
        "+84 24 0000 0000",
    ),
    Column(
        "order_days",
        lazy("Days on which orders are taken"),
        "days on which orders are taken|ngay nhan don|order days",
        False,
        "monday, thursday",
    ),
    Column(
        "order_cutoff",
        lazy("Orders until"),
        "orders until|nhan don den gio|nhan don den|cutoff",
        False,
        "14:30",
    ),
    Column(
        "lead_time_days",
        lazy("Lead time in days"),
        "lead time in days|thoi gian giao hang (ngay)|thoi gian giao (ngay)|so ngay giao|lead time",
        False,
        "2",
    ),
    Column(
        "order_fee",
        lazy("Cost of a delivery"),
        "cost of a delivery|phi moi lan giao|phi giao hang|phi van chuyen|delivery fee",
        False,
        "30000",
    ),
    Column("active", lazy("In use"), "in use|dang dung", False, "yes"),
)
_FIELDS = {"order_fee_minor": "order_fee"}
_SCHEMA = WriteSupplier()


def cells_of(supplier: Supplier, currency: str) -> dict[str, str]:
    """A supplier as an export tells it."""
    fee = Decimal(supplier.order_fee_minor).scaleb(-MINOR_DIGITS[currency])
    return {
        "code": supplier.code,
        "name": supplier.name,
        "language": supplier.language,
        "email": supplier.email or "",
        "phone": supplier.phone or "",
        "order_days": ", ".join(weekdays(supplier.order_days)),
        "order_cutoff": "" if supplier.cutoff_minute is None else clock_of(supplier.cutoff_minute),
        "lead_time_days": str(supplier.lead_time_days),
        "order_fee": format(fee, "f"),
        "active": "yes" if supplier.active else "no",
    }


def plan(session: Session, actor: Actor, place: Place, rows: Sequence[Told]) -> list[Planned]:
    wanted = sorted({told["code"] for _number, told in rows if "code" in told})
    query = select(Supplier).where(Supplier.code.in_(wanted))
    known = {row.code: row for row in session.scalars(query)} if wanted else {}
    seen: dict[str, int] = {}
    planned = []
    for number, told in paced(rows):
        code = told.get("code", "")
        if code and code in seen:
            words = str(lazy("Each code once: it stands in row %(row)s already.", row=seen[code]))
            planned.append(failed(number, code, [Fault("code", words, code)]))
            continue
        seen[code] = number
        planned.append(_planned(place, number, told, known.get(code)))
    return planned


def _planned(place: Place, number: int, told: Cells, supplier: Supplier | None) -> Planned:
    before = cells_of(supplier, place.currency) if supplier is not None else {}
    subject = told.get("code", "")
    if supplier is not None and all(before[name] == text for name, text in told.items()):
        return Planned(number, subject, Outcome.SKIP, entity_id=supplier.id)
    cells = {**before, **told}
    if cells.get("active") and not is_tick(cells["active"]):
        return failed(number, subject, [Fault("active", str(lazy("Write yes or no.")), cells["active"])])
    try:
        facts = loaded(_SCHEMA, _data(cells), place)
    except ValidationError as error:
        return failed(number, subject, faults_of(error, cells, _FIELDS, "code"))
    changes = differences(before, cells_of(Supplier(**facts), place.currency))
    outcome = Outcome.SKIP if not changes else Outcome.CREATE if supplier is None else Outcome.CHANGE
    entity_id = supplier.id if supplier is not None else None
    return Planned(number, subject, outcome, changes, facts=(facts, supplier), entity_id=entity_id)


def _data(cells: Cells) -> Mapping[str, Any]:
    """The cells as a form would send them."""
    data: dict[str, Any] = {name: text for name, text in cells.items() if text}
    if "order_fee" in data:
        data["order_fee_minor"] = data.pop("order_fee")
    if "language" in data:
        data["language"] = meant(LANGUAGE_WORDS, data["language"])
    if "active" in data:
        data["active"] = tick_meant(data["active"])
    if "order_days" in data:
        data["order_days"] = days_meant(data["order_days"])
    return data


def days_meant(text: str) -> list[str]:
    """ "T2, T5" and "monday; thursday" as names of days; any other word stays, for the schema to refuse."""
    words = [word.strip() for word in re.split(r"[,;/+]", text) if word.strip()]
    days = [meant(DAY_WORDS, word) for word in words]
    if len(days) == 1 and days[0] not in DAY_WORDS:
        days = [meant(DAY_WORDS, word) for word in words[0].split()]
    return days


def apply(session: Session, actor: Actor, place: Place, import_id: UUID, planned: Sequence[Planned]) -> None:
    for row in paced(planned):
        facts, supplier = row.facts
        if supplier is None:
            row.entity_id = suppliers.create_supplier(session, actor, **facts).id
        else:
            suppliers.update_supplier(session, actor, supplier.id, version=supplier.version, **facts)


def undo(session: Session, actor: Actor, place: Place, import_id: UUID, rows: Sequence[Planned]) -> Counts:
    """New suppliers go, or are hidden once something was made of them; changed fields are put back."""
    known = suppliers.suppliers_by_id(session, [row.entity_id for row in rows if row.entity_id])
    back, kept = [], 0
    for row in rows:
        supplier = known.get(row.entity_id) if row.entity_id else None
        if row.outcome is not Outcome.CHANGE:
            continue
        told, later = restored(row.changes, cells_of(supplier, place.currency)) if supplier else ({}, 1)
        kept += later
        if supplier is not None and told:
            back.append(_planned(place, row.number, {"code": supplier.code, **told}, supplier))
    right = [row for row in back if row.outcome is Outcome.CHANGE]
    apply(session, actor, place, import_id, right)
    made = [known[row.entity_id] for row in rows if row.outcome is Outcome.CREATE and row.entity_id in known]
    removed, hidden = _take_back(session, actor, place, made)
    return {
        "removed": removed,
        "hidden": hidden,
        "restored": len(right),
        "kept": kept + len(back) - len(right),
    }


def _take_back(session: Session, actor: Actor, place: Place, made: Sequence[Supplier]) -> tuple[int, int]:
    table = Supplier.__table__
    assert isinstance(table, Table)
    used = referred_to(session, table, [row.id for row in made])
    hidden = [row for row in made if row.id in used and row.active]
    for supplier in hidden:
        planned = _planned(place, 0, {"code": supplier.code, "active": "no"}, supplier)
        apply(session, actor, place, supplier.id, [planned])
    unused = [row for row in made if row.id not in used]
    for supplier in paced(unused):
        code = {"code": [supplier.code, None]}
        audit.record(
            session, actor, action="supplier.remove", entity="supplier", entity_id=supplier.id, changes=code
        )
    session.flush()
    remove(session, table, [row.id for row in unused])
    return len(unused), len(hidden)


def export(session: Session, place: Place, first: date, last: date) -> Iterator[Cells]:
    for supplier in session.scalars(select(Supplier).order_by(Supplier.code)):
        yield cells_of(supplier, place.currency)


SUPPLIERS = Kind(ImportKind.SUPPLIERS, Permission.CATALOG_MANAGE, COLUMNS, plan, apply, undo, export)
