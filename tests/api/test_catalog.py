"""Reference data over the API: items, suppliers, recipes, branches; who may, versions, cursors."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from supply.api.catalog import _GINGER as GINGER
from supply.domain.people import service as people
from supply.domain.treatments import service
from supply.permissions import Actor, Permission
from tests.cast import Cast
from tests.client import OneLookClient
from tests.shelves import add_item, stock, use
from tests.treatments import load_starter


@pytest.fixture
def call(client: OneLookClient, session: Session, cast: Cast) -> Any:
    """call(actor, method, path, json=…, version=…): one request with a fresh token and key."""
    tokens: dict[str, str] = {}

    def token(actor: Actor) -> str:
        scopes = [permission.value for permission in Permission if actor.may(permission)]
        made = people.create_token(session, actor, name="test", scopes=scopes, expires_at=None)
        session.commit()
        return made.secret

    def send(actor: Actor, method: str, path: str, json: Any = None, version: int = 0) -> TestResponse:
        if actor.name not in tokens:
            tokens[actor.name] = token(actor)
        headers = {"Authorization": f"Bearer {tokens[actor.name]}", "Idempotency-Key": uuid4().hex}
        if version:
            headers["If-Match"] = f'"{version}"'
        return client.open(f"/api/v1{path}", method=method, headers=headers, json=json)

    return send


def test_an_item_is_added_found_changed_and_hidden(call: Any, cast: Cast) -> None:
    made = call(cast.manager, "POST", "/items", GINGER)
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    assert made.json["units"][0]["holds"] == {"amount": "5", "unit": "kg"}
    path = f"/items/{made.json['id']}"
    found = call(cast.therapist, "GET", "/items?search=gung").json
    assert [item["code"] for item in found["data"]] == ["ginger"]
    changed = call(cast.manager, "PUT", path, {**GINGER, "name_vi": "Gừng tươi"}, version=1)
    assert (changed.status_code, changed.json["version"]) == (200, 2)
    assert call(cast.manager, "PUT", path, GINGER, version=1).status_code == 412
    assert call(cast.manager, "PUT", path, GINGER).status_code == 428
    hidden = call(cast.manager, "PUT", f"{path}/activity", {"active": False}, version=2)
    assert hidden.json["active"] is False
    assert call(cast.therapist, "GET", "/items").json["data"] == []


def test_what_a_bottle_weighs_is_told(call: Any, cast: Cast) -> None:
    oil = {
        **GINGER,
        "code": "oil",
        "dimension": "volume",
        "stock_unit": "l",
        "usage_unit": "ml",
        "density": "0.915",
        "units": [
            {"code": "b1", "name_en": "bottle", "name_vi": "chai", "amount": "1", "unit": "l", "tare": "85.5"}
        ],
    }
    made = call(cast.manager, "POST", "/items", oil)
    assert made.status_code == 201, made.text
    (listed,) = call(cast.manager, "GET", "/items").get_json()["data"]
    assert listed["density"] == "0.915"
    assert listed["units"][0]["tare"] == {"amount": "85.5", "unit": "g"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"stock_unit": "ml"}, "stock_unit"),
        ({"natural_step": "NaN"}, "natural_step"),
        ({"shelf_life_days": 0}, "shelf_life_days"),
        ({"assumed": False}, "assumed"),
        ({"units": [{**GINGER["units"][0], "unit": "ml"}]}, "units.0.unit"),
    ],
)
def test_a_bad_input_names_its_field(call: Any, cast: Cast, change: dict[str, Any], field: str) -> None:
    refused = call(cast.manager, "POST", "/items", {**GINGER, **change})
    assert refused.status_code == 422
    assert field in refused.json["errors"]
    assert call(cast.manager, "GET", "/items").json["data"] == []


def test_only_managers_change_reference_data(call: Any, cast: Cast) -> None:
    for actor in (cast.storekeeper, cast.therapist, cast.admin):
        assert call(actor, "POST", "/items", GINGER).status_code == 403
        assert call(actor, "POST", "/suppliers", {"code": "a", "name": "A"}).status_code == 403


def test_terms_are_set_listed_and_removed(call: Any, cast: Cast) -> None:
    item = call(cast.manager, "POST", "/items", GINGER).json["id"]
    supplier = call(cast.manager, "POST", "/suppliers", {"code": "a", "name": "A"}).json["id"]
    terms = {"pack_name": "crate", "amount": "1", "unit": "crate-5kg", "price_minor": 125000}
    made = call(cast.manager, "PUT", f"/suppliers/{supplier}/terms/{item}", terms)
    assert made.json["pack"] == {"amount": "5", "unit": "kg"}
    assert made.json["preferred"] is True
    assert len(call(cast.therapist, "GET", f"/items/{item}/terms").json["data"]) == 1
    assert call(cast.manager, "DELETE", f"/suppliers/{supplier}/terms/{item}").status_code == 204
    assert call(cast.therapist, "GET", f"/suppliers/{supplier}/terms").json["data"] == []


@pytest.fixture
def procedure(session: Session, cast: Cast) -> str:
    load_starter(cast)
    found = service.find_procedure_by_code(session, "back-massage")
    assert found is not None
    return f"/procedures/{found.id}"


def test_the_recipe_shows_what_is_assumed(call: Any, cast: Cast, procedure: str) -> None:
    recipe = call(cast.therapist, "GET", f"{procedure}/recipe").json
    assert len(recipe["steps"]) == 6
    assert recipe["steps"][1]["lines"][0]["quantity"] == {"amount": "300", "unit": "g"}
    assert recipe["steps"][1]["lines"][0]["assumed"] is True
    line = f"{procedure}/recipe-lines/{recipe['steps'][1]['lines'][0]['id']}/confirmation"
    assert call(cast.therapist, "POST", line).status_code == 403
    assert call(cast.manager, "POST", line).status_code == 204
    confirmed = call(cast.manager, "POST", f"{procedure}/recipe/confirmation").json
    assert not any(line["assumed"] for step in confirmed["steps"] for line in step["lines"])


def test_a_draft_is_written_and_published(call: Any, cast: Cast, procedure: str) -> None:
    assert call(cast.manager, "GET", f"{procedure}/draft").status_code == 404
    draft = call(cast.manager, "POST", f"{procedure}/draft")
    assert draft.status_code == 201
    item = draft.json["steps"][1]["lines"][0]["item_id"]
    line = {"item_id": item, "amount": "0.25", "unit": "kg", "scale": "room"}
    steps = [{"name_en": "Bath", "name_vi": "Tắm", "lines": [line]}]
    saved = call(cast.manager, "PUT", f"{procedure}/draft", {"steps": steps}, version=1)
    assert saved.status_code == 200
    published = call(cast.manager, "POST", f"{procedure}/draft/publication", version=saved.json["version"])
    assert (published.status_code, published.json["number"]) == (200, 2)
    assert [step["name_en"] for step in call(cast.therapist, "GET", f"{procedure}/recipe").json["steps"]] == [
        "Bath"
    ]


def test_rules_are_written_resolved_and_confirmed(call: Any, cast: Cast, procedure: str) -> None:
    example = f"{procedure}/expected-lines?party_size=2&limit=100"
    draft = call(cast.manager, "POST", f"{procedure}/draft").json
    rule = {"factor": "senior", "step_position": 2, "percent": -20, "lowest": 90, "shared": True}
    steps = [
        {name: step[name] for name in ("name_en", "name_vi")}
        | {
            "lines": [
                {"item_id": line["item_id"], "scale": line["scale"], **line["quantity"]}
                for line in step["lines"]
            ]
        }
        for step in draft["steps"]
    ]
    body = {"steps": steps, "factor_rules": [rule]}
    assert call(cast.therapist, "PUT", f"{procedure}/draft", body, version=1).status_code == 403
    assert call(cast.manager, "PUT", f"{procedure}/draft", body, version=1).status_code == 200
    lines = call(cast.therapist, "GET", f"{example}&draft=true&factors=2:senior&package=full-ritual").json[
        "data"
    ]
    bath = next(line for line in lines if line["step_position"] == 2)
    assert (bath["quantity"], bath["rule"]) == (
        {"amount": "270", "unit": "g"},
        "tub:1|senior-20|limit:90|for:2",
    )
    for wrong, field in (
        ("factors=3:senior", "factors"),
        ("factors=1:senior,1:child", "factors"),
        ("factors=senior", "factors"),
        ("package=unknown", "package"),
    ):
        refused = call(cast.therapist, "GET", f"{example}&{wrong}")
        assert (refused.status_code, list(refused.json["errors"])) == (422, [field])
    recipe = call(cast.therapist, "GET", f"{procedure}/recipe").json
    path = f"{procedure}/recipe-rules/{recipe['package_rules'][0]['id']}/confirmation"
    assert call(cast.therapist, "POST", path).status_code == 403
    assert call(cast.manager, "POST", path).status_code == 204
    assert call(cast.therapist, "GET", f"{procedure}/recipe").json["package_rules"][0]["assumed"] is False


def test_an_example_visit_is_worked_out_page_by_page(call: Any, cast: Cast, procedure: str) -> None:
    seen: list[dict[str, Any]] = []
    path = f"{procedure}/expected-lines?party_size=3&tubs=2&limit=7"
    page = call(cast.therapist, "GET", path).json
    seen += page["data"]
    while page["next_cursor"]:
        page = call(cast.therapist, "GET", f"{path}&cursor={page['next_cursor']}").json
        seen += page["data"]
    wood = [line for line in seen if line["item_code"] == "dao-wood"]
    assert [(line["quantity"]["amount"], line["rule"]) for line in wood] == [("600", "tub:2")]
    assert len([line for line in seen if line["item_code"] == "ginger"]) == 3
    assert len([line for line in seen if line["rule"] == "room"]) == 1


def test_branches_are_for_their_own_people(call: Any, cast: Cast) -> None:
    own, other = f"/branches/{cast.branch_id}", f"/branches/{cast.other_branch_id}"
    assert call(cast.therapist, "GET", f"{own}/rooms").json["data"][0]["name"] == "Lotus"
    for path in (other, f"{other}/rooms", f"{other}/locations"):
        assert call(cast.therapist, "GET", path).status_code == 404
    room = {"name": "Rose", "room_type": "triple"}
    assert call(cast.manager, "POST", f"{own}/rooms", room).status_code == 403
    assert call(cast.admin, "POST", f"{own}/rooms", room).json["max_guests"] == 3
    founded = call(cast.admin, "POST", "/branches", {"code": "Q9", "name": "Nine"})
    assert founded.status_code == 201
    assert call(cast.admin, "GET", "/stock-levels?branch_id=" + founded.json["id"]).json["data"] == []


def test_a_clock_stays_once_days_were_counted_by_it(call: Any, session: Session, cast: Cast) -> None:
    path, moved = f"/branches/{cast.branch_id}", {"name": "Old Quarter", "timezone": "America/New_York"}
    assert call(cast.admin, "PUT", path, moved, version=1).status_code == 200
    ginger = add_item(session, "ginger")
    session.commit()
    stock(cast, ginger, 1_000)
    use(cast, [(ginger, 500)])
    back = call(cast.admin, "PUT", path, moved | {"timezone": "Asia/Bangkok"}, version=2)
    assert (back.status_code, back.json["code"]) == (409, "timezone_settled")
    assert call(cast.admin, "PUT", path, moved | {"name": "New Quarter"}, version=2).status_code == 200
    assert call(cast.manager, "PUT", path, moved, version=3).status_code == 403


def test_a_place_where_something_stands_stays_open(call: Any, session: Session, cast: Cast) -> None:
    ginger = add_item(session, "ginger")
    session.commit()
    stock(cast, ginger, 1_500)
    places = f"/branches/{cast.branch_id}/locations"
    assert call(cast.admin, "POST", places, {"name": "Cool room"}).status_code == 201
    path, shut = f"{places}/{cast.location_id}", {"name": "Storeroom", "closed": True}
    assert call(cast.manager, "PUT", path, shut).status_code == 403
    refused = call(cast.admin, "PUT", path, shut)
    assert (refused.status_code, refused.json["code"]) == (409, "location_in_use")
    (told,) = refused.json["stock"]
    assert (told["code"], told["quantity"]) == ("ginger", {"amount": "1.5", "unit": "g"})
    assert call(cast.admin, "PUT", path, shut | {"closed": False}).status_code == 200
    use(cast, [(ginger, 1_500)])
    assert call(cast.admin, "PUT", path, shut).json["closed_at"] is not None


def test_a_cursor_of_another_list_is_refused(call: Any, cast: Cast) -> None:
    assert call(cast.therapist, "GET", "/items?cursor=WzFd").status_code == 422
