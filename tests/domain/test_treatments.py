"""Recipes: that published wording stays, how a draft is refused, and what the starter catalogue holds."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from supply.database import new_id
from supply.domain.audit.models import AuditEntry
from supply.domain.catalog import service as catalog
from supply.domain.treatments import conditions, contraindications, drafting, service, starter
from supply.domain.treatments.models import Effect, Procedure, RecipeVersion
from supply.domain.treatments.recipe import Scale
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from tests.cast import Cast
from tests.treatments import load_starter

# --- the starter catalogue -------------------------------------------------------------------------------


@pytest.fixture
def massage(session: Session, cast: Cast) -> Procedure:
    load_starter(cast)
    found = service.find_procedure_by_code(session, "back-massage")
    assert found is not None
    return found


def test_the_six_steps_are_the_spas_own(session: Session, massage: Procedure) -> None:
    recipe = service.published_recipe(session, massage.id)
    assert [step.name_en for step in recipe.steps] == [
        "Warm-cold shower",
        "Red Dao wood bath",
        "Herbal soaking bath",
        "Dry sauna, wet sauna, and ginger foot soak",
        "Medicinal water rinsing bath",
        "Therapeutic massage",
    ]


def test_supplies_scale_as_the_spa_pours_them(session: Session, massage: Procedure) -> None:
    recipe = service.with_items(session, service.published_recipe(session, massage.id))
    scales = [{line.item.code: line.scale.value for line in step.lines} for step in recipe.steps]
    assert scales[:4] == [
        {},
        {"dao-wood": "tub"},
        {"angelica": "tub", "wormwood": "tub", "citrus-peel": "tub"},
        {"ginger": "client", "oil-sauna": "room"},
    ]
    assert set(scales[4].values()) == set(scales[5].values()) == {"client"}


def test_every_quantity_is_an_assumption(session: Session, massage: Procedure) -> None:
    recipe = service.with_items(session, service.published_recipe(session, massage.id))
    assert all(line.assumed for step in recipe.steps for line in step.lines)
    assert all(line.item.assumed for line in recipe.steps[4].lines)


def test_every_category_has_an_item_in_both_languages(session: Session, massage: Procedure) -> None:
    items = catalog.list_items(session, limit=200)
    assert len(items) >= 16
    assert {item.category.value for item in items} == {
        "essential-oil",
        "herb",
        "wood",
        "peel",
        "root",
        "refreshment",
        "remedy",
        "consumable",
    }
    assert [item.code for item in catalog.list_items(session, search="gung")] == ["ginger", "ginger-tea"]


def test_the_contraindications_are_the_spas_own(session: Session, massage: Procedure) -> None:
    rules = contraindications.list_contraindications(session, procedure_id=massage.id)
    own = [rule for rule in rules if not rule.assumed]
    assert {(rule.condition.code, rule.step_position, rule.effect.value) for rule in own} == {
        ("bleeding-tendency", 6, "block"),
        ("heart-failure", 6, "block"),
        ("injury-prone-areas", 6, "warn"),
        ("kidney-failure", 6, "block"),
        ("malignancy", 6, "block"),
        ("pregnancy", None, "consent"),
    }
    assert {rule.source for rule in own} == {"LEE SPA & MASSAGE, Contraindications for Back Massage"}
    assert {rule.source for rule in rules if rule.assumed} == {"Starter catalogue"}
    some = contraindications.rules_against(session, [massage.id], ["injury-prone-areas", "unknown"])
    assert [rule.condition.code for rule in some] == ["injury-prone-areas"]


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("pregnancy", True),
        ("allergy:ginger", True),
        ("allergy", False),
        ("allergy:gold", False),
        ("unknown", False),
    ],
)
def test_a_guest_is_given_codes_that_exist(
    session: Session, massage: Procedure, code: str, known: bool
) -> None:
    assert conditions.known_codes(session, [code]) == ({code} if known else set())


def test_loading_again_adds_nothing(session: Session, cast: Cast, massage: Procedure) -> None:
    entries = session.scalar(select(func.count()).select_from(AuditEntry))
    assert set(starter.load(session, cast.manager).values()) == {0}
    assert session.scalar(select(func.count()).select_from(AuditEntry)) == entries


def test_the_file_names_only_items_it_has() -> None:
    told = tomllib.loads(Path(starter.__file__).with_name("starter.toml").read_text(encoding="utf-8"))
    codes = [item["code"] for item in told["items"]]
    assert len(codes) == len(set(codes))
    used = {line["item"] for step in told["procedure"]["steps"] for line in step["lines"]}
    assert used <= set(codes)


# --- drafts ----------------------------------------------------------------------------------------------


def _steps(session: Session, *amounts: str) -> list[dict[str, Any]]:
    item = catalog.find_item_by_code(session, "ginger")
    assert item is not None
    line = {"item_id": item.id, "unit": "g", "scale": Scale.CLIENT}
    return [
        {
            "name_en": f"Step {amount}",
            "name_vi": f"Bước {amount}",
            "lines": [{**line, "amount": Decimal(amount)}],
        }
        for amount in amounts
    ]


def test_a_draft_is_a_copy_of_what_is_published(session: Session, cast: Cast, massage: Procedure) -> None:
    published = service.published_recipe(session, massage.id)
    draft = drafting.begin_draft(session, cast.manager, massage.id)
    assert (draft.number, draft.published_at) == (2, None)
    assert [
        [(line.item_id, line.quantity, line.scale, line.assumed) for line in step.lines]
        for step in draft.steps
    ] == [
        [(line.item_id, line.quantity, line.scale, line.assumed) for line in step.lines]
        for step in published.steps
    ]
    assert drafting.begin_draft(session, cast.manager, massage.id) is draft


def test_publishing_leaves_the_old_wording_alone(session: Session, cast: Cast, massage: Procedure) -> None:
    old = service.published_recipe(session, massage.id)
    draft = drafting.begin_draft(session, cast.manager, massage.id)
    steps = _steps(session, "80", "90")
    draft = drafting.save_draft(session, cast.manager, massage.id, version=draft.version, steps=steps)
    assert service.published_recipe(session, massage.id).id == old.id
    new = drafting.publish_draft(session, cast.manager, massage.id, version=draft.version)
    session.expire_all()
    assert service.published_recipe(session, massage.id).id == new.id
    assert service.published_recipes(session, [massage.id])[massage.id].id == new.id
    assert [line.quantity for step in new.steps for line in step.lines] == [80_000, 90_000]
    assert len(service.get_recipe(session, old.id).steps) == 6
    assert service.find_draft(session, massage.id) is None
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "recipe.publish").order_by(AuditEntry.id)
    ).all()[-1]
    assert entry.changes["number"] == [1, 2]
    with pytest.raises(NotFound):
        drafting.publish_draft(session, cast.manager, massage.id, version=1)


def test_a_draft_is_saved_by_version(session: Session, cast: Cast, massage: Procedure) -> None:
    drafting.begin_draft(session, cast.manager, massage.id)
    drafting.save_draft(session, cast.manager, massage.id, version=1, steps=_steps(session, "80"))
    with pytest.raises(Stale):
        drafting.save_draft(session, cast.manager, massage.id, version=1, steps=_steps(session, "90"))
    draft = service.find_draft(session, massage.id)
    assert draft is not None
    assert (draft.version, [step.name_en for step in draft.steps]) == (2, ["Step 80"])


def test_a_draft_can_be_thrown_away(session: Session, cast: Cast, massage: Procedure) -> None:
    draft = drafting.begin_draft(session, cast.manager, massage.id)
    drafting.discard_draft(session, cast.manager, massage.id, version=draft.version)
    assert [version.number for version in service.list_recipe_versions(session, massage.id)] == [1]


def test_a_faulty_line_is_named_and_nothing_is_saved(
    session: Session, cast: Cast, massage: Procedure
) -> None:
    draft = drafting.begin_draft(session, cast.manager, massage.id)
    for change, field in (
        ({"item_id": new_id()}, "steps.1.lines.0.item_id"),
        ({"unit": "ml"}, "steps.1.lines.0.unit"),
        ({"amount": Decimal("0.0001")}, "steps.1.lines.0.amount"),
    ):
        steps = _steps(session, "80", "90")
        steps[1]["lines"][0].update(change)
        with pytest.raises(Invalid) as caught:
            drafting.save_draft(session, cast.manager, massage.id, version=draft.version, steps=steps)
        assert list(caught.value.errors) == [field]
    assert len(draft.steps) == 6


def test_an_empty_recipe_is_not_published(session: Session, cast: Cast) -> None:
    procedure = service.create_procedure(session, cast.manager, code="foot", name_en="Foot", name_vi="Chân")
    with pytest.raises(Conflict) as caught:
        drafting.publish_draft(session, cast.manager, procedure.id, version=1)
    assert caught.value.code == "recipe_empty"
    with pytest.raises(Conflict) as caught:
        service.published_recipe(session, procedure.id)
    assert caught.value.code == "recipe_not_published"


def test_only_a_manager_writes_recipes(session: Session, cast: Cast, massage: Procedure) -> None:
    for actor in (cast.storekeeper, cast.therapist, cast.admin):
        with pytest.raises(Forbidden):
            drafting.begin_draft(session, actor, massage.id)
        with pytest.raises(Forbidden):
            drafting.confirm_recipe(session, actor, massage.id)


# --- confirming ------------------------------------------------------------------------------------------


def _assumed(session: Session, procedure_id: UUID) -> list[bool]:
    session.expire_all()
    recipe = service.published_recipe(session, procedure_id)
    return [line.assumed for step in recipe.steps for line in step.lines]


def test_a_line_is_confirmed_by_itself(session: Session, cast: Cast, massage: Procedure) -> None:
    line = service.published_recipe(session, massage.id).steps[1].lines[0]
    drafting.confirm_line(session, cast.manager, massage.id, line.id)
    assert _assumed(session, massage.id).count(False) == 1
    with pytest.raises(NotFound):
        drafting.confirm_line(session, cast.manager, new_id(), line.id)


def test_a_whole_recipe_is_confirmed(session: Session, cast: Cast, massage: Procedure) -> None:
    drafting.confirm_recipe(session, cast.manager, massage.id)
    assert not any(_assumed(session, massage.id))
    quantities = session.scalars(select(RecipeVersion.id)).all()
    assert len(quantities) == 1


# --- procedures, packages, conditions --------------------------------------------------------------------


def test_a_procedure_is_renamed_and_hidden(session: Session, cast: Cast, massage: Procedure) -> None:
    told: dict[str, Any] = {"name_en": "Back", "name_vi": "Lưng", "active": False}
    service.update_procedure(session, cast.manager, massage.id, version=1, **told)
    assert service.list_procedures(session) == []
    assert service.list_procedures(session, active=None, search="lung") == [massage]
    with pytest.raises(Stale):
        service.update_procedure(session, cast.manager, massage.id, version=1, **told)
    with pytest.raises(Conflict):
        service.create_procedure(session, cast.manager, code="back-massage", name_en="x", name_vi="x")


def test_packages_include_steps(session: Session, cast: Cast, massage: Procedure) -> None:
    packages = {package.code: package for package in service.list_packages(session, procedure_id=massage.id)}
    assert [step.position for step in packages["short-ritual"].steps] == [1, 4, 6]
    assert [step.position for step in packages["full-ritual"].steps] == [1, 2, 3, 4, 5, 6]
    short = packages["short-ritual"]
    told: dict[str, Any] = {"name_en": "S", "name_vi": "N", "active": True}
    service.update_package(session, cast.manager, short.id, steps=[6, 1, 1], **told)
    session.flush()
    session.expire_all()
    assert [step.position for step in service.get_package(session, short.id).steps] == [1, 6]
    with pytest.raises(Invalid) as caught:
        service.update_package(session, cast.manager, short.id, steps=[7], **told)
    assert list(caught.value.errors) == ["steps"]


def test_conditions_and_their_rules_are_the_managers(
    session: Session, cast: Cast, massage: Procedure
) -> None:
    fever = conditions.create_condition(
        session, cast.manager, code="fever", name_en="Fever", name_vi="Sốt", source="House rule"
    )
    told: dict[str, Any] = {"advice_en": "Wait.", "advice_vi": "Chờ.", "source": "House rule"}
    against = {"procedure_id": massage.id, "step_position": 4}
    rule = contraindications.create_contraindication(
        session, cast.manager, condition_id=fever.id, effect=Effect.BLOCK, **told, **against
    )
    assert rule.version == 1
    changed = {**told, "effect": Effect.WARN, "procedure_id": massage.id, "active": False, "version": 1}
    contraindications.update_contraindication(session, cast.manager, rule.id, **changed)
    assert (rule.step_position, rule.active, rule.version) == (None, False, 2)
    with pytest.raises(Stale) as stale:
        contraindications.update_contraindication(session, cast.manager, rule.id, **changed)
    assert stale.value.details == {"version": 2}
    assert contraindications.rules_against(session, [massage.id], ["fever"]) == []
    facts: dict[str, Any] = {"name_en": "Fever", "name_vi": "Sốt", "source": "House rule", "active": False}
    conditions.update_condition(session, cast.manager, fever.id, **facts)
    assert fever not in conditions.list_conditions(session)
    with pytest.raises(Forbidden):
        conditions.update_condition(session, cast.therapist, fever.id, **facts)
    with pytest.raises(Forbidden):
        contraindications.update_contraindication(session, cast.therapist, rule.id, **changed)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"procedure_id": None}, "item_id"),
        ({"effect": Effect.SUBSTITUTE}, "item_id"),
        ({"item_id": new_id()}, "item_id"),
        ({"procedure_id": new_id()}, "procedure_id"),
        ({"condition_id": new_id()}, "condition_id"),
    ],
)
def test_a_rule_is_against_something_that_exists(
    session: Session, cast: Cast, massage: Procedure, facts: dict[str, Any], field: str
) -> None:
    pregnancy = conditions.conditions_by_code(session, ["pregnancy"])["pregnancy"]
    told = {"condition_id": pregnancy.id, "procedure_id": massage.id, "effect": Effect.WARN, **facts}
    with pytest.raises(Invalid) as caught:
        contraindications.create_contraindication(
            session, cast.manager, advice_en="No.", advice_vi="Không.", source="House rule", **told
        )
    assert list(caught.value.errors) == [field]
