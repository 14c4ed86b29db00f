"""The pages of reference data: who may, forms as a browser sends them, nothing typed is lost."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from supply.domain.catalog import service as catalog
from supply.domain.treatments import conditions, service
from supply.domain.treatments.models import Contraindication
from supply.permissions import Actor
from tests.cast import PASSWORD, Cast
from tests.client import OneLookClient
from tests.shelves import add_item, stock
from tests.treatments import load_starter
from tests.web.browsing import MOST_STATEMENTS, frame_of, statements


class Forms(HTMLParser):
    """The forms of a page with what a browser would send for them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str]]]] = []
        self.hidden = 0
        self.select: tuple[str, list[tuple[str, bool]]] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.hidden += tag == "template"
        if self.hidden:
            return
        if tag == "form":
            self.found.append((told.get("action", ""), []))
        elif tag == "select":
            self.select = (told["name"], [])
        elif tag == "option" and self.select:
            self.select[1].append((told.get("value", ""), "selected" in told))
        elif tag in ("input", "textarea") and told.get("name") and self.found and _sent(told):
            self.found[-1][1].append((told["name"], told.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag == "template"
        if tag == "select" and self.select and not self.hidden and self.found:
            name, options = self.select
            chosen = [value for value, selected in options if selected] or [value for value, _ in options[:1]]
            self.found[-1][1].append((name, chosen[0] if chosen else ""))
            self.select = None


def _sent(told: dict[str, str]) -> bool:
    return told.get("type") not in ("checkbox", "radio") or "checked" in told


@pytest.fixture
def client(client: OneLookClient, session: Session, cast: Cast) -> OneLookClient:
    load_starter(cast)
    session.rollback()
    return client


def sign_in(client: OneLookClient, actor: Actor) -> None:
    page = client.get("/sign-in").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    sent = {"login": actor.name, "password": PASSWORD, "csrf_token": token[1]}
    assert client.post("/sign-in", data=sent).status_code == 303


def send(client: OneLookClient, page: str, action: str, **changes: str) -> TestResponse:
    """Open a page and send the form of an action, some fields typed over ("steps_0_x" is "steps-0-x")."""
    forms = Forms(client.get(page).get_data(as_text=True)).found
    fields = next(f for a, f in forms if a == action and any(name == "idempotency_key" for name, _ in f))
    typed = {name.replace("__", "-"): value for name, value in changes.items()}
    data = [(name, value) for name, value in fields if name not in typed] + list(typed.items())
    return client.post(action, data=MultiDict(data))


def _paths(session: Session) -> dict[str, Any]:
    procedure = service.find_procedure_by_code(session, "back-massage")
    item = catalog.find_item_by_code(session, "ginger")
    assert procedure is not None
    assert item is not None
    return {"procedure": f"/procedures/{procedure.id}", "item": f"/items/{item.id}", "item_id": str(item.id)}


def test_pages_open_for_a_manager_and_reading_for_everybody(
    client: OneLookClient, session: Session, cast: Cast
) -> None:
    paths = _paths(session)
    reading = ["/items", "/items?q=gung", "/suppliers", "/procedures", paths["procedure"]]
    writing = ["/items/new", f"{paths['item']}/edit", "/suppliers/new", "/procedures/new"]
    sign_in(client, cast.therapist)
    assert {client.get(path).status_code for path in reading} == {200}
    assert {client.get(path).status_code for path in writing} == {403}
    sign_in(client, cast.manager)
    assert {client.get(path).status_code for path in reading + writing} == {200}
    assert client.get("/branches").status_code == 403


def test_a_search_without_marks_finds(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.manager)
    page = client.get("/items?q=gung").get_data(as_text=True)
    assert "Gừng" in page
    assert "Ngải cứu" not in page


def test_an_item_is_changed_and_a_refused_form_keeps_what_was_typed(
    client: OneLookClient, session: Session, cast: Cast
) -> None:
    edit = f"{_paths(session)['item']}/edit"
    sign_in(client, cast.manager)
    assert send(client, edit, edit, name_vi="Gừng tươi").status_code == 303
    refused = send(client, edit, edit, name_vi="Gừng khô", natural_step="1,23456")
    assert refused.status_code == 422
    assert "Gừng khô" in refused.get_data(as_text=True)
    session.expire_all()
    item = catalog.find_item_by_code(session, "ginger")
    assert item is not None
    assert (item.name_vi, item.version, len(item.units)) == ("Gừng tươi", 2, 1)


def test_a_new_item_takes_a_decimal_comma_and_empty_rows(
    client: OneLookClient, session: Session, cast: Cast
) -> None:
    sign_in(client, cast.manager)
    facts = {"code": "mint", "name_vi": "Bạc hà", "name_en": "Mint", "category": "herb", "dimension": "mass"}
    facts |= {"stock_unit": "kg", "usage_unit": "g", "natural_step": "1,5"}
    assert send(client, "/items/new", "/items/new", **facts).status_code == 303
    item = catalog.find_item_by_code(session, "mint")
    assert item is not None
    assert (item.natural_step, item.units) == (1500, [])


def test_a_recipe_is_drafted_extended_and_published(
    client: OneLookClient, session: Session, cast: Cast
) -> None:
    paths = _paths(session)
    here, draft = paths["procedure"], f"{paths['procedure']}/draft"
    sign_in(client, cast.manager)
    assert send(client, here, f"{draft}/beginning").status_code == 303
    added = {"steps__6__name_vi": "Trà", "steps__6__name_en": "Tea"}
    assert send(client, draft, draft, **added).status_code == 303
    # One spare line stands below each saved step: this is the tea's first.
    line = {"steps__6__lines__0__item_id": paths["item_id"], "steps__6__lines__0__amount": "2,5"}
    assert send(client, draft, draft, **line).status_code == 303
    assert send(client, draft, draft, steps__6__lines__0__unit="ml").status_code == 422
    emptied = {"steps__1__lines__0__item_id": "", "steps__1__lines__0__amount": ""}
    assert send(client, draft, draft, **emptied).status_code == 303
    assert send(client, draft, f"{draft}/publication").status_code == 303
    recipe = service.find_published_recipe(session, service.list_procedures(session)[0].id)
    assert recipe is not None
    assert [len(step.lines) for step in recipe.steps] == [0, 0, 3, 2, 1, 3, 1]
    assert recipe.steps[6].lines[0].quantity == 2500


def test_the_result_is_shown_while_the_draft_is_written(
    client: OneLookClient, session: Session, cast: Cast
) -> None:
    paths = _paths(session)
    draft = f"{paths['procedure']}/draft"
    sign_in(client, cast.manager)
    assert send(client, paths["procedure"], f"{draft}/beginning").status_code == 303
    typed = {"trial": "on", "factor_rules__0__percent": "-30", "example__party_size": "2"}
    shown = send(client, draft, draft, **typed, example__guests__0__factors="child")
    text = shown.get_data(as_text=True)
    assert shown.status_code == 200
    # The change that was typed counts, is still there, and is not saved.
    assert "per client · child −30 %" in text
    assert 'name="factor_rules-0-percent" type="number" class="form-control narrow" value="-30"' in text
    assert 'name="example-guests-1-number"' in text
    kept = service.get_draft(session, service.list_procedures(session)[0].id)
    assert (kept.version, kept.factor_rules[0].percent) == (1, -50)
    refused = send(client, draft, draft, trial="on", factor_rules__0__percent="0")
    assert refused.status_code == 422
    assert 'href="#f-factor_rules-0-percent"' in refused.get_data(as_text=True)
    example = {"example__party_size": "2", "example__guests__0__factors": "child"}
    saved = send(
        client, draft, draft, factor_rules__0__percent="-30", package_rules__0__package_id="", **example
    )
    assert saved.status_code == 303
    # The example visit stays what it was.
    again = client.get(saved.headers["Location"]).text
    assert "per client · child −30 %" in again
    assert 'name="example-guests-0-factors" value="child" checked' in again
    session.expire_all()
    kept = service.get_draft(session, kept.procedure_id)
    assert (kept.factor_rules[0].percent, len(kept.package_rules)) == (-30, 2)
    with statements() as seen:
        assert client.get(draft).status_code == 200
    assert len(seen) <= MOST_STATEMENTS, seen
    sign_in(client, cast.therapist)
    assert client.get(draft).status_code == 403


def test_the_recipe_page_works_an_example_visit_out(
    client: OneLookClient, session: Session, cast: Cast
) -> None:
    sign_in(client, cast.therapist)
    path = f"{_paths(session)['procedure']}?party_size=3&room_id={cast.room_id}&guest_2=child"
    with statements() as seen:
        page = client.get(path).get_data(as_text=True)
    assert len(seen) <= MOST_STATEMENTS, seen
    assert "too small for the party" in page
    assert "per tub, 1 in use" in page
    assert "guests 1, 3: per client" in page
    assert "guest 2: per client · child −50 %" in page
    assert "child · step 4 · Ginger · −50 % · from 40 to 150 %" in page


def test_assumptions_are_confirmed(client: OneLookClient, session: Session, cast: Cast) -> None:
    here = _paths(session)["procedure"]
    sign_in(client, cast.manager)
    assert send(client, here, f"{here}/confirmation").status_code == 303
    assert "Confirm all quantities" not in client.get(here).get_data(as_text=True)


def test_suppliers_and_terms(client: OneLookClient, session: Session, cast: Cast) -> None:
    item_id = _paths(session)["item_id"]
    sign_in(client, cast.manager)
    made = send(client, "/suppliers/new", "/suppliers/new", code="dao", name="Dao Herbs")
    here = made.headers["Location"]
    terms = {"item_id": item_id, "pack_name": "crate", "amount": "5", "unit": "kg", "price_minor": "125.000"}
    assert send(client, f"{here}/terms/new", f"{here}/terms/new", **terms).status_code == 303
    assert "125,000" in client.get(here).get_data(as_text=True)
    one = f"{here}/terms/{item_id}"
    assert send(client, one, f"{one}/removal").status_code == 303


def test_an_admin_opens_a_branch_and_a_room(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.admin)
    here = send(client, "/branches/new", "/branches/new", code="Q9", name="Nine").headers["Location"]
    room = f"{here}/rooms/new"
    assert send(client, room, room, name="Rose", room_type="triple", max_guests="4").status_code == 422
    assert send(client, room, room, name="Rose", room_type="triple").status_code == 303
    assert "Rose" in client.get(here).get_data(as_text=True)


def test_a_place_that_is_not_empty_says_what_stands_there(
    client: OneLookClient, session: Session, cast: Cast
) -> None:
    nettle = add_item(session, "nettle")
    session.commit()
    stock(cast, nettle, 1_500_000)
    sign_in(client, cast.admin)
    here = f"/branches/{cast.branch_id}/locations/{cast.location_id}"
    told = send(client, here, here, name="Storeroom", position="0", closed="on")
    assert told.status_code == 409
    assert "<strong>Nettle</strong>: 1.5\u00a0kg" in told.text
    assert "checked" in told.text


def _rule_of(session: Session, condition_id: UUID) -> UUID:
    return session.scalars(
        select(Contraindication.id).where(Contraindication.condition_id == condition_id)
    ).one()


def test_packages_conditions_and_rules_are_written(
    client: OneLookClient, session: Session, cast: Cast
) -> None:
    here = _paths(session)["procedure"]
    sign_in(client, cast.manager)
    package = f"{here}/packages/new"
    facts = {"code": "bath", "name_vi": "Tắm", "name_en": "Bath", "steps": "2"}
    assert send(client, package, package, **facts).status_code == 303
    told = {"name_vi": "Sốt", "name_en": "Fever", "source": "House rule"}
    assert send(client, "/conditions/new", "/conditions/new", code="fever", **told).status_code == 303
    fever = next(row for row in conditions.list_conditions(session) if row.code == "fever")
    rule = "/contraindications/new"
    against = {"condition_id": str(fever.id), "procedure_id": here.rpartition("/")[2]}
    advice = {"advice_vi": "Chờ.", "advice_en": "Wait until it is over.", "source": "House rule"}
    assert send(client, rule, rule, **against, **advice, effect="substitute").status_code == 422
    assert send(client, rule, rule, **against, **advice, effect="block").status_code == 303
    page = client.get(here).get_data(as_text=True)
    assert "Wait until it is over." in page
    edits = re.findall(r'href="(/(?:packages|contraindications)/[^"]+)"', page)
    assert {client.get(path).status_code for path in edits} == {200}
    assert "not medical advice" in client.get("/contraindications").get_data(as_text=True)
    own = next(path for path in edits if path.endswith(str(_rule_of(session, fever.id))))
    stale = frame_of(client.get(own).text, own)
    assert send(client, own, own, active="").status_code == 303
    again = {**stale, **advice, "procedure_id": against["procedure_id"], "effect": "block"}
    assert client.post(own, data=again).status_code == 409
    assert "Wait until it is over." not in client.get("/contraindications").get_data(as_text=True)
    assert "Wait until it is over." in client.get("/contraindications?retired=true").get_data(as_text=True)
    assert "Fever" in client.get("/conditions").get_data(as_text=True)
    assert client.get(f"/conditions/{fever.id}/edit").status_code == 200
