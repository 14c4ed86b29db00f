"""Rules of a recipe version through the services: who a visit's factors change, what publishing freezes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from supply.database import db, new_id, read_snapshot, write_transaction
from supply.domain.audit.models import AuditEntry
from supply.domain.ledger import service as ledger
from supply.domain.treatments import drafting, service
from supply.domain.treatments.factors import Factor
from supply.domain.treatments.models import Package
from supply.domain.treatments.recipe import PackageAction, Scale
from supply.domain.treatments.retelling import retold
from supply.domain.visits import service as visits
from supply.domain.visits.planning import plan_visits
from supply.domain.visits.plans import Guest, Plan
from supply.domain.visits.views import VisitView
from supply.errors import Invalid
from tests.cast import Cast
from tests.treatments import complete, differences, level, look, noon, open_spa, plan

Wording = dict[str, list[dict[str, Any]]]
ML = 1_000


def told(view: VisitView, position: int) -> list[tuple[str, int | None, int, str]]:
    """The lines of a step: item, guest, quantity, path of rules."""
    lines = view.step(position).lines
    return [(line.item.code, line.guest_position, line.quantity, line.rule) for line in lines]


def guests(*factors: list[str]) -> list[dict[str, Any]]:
    return [{"conditions": [], "factors": codes} for codes in factors]


def publish(cast: Cast, change: Callable[[Wording], None]) -> None:
    """Change the recipe in a draft and publish it."""

    def work(session: Session) -> None:
        procedure = service.find_procedure_by_code(session, "back-massage")
        assert procedure is not None
        draft = service.with_items(session, drafting.begin_draft(session, cast.manager, procedure.id))
        wording = retold(draft)
        change(wording)
        draft = drafting.save_draft(session, cast.manager, procedure.id, version=draft.version, **wording)
        drafting.publish_draft(session, cast.manager, procedure.id, version=draft.version)

    write_transaction(work)


def test_factors_and_package_resolve_and_old_visits_read_as_they_were(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    facts = {"guests": guests(["sensitive-skin", "light-scent"], ["child"]), "package": "full-ritual"}
    first = plan(cast, **facts).visit.id
    before = {position: told(look(cast, first), position) for position in range(1, 7)}
    assert before[3][0] == ("angelica", None, 40 * ML, "tub:1|sensitive-skin-20|for:1")
    assert before[6] == [
        ("oil-massage", 1, 30 * ML, "client"),
        ("oil-massage", 2, 15 * ML, "client|child-50"),
        ("oil-lavender", 1, 500, "client|sensitive-skin-50|light-scent-40|limit:25"),
        ("oil-lavender", 2, 1 * ML, "client|child-50"),
        ("oil-lemongrass", 1, 250, "client|sensitive-skin-50|light-scent-40|limit:25"),
        ("oil-lemongrass", 2, 500, "client|child-50"),
        ("soup", 1, 1_000, "client|add"),
        ("soup", 2, 1_000, "client|add"),
    ]
    assert [guest.factors for guest in look(cast, first).guests] == [
        ["light-scent", "sensitive-skin"],
        ["child"],
    ]
    assert level(cast, items["oil-massage"])[1] == 45 * ML

    def drop(wording: Wording) -> None:
        wording["package_rules"].clear()
        wording["factor_rules"] = [rule for rule in wording["factor_rules"] if rule["factor"] is Factor.CHILD]

    publish(cast, drop)
    assert {position: told(look(cast, first), position) for position in range(1, 7)} == before
    second = plan(cast, **facts).visit.id
    assert told(look(cast, second), 6)[:3] == [
        ("oil-massage", 1, 30 * ML, "client"),
        ("oil-massage", 2, 15 * ML, "client|child-50"),
        ("oil-lavender", 1, 2 * ML, "client"),
    ]
    # A planned visit that changes keeps the wording, and the rules, with which it was planned.
    write_transaction(
        lambda s: visits.change_visit(s, cast.manager, first, version=1, guests=guests(["sensitive-skin"]))
    )
    assert told(look(cast, first), 6)[1] == ("oil-lavender", 1, 1 * ML, "client|sensitive-skin-50")
    complete(cast, first, 6)
    assert differences() == []


def test_a_draft_copies_the_rules_and_the_audit_tells_them(session: Session, cast: Cast) -> None:
    open_spa(cast, quantity=0)
    procedure = service.list_procedures(session)[0]
    published = service.with_items(session, service.published_recipe(session, procedure.id))
    draft = service.with_items(session, drafting.begin_draft(session, cast.manager, procedure.id))
    assert retold(draft) == retold(published)
    assert len(draft.factor_rules) > 5
    assert all(rule.assumed for rule in (*published.package_rules, *published.factor_rules))
    rule = published.factor_rules[0]
    drafting.confirm_rule(session, cast.manager, procedure.id, rule.id)
    assert not rule.assumed
    drafting.publish_draft(session, cast.manager, procedure.id, version=draft.version)
    publications = select(AuditEntry).where(AuditEntry.action == "recipe.publish").order_by(AuditEntry.id)
    entries = session.scalars(publications).all()
    assert entries[-1].changes["rules"][1][0]["action"] == "add"


@pytest.mark.parametrize(
    ("part", "change", "field"),
    [
        ("package_rules", {"package_id": new_id()}, "package_rules.0.package_id"),
        ("package_rules", {"step_position": 9}, "package_rules.0.step_position"),
        ("package_rules", {"item_id": new_id()}, "package_rules.0.item_id"),
        ("package_rules", {"amount": None}, "package_rules.0.amount"),
        ("package_rules", {"unit": "kg"}, "package_rules.0.unit"),
        ("package_rules", {"scale": None}, "package_rules.0.scale"),
        ("package_rules", {"action": PackageAction.SET}, "package_rules.0.item_id"),
        ("factor_rules", {"step_position": 9}, "factor_rules.0.step_position"),
        ("factor_rules", {"item_id": new_id()}, "factor_rules.0.item_id"),
        ("factor_rules", {"percent": 0}, "factor_rules.0.percent"),
        ("factor_rules", {"percent": -33, "lowest": 0}, "factor_rules.0.percent"),
    ],
)
def test_a_rule_is_refused_by_its_field(
    session: Session, cast: Cast, part: str, change: dict[str, Any], field: str
) -> None:
    open_spa(cast, quantity=0)
    procedure = service.list_procedures(session)[0]
    draft = service.with_items(session, drafting.begin_draft(session, cast.manager, procedure.id))
    wording = retold(draft)
    # Two and a half microlitres: a third of it is no whole number of them.
    wording["steps"][3]["lines"][0]["amount"] = Decimal("0.001")
    wording["factor_rules"][0:] = [wording["factor_rules"][0]]
    wording["factor_rules"][0] |= {"percent": -100, "lowest": 0}
    wording[part][0] |= change
    with pytest.raises(Invalid) as refusal:
        drafting.save_draft(session, cast.manager, procedure.id, version=draft.version, **wording)
    assert list(refusal.value.errors) == [field]


def test_a_group_of_fourteen_with_water_without_a_room(session: Session, cast: Cast) -> None:
    items = open_spa(cast)

    def soak(wording: Wording) -> None:
        wording["steps"][2]["lines"][0] |= {"scale": Scale.WATER, "amount": Decimal(1), "unit": "g"}

    publish(cast, soak)
    party = guests(*[[]] * 13, ["sensitive-skin"])
    view = plan(cast, guests=party)
    # Seven tubs of 200 kg, assumed; the last guest thins it for all.
    assert told(view, 3)[0] == ("angelica", None, 1_120_000, "water:7x200?|sensitive-skin-20|for:14")
    assert len(told(view, 6)) == 14 * 3
    complete(cast, view.visit.id, 3)
    assert level(cast, items["angelica"])[1] == 0


def test_nothing_left_is_completed_as_nothing(session: Session, cast: Cast) -> None:
    items = open_spa(cast)

    def forbid(wording: Wording) -> None:
        for rule in wording["factor_rules"]:
            rule |= {"percent": -100, "lowest": 0}

    publish(cast, forbid)
    view = plan(cast, guests=guests(["child"]))
    assert told(view, 4)[0] == ("ginger", 1, 0, "client|child-100")
    before = level(cast, items["ginger"])[0]
    complete(cast, view.visit.id, 4)
    assert level(cast, items["ginger"]) == (before, 0)
    assert differences() == []


def test_a_guest_of_two_ages_is_refused(session: Session, cast: Cast) -> None:
    open_spa(cast, quantity=0)
    with pytest.raises(Invalid) as refusal:
        plan(cast, guests=guests([], ["child", "senior"]))
    assert list(refusal.value.errors) == ["guests.1.factors"]


def test_many_visits_are_planned_with_the_statements_of_one(session: Session, cast: Cast) -> None:
    open_spa(cast)
    package = read_snapshot(lambda s: s.scalar(select(Package.code).order_by(Package.code)))
    seen: list[str] = []

    def planned(count: int) -> int:
        plans = [Plan("back-massage", [Guest((), ("senior",))] * 2, noon(), package) for _ in range(count)]
        seen.clear()

        def work(s: Session) -> list[UUID]:
            return plan_visits(s, ledger.lock(s, cast.manager, cast.branch_id), plans)

        write_transaction(work)
        return len(seen)

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert planned(40) <= planned(1)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
