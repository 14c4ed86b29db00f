"""Pages of the safety rules: all of them by condition, a new one, changing and retiring one."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from uuid import UUID

from flask import url_for
from marshmallow import fields
from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.treatments import conditions, contraindications, service
from supply.domain.treatments.allergies import ALLERGY
from supply.domain.treatments.condition_schemas import ChangeContraindication, CreateContraindication
from supply.domain.treatments.models import Contraindication, Effect
from supply.fields import BaseSchema, Tick
from supply.i18n import _
from supply.permissions import Actor, Permission
from supply.web.frame import named
from supply.web.pages import Pages, current_form, query, render, say
from supply.web.words import source_words, word

bp = Pages("contraindications", __name__)
Target = tuple[str, dict[str, Any]]
_MANAGE = Permission.CATALOG_MANAGE
MOST = 500
EFFECT_KINDS = {
    Effect.WARN: "info",
    Effect.SUBSTITUTE: "warning",
    Effect.CONSENT: "warning",
    Effect.BLOCK: "danger",
}


class ShownRules(BaseSchema):
    retired = Tick(load_default=False)


class RuleOf(BaseSchema):
    procedure_id = fields.UUID(load_default=None)


def rule_row(rule: Contraindication) -> dict[str, Any]:
    """A rule in words, as treatments/rule_parts.html draws it."""
    return {
        "kind": EFFECT_KINDS[rule.effect],
        "effect": word(rule.effect),
        "condition": named(rule.condition),
        "target": target_words(rule),
        "advice": named(rule, "advice"),
        "source": source_words(rule.source),
        "assumed": rule.assumed,
        "active": rule.active,
        "url": url_for("contraindications.edit_rule", rule_id=rule.id),
    }


def target_words(rule: Contraindication) -> str:
    """What a rule is against: "Wormwood · every treatment", "step 4"."""
    if rule.procedure_id is None:
        where = _("every treatment")
    elif rule.step_position is None:
        where = _("every step")
    else:
        where = _("step %(number)s", number=rule.step_position)
    return f"{named(rule.item)} · {where}" if rule.item is not None else where


@bp.page("/contraindications", permission=Permission.STOCK_SEE)
def list_rules(session: Session, actor: Actor) -> str:
    retired = query(ShownRules)["retired"]
    rules = contraindications.list_contraindications(session, active=not retired)
    groups = [
        (named(condition), [rule_row(rule) for rule in some])
        for condition, some in groupby(rules, lambda rule: rule.condition)
    ]
    shown = [
        (_("In use"), url_for("contraindications.list_rules"), not retired, None),
        (_("Retired"), url_for("contraindications.list_rules", retired="true"), retired, None),
    ]
    return render("treatments/rules.html", groups=groups, shown=shown)


@bp.page("/contraindications/new", permission=_MANAGE)
def new_rule(session: Session, actor: Actor) -> str:
    procedure_id = query(RuleOf)["procedure_id"]
    choices = [row for row in conditions.list_conditions(session) if row.code != ALLERGY]
    return render(
        "treatments/rule.html",
        schema=CreateContraindication,
        rule=None,
        chosen={"procedure_id": procedure_id or ""},
        conditions=[(row.id, named(row)) for row in choices],
        **_targets(session, procedure_id),
    )


def _targets(session: Session, procedure_id: UUID | None) -> dict[str, Any]:
    """What a rule may be against. Steps are named where the procedure is known."""
    procedures = service.list_procedures(session, limit=100)
    if procedure_id is None and len(procedures) == 1:
        procedure_id = procedures[0].id
    recipe = service.find_published_recipe(session, procedure_id) if procedure_id else None
    return {
        "procedures": [(row.id, named(row)) for row in procedures],
        "steps": [(step.position, f"{step.position}. {named(step)}") for step in recipe.steps]
        if recipe
        else [],
        "items": [(row.id, named(row)) for row in catalog.list_items(session, limit=MOST)],
    }


@bp.action(
    "/contraindications/new",
    permission=_MANAGE,
    schema=CreateContraindication,
    back="contraindications.new_rule",
)
def create_rule(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    contraindications.create_contraindication(session, actor, **data)
    say(_("Saved. The rule holds from now on."))
    return "contraindications.list_rules", {}


@bp.page("/contraindications/<uuid:rule_id>", permission=_MANAGE)
def edit_rule(session: Session, actor: Actor, rule_id: UUID) -> str:
    rule = contraindications.get_contraindication(session, rule_id)
    form = current_form()
    return render(
        "treatments/rule.html",
        schema=ChangeContraindication,
        rule=rule,
        chosen={"procedure_id": form.value("procedure_id", rule.procedure_id or "")},
        conditions=[],
        **_targets(session, rule.procedure_id),
    )


@bp.action(
    "/contraindications/<uuid:rule_id>",
    permission=_MANAGE,
    schema=ChangeContraindication,
    back="contraindications.edit_rule",
    versioned=True,
)
def change_rule(session: Session, actor: Actor, data: dict[str, Any], rule_id: UUID, version: int) -> Target:
    contraindications.update_contraindication(session, actor, rule_id, version=version, **data)
    say(_("Saved. The rule holds from now on."))
    return "contraindications.list_rules", {}
