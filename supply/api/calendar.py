"""The calendar of a branch over the API: events that change demand, closed days, days without suppliers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.cursors import sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.planning import calendar
from supply.domain.planning.calendar_schemas import (
    AddCalendarEntry,
    CalendarEntryOut,
    ListCalendarEntries,
    WriteCalendarEntry,
)
from supply.permissions import Actor, Permission

blp = ApiBlueprint("calendar", description="Days that are not like others; the plan counts on them.")
_ENTRY = {
    "kind": "event",
    "name": "Before Tết",
    "first_on": "2027-01-23",
    "last_on": "2027-02-04",
    "factor_percent": 150,
}


@blp.get(
    "/calendar-entries",
    permission=Permission.STOCK_SEE,
    query=ListCalendarEntries,
    page_of=CalendarEntryOut,
    summary="List a branch's calendar",
    description="The entries that end on or after `since`, by their first day. Kinds: `event` changes demand "
    "by its factor, on `closed` days nothing is used, on `suppliers-closed` days nothing is ordered and "
    "nothing comes.",
)
def list_calendar_entries(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    rows = calendar.list_entries(session, actor, query["branch_id"], since=query["since"])
    return sliced(rows, query, lambda row: (row.first_on.isoformat(), row.id))


@blp.post(
    "/calendar-entries",
    permission=Permission.CATALOG_MANAGE,
    body=AddCalendarEntry,
    out=CalendarEntryOut,
    status=201,
    etag=True,
    summary="Enter days in a branch's calendar",
    description="The next plan counts on it. An event needs `factor_percent` (422 `factor_missing`).",
    example={"branch_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01", **_ENTRY},
)
def add_calendar_entry(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    return calendar.add_entry(session, actor, **data)


@blp.get(
    "/calendar-entries/<uuid:calendar_entry_id>",
    permission=Permission.STOCK_SEE,
    out=CalendarEntryOut,
    etag=True,
    summary="Get an entry of the calendar",
    description="One entry.",
)
def get_calendar_entry(session: Session, actor: Actor, calendar_entry_id: UUID) -> Any:
    return calendar.get_entry(session, actor, calendar_entry_id)


@blp.put(
    "/calendar-entries/<uuid:calendar_entry_id>",
    permission=Permission.CATALOG_MANAGE,
    body=WriteCalendarEntry,
    out=CalendarEntryOut,
    etag=True,
    versioned=True,
    summary="Change an entry of the calendar",
    description="Replaces what it says. The next plan counts on it.",
    example=_ENTRY,
)
def change_calendar_entry(
    session: Session, actor: Actor, data: dict[str, Any], calendar_entry_id: UUID, version: int
) -> Any:
    return calendar.change_entry(session, actor, calendar_entry_id, version=version, **data)


@blp.delete(
    "/calendar-entries/<uuid:calendar_entry_id>",
    permission=Permission.CATALOG_MANAGE,
    versioned=True,
    summary="Remove an entry of the calendar",
    description="Those days are like any others again; the audit keeps what it said.",
)
def remove_calendar_entry(session: Session, actor: Actor, calendar_entry_id: UUID, version: int) -> None:
    calendar.remove_entry(session, actor, calendar_entry_id, version=version)
