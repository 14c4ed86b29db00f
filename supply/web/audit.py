"""Page of the audit: who changed which field of what, before and after, why and when."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import url_for
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.audit import service as audit
from supply.domain.people import service as people
from supply.domain.people.names import names_of
from supply.domain.treatments import conditions
from supply.fields import BaseSchema, Day, Id
from supply.i18n import lazy
from supply.permissions import Actor, Permission
from supply.web.audit_rows import entry_row
from supply.web.audit_values import items_of
from supply.web.audit_words import ENTITY_WORDS
from supply.web.frame import named
from supply.web.pages import Pages, query, render
from supply.web.session import find_current_branch, viewer

bp = Pages("audit", __name__)
bp.nav(
    label=lazy("Audit"),
    icon="history",
    endpoint="audit.list_entries",
    permission=Permission.AUDIT_SEE,
    order=95,
)
PAGE = 30


class AuditFilter(BaseSchema):
    entity = fields.String(validate=validate.OneOf(audit.ENTITIES), load_default=None)
    entity_id = Id(load_default=None)
    person_id = Id(load_default=None)
    day = Day(load_default=None)
    before = Id(load_default=None)


@bp.page("/audit", permission=Permission.AUDIT_SEE)
def list_entries(session: Session, actor: Actor) -> str:
    chosen = query(AuditFilter)
    narrowed = {name: chosen[name] for name in ("entity", "entity_id", "person_id")}
    found = audit.list_entries(
        session, actor, **narrowed, **_span(chosen["day"]), limit=PAGE + 1, before=chosen["before"]
    )
    shown = found[:PAGE]
    names = names_of(session, [entry.person_id for entry in shown])
    items = items_of(session, shown)
    known = {one.code: named(one) for one in conditions.list_conditions(session, active=None)}
    person = viewer()
    branches = {branch.id: branch.name for branch in person.branches} if person else {}
    kept = {name: value for name, value in {**narrowed, "day": chosen["day"]}.items() if value}
    return render(
        "audit/list.html",
        rows=[entry_row(entry, names, items, branches, known, find_current_branch()) for entry in shown],
        chosen=chosen,
        entities=[(code, str(ENTITY_WORDS[code])) for code in audit.ENTITIES],
        people=_people(session, actor),
        narrowed=bool(kept),
        next_url=url_for("audit.list_entries", **kept, before=shown[-1].id) if len(found) > PAGE else None,
        first_url=url_for("audit.list_entries", **kept) if chosen["before"] else None,
    )


def _zone() -> str:
    branch = find_current_branch()
    return branch.timezone if branch else "UTC"


def _span(day: date | None) -> dict[str, Any]:
    """The chosen day on the clock of the branch one works in."""
    if day is None:
        return {}
    begins, ends = clock.span_of(day, _zone())
    return {"recorded_from": begins, "recorded_before": ends}


def _people(session: Session, actor: Actor) -> list[tuple[str, str]]:
    """Whom the list may be narrowed to: those whom one looks after, also who has left."""
    return [(str(one.id), one.name) for one in people.list_people(session, actor, active=None)]
