"""The pages of visits: plan with warnings read, one tap, shortage, adjust, skip, undo, end."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from supply import clock
from supply.database import read_snapshot
from supply.domain.preparation.recipes import find_recipe_of
from tests.brewing import brew
from tests.cast import PASSWORD, Cast
from tests.treatments import MUCH, complete, level, look, noon, open_spa, plan
from tests.web.browsing import MOST_STATEMENTS, statements


def sign_in(client: FlaskClient, login: str) -> None:
    answer = post(client, "/sign-in", "/sign-in", {"login": login, "password": PASSWORD})
    assert answer.status_code == 303, answer.text


def post(client: FlaskClient, page: str, path: str, form: dict[str, Any], key: str = "") -> TestResponse:
    """Send a form as the page would: with its CSRF token and a key."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert token is not None
    frame = {"csrf_token": token[1], "idempotency_key": key or uuid4().hex}
    return client.post(path, data={**frame, **form})


def test_warnings_are_read_before_a_visit_is_planned(app: Flask, client: FlaskClient, cast: Cast) -> None:
    open_spa(cast)
    sign_in(client, "therapist")
    assert client.get("/visits/new?guests=2").text.count('name="guests-') >= 14
    form = {
        "procedure": "back-massage",
        "package": "full-ritual",
        "planned_at": f"{noon():%Y-%m-%d}T14:00",
        "guests-0-number": "1",
        "guests-1-number": "2",
        "guests-1-conditions": "pregnancy",
    }
    refused = post(client, "/visits/new", "/visits/new", form)
    assert refused.status_code == 409
    assert "Consult first" in refused.text
    assert re.search(r'value="pregnancy" checked', refused.text)
    planned = post(client, "/visits/new", "/visits/new", {**form, "warnings_read": "on"})
    assert planned.status_code == 303, planned.text
    shown = client.get(planned.location).text
    assert "Consult first" in shown
    assert "Consent needed" in shown
    assert "Back massage" in client.get(f"/visits?day={noon().date()}").text


def test_one_tap_counts_once_and_can_be_undone(app: Flask, client: FlaskClient, cast: Cast) -> None:
    items = open_spa(cast)
    visit_id = plan(cast).visit.id
    sign_in(client, "therapist")
    page = f"/visits/{visit_id}"
    key = uuid4().hex
    taps = [post(client, page, f"{page}/steps/4/completion", {}, key=key) for _ in range(2)]
    assert [tap.status_code for tap in taps] == [303, 303]
    assert level(cast, items["ginger"])[0] == MUCH - 100_000
    shown = client.get(page).text
    assert "Undo" in shown
    assert f"{page}/steps/4/completion/reversal" in shown
    assert post(client, page, f"{page}/steps/4/completion/reversal", {}).status_code == 303
    assert level(cast, items["ginger"])[0] == MUCH
    again = post(client, page, f"{page}/steps/4/completion/reversal", {})
    assert again.status_code == 409


def test_a_shortage_is_told_on_the_same_page_and_recorded_by_consent(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    open_spa(cast, quantity=0)
    visit_id = plan(cast).visit.id
    sign_in(client, "therapist")
    page = f"/visits/{visit_id}"
    short = post(client, page, f"{page}/steps/2/completion", {})
    assert short.status_code == 409
    assert "Record it anyway" in short.text
    assert "Red Dao wood" in short.text
    done = post(client, page, f"{page}/steps/2/completion", {"consent_to_shortage": "on"})
    assert done.status_code == 303
    assert "missing" in client.get(page).text


def test_adjusting_records_what_was_really_used(app: Flask, client: FlaskClient, cast: Cast) -> None:
    items = open_spa(cast)
    visit_id = plan(cast, guests=2).visit.id
    sign_in(client, "therapist")
    path = f"/visits/{visit_id}/steps/6/adjust"
    shown = client.get(path)
    assert shown.status_code == 200
    assert shown.text.count("Another lot") == 6
    form = {
        "lines-0-item_id": str(items["oil-massage"]),
        "lines-0-guest_position": "1",
        "lines-0-amount": "32,5",
        "lines-0-unit": "ml",
        "lines-0-lot_id": "",
    }
    wrong = post(client, path, path, {**form, "lines-0-amount": "much"})
    assert wrong.status_code == 422
    assert 'value="much"' in wrong.text
    assert post(client, path, path, form).status_code == 303
    done = look(cast, visit_id).step(6).completion
    assert done is not None
    assert [line.variance for line in done.lines if line.variance] == [2_500]
    assert "Used against the recipe" in client.get(f"/visits/{visit_id}").text


def test_skipping_reading_and_ending(app: Flask, client: FlaskClient, cast: Cast) -> None:
    open_spa(cast)
    visit_id = plan(cast, guests=[["injury-prone-areas"]]).visit.id
    sign_in(client, "therapist")
    page = f"/visits/{visit_id}"
    assert "No time" in client.get(f"{page}/steps/1/skip").text
    assert post(client, page, f"{page}/steps/1/skip", {"reason": "time"}).status_code == 303
    assert post(client, page, f"{page}/steps/1/skip/reversal", {}).status_code == 303
    read = {"acknowledged": "injury-prone-areas"}
    assert post(client, page, f"{page}/steps/6/start", read).status_code == 303
    assert "Warnings read by therapist" in client.get(page).text
    assert "Cancel the visit?" in client.get(f"{page}/end").text
    post(client, page, f"{page}/steps/1/completion", {})
    assert "Break the visit off?" in client.get(f"{page}/end").text
    assert post(client, page, f"{page}/break-off", {}).status_code == 303
    assert look(cast, visit_id).visit.status.value == "broken-off"


def test_a_step_whose_turn_has_not_come_says_what_still_stands(app: Flask) -> None:
    """A consent that is on record hides nothing that stands beside it."""
    agreed = {"kind": "ok", "settled": True, "title": "Pregnancy · guest 1", "items": ""}
    stands = agreed | {"kind": "warning", "settled": False, "effect": "To be replaced", "items": "Lemongrass"}
    with app.test_request_context():
        marks = app.jinja_env.get_template("visits/parts.html").module.chips([agreed, stands])  # type: ignore[attr-defined]
    assert "To be replaced" in marks
    assert "settled" not in marks


def test_others_do_not_touch_it(app: Flask, client: FlaskClient, cast: Cast) -> None:
    open_spa(cast)
    visit_id = plan(cast).visit.id
    page = f"/visits/{visit_id}"
    sign_in(client, "storekeeper")
    shown = client.get(page)
    assert shown.status_code == 200
    assert "/completion" not in shown.text
    assert post(client, "/account", f"{page}/steps/1/completion", {}).status_code == 403
    sign_in(client, "outsider")
    assert client.get(page).status_code == 404


def test_the_plan_of_a_visit_is_changed(app: Flask, client: FlaskClient, cast: Cast) -> None:
    open_spa(cast)
    view = plan(cast, guests=[["pregnancy"], []], package="herbal-baths")
    page = f"/visits/{view.visit.id}"
    sign_in(client, "storekeeper")
    assert f"{page}/plan" not in client.get(page).text
    assert client.get(f"{page}/plan").status_code == 403
    sign_in(client, "outsider")
    assert client.get(f"{page}/plan").status_code == 404
    sign_in(client, "therapist")
    rule = next(one.rule for one in view.step(1).findings)
    agreed = {"guest_position": "1", "rule_id": str(rule.rule_id), "rule_version": "1", "step": "1"}
    assert post(client, page, f"{page}/consents", agreed).status_code == 303
    assert f'href="{page}/plan"' in client.get(page).text
    shown = client.get(f"{page}/plan").text
    assert re.search(r'name="guests-0-conditions"[^>]*value="pregnancy"[^>]*checked', shown)
    assert 'name="guests-2-number"' not in shown
    assert 'name="guests-2-number"' in client.get(f"{page}/plan?guests=3").text
    form = {
        "version": re.search(r'name="version" value="(\d+)"', shown)[1],  # type: ignore[index]
        "package": "herbal-baths",
        "planned_at": f"{noon():%Y-%m-%d}T15:30",
        "room_id": "",
        "therapist_id": "",
        "note": "",
        "guests-0-number": "1",
        "guests-0-conditions": "pregnancy",
        "guests-1-number": "2",
    }
    # Another time alone: the same guests, so what they agreed to stands.
    assert post(client, f"{page}/plan", f"{page}/plan", form).status_code == 303
    changed = look(cast, view.visit.id)
    assert changed.visit.planned_at.hour == 8
    assert [record.void for record in changed.records] == [False]
    assert post(client, f"{page}/plan", f"{page}/plan", form).status_code == 409
    form |= {"version": str(changed.version), "guests-1-factors": "child", "package": "full-ritual"}
    unread = post(client, f"{page}/plan", f"{page}/plan", form)
    assert (unread.status_code, "No sauna in pregnancy" in unread.text) == (409, True)
    read = post(client, f"{page}/plan", f"{page}/plan", form | {"warnings_read": "on"})
    assert read.status_code == 303, read.text
    anew = look(cast, view.visit.id)
    assert (anew.package_code, len(anew.steps), anew.guests[1].factors) == ("full-ritual", 6, ["child"])
    assert [record.void for record in anew.records] == [True]
    post(client, page, f"{page}/break-off", {})
    assert "its plan is settled" in client.get(f"{page}/plan").text


def test_the_lots_behind_a_visit_lead_to_the_lots(app: Flask, client: FlaskClient, cast: Cast) -> None:
    items = open_spa(cast)
    view = plan(cast)
    page = f"/visits/{view.visit.id}"
    for reader in ("therapist", "storekeeper"):
        sign_in(client, reader)
        assert f'href="{page}/lots"' in client.get(page).text, reader
    assert "Nothing was used yet" in client.get(f"{page}/lots").text
    recipe = read_snapshot(lambda s: find_recipe_of(s, items["medicinal-water"]))
    assert recipe is not None
    batch = brew(cast, recipe.id)
    with clock.standing_at(batch.happened_at + timedelta(minutes=1)):
        complete(cast, view.visit.id, 5)
    with statements() as seen:
        shown = client.get(f"{page}/lots").text
    assert len(seen) <= MOST_STATEMENTS
    assert f"/lots/{batch.lot_id}" in shown
    assert shown.count(", brewed into ") == len(batch.lines)
    sign_in(client, "outsider")
    assert client.get(f"{page}/lots").status_code == 404


def test_a_step_that_is_recorded_is_recorded_anew(app: Flask, client: FlaskClient, cast: Cast) -> None:
    items = open_spa(cast)
    visit_id = plan(cast, guests=2).visit.id
    sign_in(client, "therapist")
    page = f"/visits/{visit_id}/steps/4/correction"
    assert client.get(page).status_code == 409
    complete(cast, visit_id, 4)
    assert page in client.get(f"/visits/{visit_id}").text
    with statements() as seen:
        shown = client.get(page).text
    assert len(seen) <= MOST_STATEMENTS
    lots = re.findall(r'<select[^>]*name="lines-\d-lot_id".*?</select>', shown, re.DOTALL)
    assert lots
    assert all(" selected" in choice for choice in lots)  # each line stays with the lot that gave
    form = dict(re.findall(r'name="(lines-[^"]+|completion_id)"[^>]*value="([^"]*)"', shown))
    form |= dict(
        re.findall(r'<select[^>]*name="(lines-[^"]+-unit)".*?value="([^"]*)"[^>]* selected', shown, re.DOTALL)
    )
    number = next(
        name.removesuffix("item_id") for name, value in form.items() if value == str(items["ginger"])
    )
    form |= {f"{number}amount": "40", f"{number}unit": "g"}
    answer = post(client, page, page, form)
    assert answer.status_code == 303, answer.text
    assert level(cast, items["ginger"])[0] == MUCH - 140_000
    late = post(client, page, page, form)
    assert late.status_code == 409
    assert "undone already" in late.text
