"""What speaks against the steps of visits: reads guests, rules and records, and lets safety judge them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from supply.domain.catalog.models import Item
from supply.domain.preparation.contents import Contents, read_contents
from supply.domain.treatments.allergies import ADVICE_EN, ADVICE_VI, ALLERGY, allergen
from supply.domain.treatments.contraindications import rules_against
from supply.domain.treatments.models import Condition, Contraindication, Effect
from supply.domain.visits.models import RecordKind, SafetyRecord, Visit, VisitGuest
from supply.domain.visits.safety import Finding, Line, Record, Rule, forbidden, judge
from supply.domain.visits.steps import StepFacts
from supply.errors import Conflict
from supply.i18n import lazy

# (position, item, guest or None for the party) of what a step uses.
Used = tuple[int, uuid.UUID, int | None]


@dataclass(frozen=True, slots=True)
class Party:
    """The guests of one visit, by number, with their condition codes, and the treatment they are to have."""

    branch_id: uuid.UUID
    procedure_id: uuid.UUID
    guests: Mapping[int, Sequence[str]]

    def conditions_of(self, guest_position: int | None) -> set[str]:
        """The codes of one guest; None: of the whole party."""
        return {
            code
            for number, codes in self.guests.items()
            if guest_position in (None, number)
            for code in codes
        }


@dataclass(frozen=True, slots=True)
class Grounds:
    """All that judging some visits needs. A visit that is not in it has no guest with a condition."""

    parties: Mapping[uuid.UUID, Party]
    rules: Sequence[Rule] = ()
    records: Mapping[uuid.UUID, Sequence[Record]] = field(default_factory=dict)
    contents: Contents = field(default_factory=dict)

    def findings(
        self,
        visit_id: uuid.UUID,
        position: int,
        used: Iterable[Used],
        *,
        known: Mapping[int, frozenset[uuid.UUID]] | None = None,
    ) -> list[Finding]:
        """What speaks against a step that uses this, gravest first.

        `known` says, by line, what was in the lots that were used; else it is what might be in them.
        """
        party = self.parties.get(visit_id)
        if party is None or not self.rules:
            return []
        exact = known or {}
        lines = [
            Line(number, exact.get(number, self.contents.get(item_id, frozenset())) | {item_id}, guest)
            for number, item_id, guest in used
        ]
        records = self.records.get(visit_id, ())
        return judge(party.procedure_id, position, lines, party.guests, self.rules, records)

    def forbidden(
        self, visit_id: uuid.UUID, position: int, guest_position: int | None
    ) -> frozenset[uuid.UUID]:
        """The items that must not be put before a guest (None: the party) in a step, nor what holds them."""
        party = self.parties.get(visit_id)
        if party is None:
            return frozenset()
        codes = party.conditions_of(guest_position)
        banned = forbidden(self.rules, codes, party.procedure_id, position)
        return frozenset(banned | {item_id for item_id, parts in self.contents.items() if parts & banned})


NOTHING = Grounds({})


def read_grounds(session: Session, visit_ids: Collection[uuid.UUID]) -> Grounds:
    """What is known today of visits that exist. The same few statements however many."""
    if not visit_ids:
        return NOTHING
    query = (
        select(
            VisitGuest.visit_id,
            VisitGuest.position,
            VisitGuest.conditions,
            Visit.branch_id,
            Visit.procedure_id,
        )
        .join(Visit, Visit.id == VisitGuest.visit_id)
        .where(VisitGuest.visit_id.in_(sorted(visit_ids)))
    )
    guests: dict[uuid.UUID, dict[int, Sequence[str]]] = defaultdict(dict)
    treated = {}
    for row in session.execute(query):
        guests[row.visit_id][row.position] = row.conditions
        treated[row.visit_id] = (row.branch_id, row.procedure_id)
    parties = {visit_id: Party(*treated[visit_id], told) for visit_id, told in guests.items()}
    return grounds_of(session, parties, read_records(session, parties))


def grounds_of(
    session: Session,
    parties: Mapping[uuid.UUID, Party],
    records: Mapping[uuid.UUID, Sequence[Record]] | None = None,
) -> Grounds:
    """The rules that concern these parties, what is brewed from what where a rule asks for that, and the
    records that were read of them."""
    concerned = {visit_id: party for visit_id, party in parties.items() if party.conditions_of(None)}
    if not concerned:
        return NOTHING
    codes = {code for party in concerned.values() for code in party.conditions_of(None)}
    rows = rules_against(session, {party.procedure_id for party in concerned.values()}, codes)
    rules = [*map(_rule, rows), *_allergies(session, codes)]
    of_items = any(rule.item_id is not None for rule in rules)
    branch_ids = {party.branch_id for party in concerned.values()}
    contents = read_contents(session, branch_ids) if of_items else {}
    return Grounds(concerned, rules, records or {}, contents)


def _rule(row: Contraindication) -> Rule:
    return Rule(
        row.id,
        row.version,
        row.condition.code,
        row.condition.name_en,
        row.condition.name_vi,
        row.effect,
        row.advice_en,
        row.advice_vi,
        row.source,
        row.assumed,
        row.procedure_id,
        row.step_position,
        row.item_id,
    )


def _allergies(session: Session, codes: Iterable[str]) -> list[Rule]:
    """What nobody needs to write down: an allergen gives way, in every treatment and step."""
    items = {item: code for code in codes if (item := allergen(code)) is not None}
    if not items:
        return []
    found = session.execute(
        select(
            Item.id,
            Item.code,
            Item.name_en,
            Item.name_vi,
            func.coalesce(Condition.name_en, ALLERGY).label("allergy_en"),
            func.coalesce(Condition.name_vi, ALLERGY).label("allergy_vi"),
            func.coalesce(Condition.source, "").label("source"),
        )
        .outerjoin(Condition, Condition.code == ALLERGY)
        .where(Item.code.in_(sorted(items)))
    )
    return [
        Rule(
            None,
            None,
            items[row.code],
            f"{row.allergy_en}: {row.name_en}",
            f"{row.allergy_vi}: {row.name_vi}",
            Effect.SUBSTITUTE,
            ADVICE_EN,
            ADVICE_VI,
            row.source,
            item_id=row.id,
        )
        for row in found
    ]


def holding() -> tuple[ColumnElement[bool], ...]:
    """Which records still settle something."""
    return SafetyRecord.kind != RecordKind.INCIDENT, SafetyRecord.void_at.is_(None)


def read_records(session: Session, parties: Mapping[uuid.UUID, Party]) -> dict[uuid.UUID, list[SafetyRecord]]:
    """Consents and overrides that still hold, of visits with a condition."""
    concerned = sorted(visit_id for visit_id, party in parties.items() if party.conditions_of(None))
    if not concerned:
        return {}
    query = select(SafetyRecord).where(SafetyRecord.visit_id.in_(concerned), *holding())
    found: dict[uuid.UUID, list[SafetyRecord]] = defaultdict(list)
    for record in session.scalars(query):
        found[record.visit_id].append(record)
    return found


def step_findings(session: Session, step: StepFacts) -> list[Finding]:
    """What speaks against a step as it is planned, by today's rules; nothing is read without a condition."""
    grounds = read_grounds(session, [step.visit_id]) if step.has_conditions else NOTHING
    return grounds.findings(step.visit_id, step.position, used(step))


def used(step: StepFacts) -> list[Used]:
    """What a step is to use; what was left out is not used."""
    return [(line.position, line.item.id, line.guest_position) for line in step.lines if line.quantity]


def unread(findings: Iterable[Finding], acknowledged: Collection[str] = ()) -> list[str]:
    """The codes of the warnings among them that were not acknowledged."""
    return sorted({one.condition for one in findings if one.effect is Effect.WARN} - set(acknowledged))


def refuse_blocked(findings: Iterable[Finding]) -> None:
    """Raises Conflict "safety_block" where something stands against a step that nothing settles."""
    standing = [finding for finding in findings if finding.blocks]
    if standing:
        raise safety_block(standing)


def safety_block(standing: Sequence[Finding], *, errors: Mapping[str, Any] | None = None) -> Conflict:
    """The refusal that names each finding; nobody can click it away."""
    return Conflict(
        "safety_block", BLOCKED, details={"findings": [told(one) for one in standing]}, errors=errors
    )


BLOCKED = lazy(
    "A safety rule stands against this step. Replace or leave out what must not be used, record the consent "
    "that it asks for, skip the step, or ask a manager."
)


def told(finding: Finding) -> dict[str, Any]:
    """A finding in a refusal's details, JSON-ready."""
    rule = finding.rule
    return {
        "step_position": finding.step_position,
        "condition": finding.condition,
        "name_en": rule.name_en,
        "name_vi": rule.name_vi,
        "effect": finding.effect.value,
        "advice_en": rule.advice_en,
        "advice_vi": rule.advice_vi,
        "source": rule.source,
        "rule_id": str(rule.rule_id) if rule.rule_id else None,
        "rule_version": rule.version,
        "guests": list(finding.guests),
        "standing": list(finding.standing),
        "lines": list(finding.lines),
    }
