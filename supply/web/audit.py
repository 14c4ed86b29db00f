"""Page of the audit: who changed which field of what, before and after, why and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Response
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from supply import clock
from supply.alphabet import sort_key
from supply.domain.audit import service as audit
from supply.domain.audit.models import AuditEntry
from supply.domain.people import service as people
from supply.domain.people.names import names_of
from supply.domain.reports.audited import search_audit
from supply.domain.treatments import conditions
from supply.fields import BaseSchema, Day, Id, Text
from supply.i18n import Text as Words
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission
from supply.web.audit_rows import entry_row
from supply.web.audit_values import items_of
from supply.web.audit_words import ACTION_WORDS, ENTITY_WORDS, FIELD_WORDS
from supply.web.frame import named
from supply.web.pages import NavGroup, Pages, query, render
from supply.web.session import find_current_branch, viewer
from supply.web.sheets import Sheet, View

bp = Pages("audit", __name__)
bp.nav(
    label=lazy("Audit"),
    icon="history",
    endpoint="audit.list_entries",
    permission=Permission.AUDIT_SEE,
    order=95,
    group=NavGroup.REPORTS,
)
PAGE = 30


class AuditFilter(BaseSchema):
    entity = fields.String(
        validate=validate.OneOf(audit.ENTITIES), load_default=None, metadata={"words": ENTITY_WORDS}
    )
    entity_id = Id(load_default=None)
    person_id = Id(load_default=None)
    action = fields.String(
        validate=validate.OneOf(list(ACTION_WORDS)), load_default=None, metadata={"words": ACTION_WORDS}
    )
    field = fields.String(
        validate=validate.OneOf(list(FIELD_WORDS)), load_default=None, metadata={"words": FIELD_WORDS}
    )
    words = Text(max_length=100, load_default=None)
    # One day, or from day to day.
    day = Day(load_default=None)
    from_day = Day(data_key="from", load_default=None)
    until_day = Day(data_key="until", load_default=None)
    past = Id(load_default=None)


AUDIT = Sheet("audit.list_entries", AuditFilter, ("when",), "-when", PAGE)
_NARROWED = ("entity", "entity_id", "person_id", "action", "field", "words")


@bp.page("/audit", permission=Permission.AUDIT_SEE)
def list_entries(session: Session, actor: Actor) -> str | Response:
    chosen, view = query(AuditFilter), AUDIT.view(session, actor)
    found = _found(session, actor, chosen, view)
    if view.kind:
        return view.file("audit", _("Audit"), _lines(_rows(session, found)))
    shown = found[:PAGE]
    view.follow(len(found), **({"past": shown[-1].id} if len(found) > PAGE else {}))
    return render(
        "audit/list.html",
        rows=_rows(session, shown),
        chosen=chosen,
        entities=[(code, str(ENTITY_WORDS[code])) for code in audit.ENTITIES],
        people=_people(session, actor),
        actions=_by_word(ACTION_WORDS),
        fields=_by_word(FIELD_WORDS),
        narrowed=bool(view.kept),
        view=view,
    )


def _lines(rows: Sequence[dict[str, Any]]) -> Iterator[list[object]]:
    """As the page has it, a line for each field."""
    head = [_("When"), _("Who"), _("Where"), _("What"), _("Action"), _("Field"), _("Before"), _("After")]
    yield [*head, _("Why")]
    for row in rows:
        begin = [row["when"], row["who"], row["where"], row["what"], row["did"]]
        for change in row["changes"] or [("", "", "")]:
            yield [*begin, *change, row["reason"]]


def _found(session: Session, actor: Actor, chosen: dict[str, Any], view: View) -> Sequence[AuditEntry]:
    """The entries that fit, the newest first or the oldest; one more than a page, where there are more."""
    asked = {name: chosen[name] for name in _NARROWED} | _span(chosen)
    if view.order is not None and not view.order.descending:
        return search_audit(session, actor, **asked, limit=view.limit, after=chosen["past"] or audit.NO_ENTRY)
    return search_audit(session, actor, **asked, limit=view.limit, before=chosen["past"])


def _rows(session: Session, entries: Sequence[AuditEntry]) -> list[dict[str, Any]]:
    names = names_of(session, [entry.person_id for entry in entries])
    items = items_of(session, entries)
    known = {one.code: named(one) for one in conditions.list_conditions(session, active=None)}
    person = viewer()
    branches = {branch.id: branch.name for branch in person.branches} if person else {}
    here = find_current_branch()
    return [entry_row(entry, names, items, branches, known, here) for entry in entries]


def _by_word(words: Mapping[str, Words]) -> list[tuple[str, str]]:
    """What may be chosen, in the order of its words."""
    return sorted(((code, str(word)) for code, word in words.items()), key=lambda one: sort_key(one[1]))


def _zone() -> str:
    branch = find_current_branch()
    return branch.timezone if branch else "UTC"


def _span(chosen: dict[str, Any]) -> dict[str, Any]:
    """The chosen days on the clock of the branch one works in."""
    first, last = chosen["day"] or chosen["from_day"], chosen["day"] or chosen["until_day"]
    return {
        "recorded_from": clock.begin_of(first, _zone()),
        "recorded_before": clock.end_of(last, _zone()),
    }


def _people(session: Session, actor: Actor) -> list[tuple[str, str]]:
    """Whom the list may be narrowed to: those whom one looks after, also who has left."""
    return [(str(one.id), one.name) for one in people.list_people(session, actor, active=None)]
