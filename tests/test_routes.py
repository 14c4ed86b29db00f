"""Every route that the application answers: who may, how it is named, and that none is undocumented."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from supply.permissions import TABLE, Permission
from tests.client import OneLookClient

# Without a permission, each for its reason.
PUBLIC = {
    "static": "styles and scripts of every page, also of the sign-in page",
    "bootstrap.static": "the same, of Bootstrap",
    "health.healthz": "asked by who watches over the process; says nothing but that it lives",
    "health.readyz": "the same, for load balancers",
    "health.metrics": "guarded by a token of its own, absent without one",
    "api-about.openapi_document": "what the API can do is no secret, and clients are generated from it",
    "api-about.reference": "the same for readers",
}
# Pages for who is not signed in yet, or not any more.
ANYBODY = {
    "account.sign_in_page",
    "account.sign_in",
    "account.sign_out",
    "tablets.list_names",
    "tablets.ask_pin",
    "tablets.sign_in_with_pin",
    "account.choose_language",
    "account.choose_theme",
    "offline.show_lost",
    "offline.serve_worker",
}
# What every signed-in person does for themselves; what it touches is the person's own.
SIGNED_IN = {
    "account.show_account",
    "account.choose_keys",
    "account.change_password",
    "account.end_sign_in",
    "pins.set_pin",
    "account.choose_branch",
    "beginning.choose_first_steps",
    "offline.tell_life",
    "today.show_today",
    "sheets.remember_choice",
}

# Asked for by services in the middle of their work, over and above what the route asks for.
WITHIN_SERVICES = {
    Permission.VISIT_COMPLETE_ANY,
    Permission.PEOPLE_MANAGE,
}


@pytest.fixture
def rules(app: Flask) -> list[Rule]:
    return list(app.url_map.iter_rules())


def test_every_route_names_its_permission(app: Flask, rules: list[Rule]) -> None:
    said: dict[str, Any] = {
        rule.endpoint: getattr(app.view_functions[rule.endpoint], "permission", None) for rule in rules
    }
    assert {name for name, permission in said.items() if permission is None} == PUBLIC.keys()
    assert {name for name, permission in said.items() if permission == "anybody"} == ANYBODY
    assert {name for name, permission in said.items() if permission == "signed-in"} == SIGNED_IN
    rest = said.keys() - PUBLIC.keys() - ANYBODY - SIGNED_IN
    assert [name for name in rest if not isinstance(said[name], Permission)] == []


def test_every_permission_guards_something(app: Flask) -> None:
    used = {getattr(view, "permission", None) for view in app.view_functions.values()}
    assert TABLE.keys() == set(Permission)
    assert set(Permission) - used <= WITHIN_SERVICES


def test_addresses_are_plain_words(rules: list[Rule]) -> None:
    word = r"[a-z0-9]+(-[a-z0-9]+)*|<[a-z]+(\([^)]*\))?:[a-z_]+>|<[a-z_]+>|openapi\.json"
    odd = [
        rule.rule
        for rule in rules
        if not rule.endpoint.endswith("static")
        and not all(re.fullmatch(word, part) for part in rule.rule.strip("/").split("/") if part)
    ]
    assert odd == []
    assert [rule.rule for rule in rules if rule.rule != "/" and rule.rule.endswith("/")] == []


def test_the_api_answers_what_it_documents_and_nothing_else(client: OneLookClient, rules: list[Rule]) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    documented = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if method != "parameters"
    }
    answered = {
        (method, re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule))
        for rule in rules
        if rule.rule.startswith("/api/") and rule.endpoint not in PUBLIC
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert answered == documented


def test_nobody_reads_or_writes_the_api_without_a_token(client: OneLookClient, rules: list[Rule]) -> None:
    nobody = "00000000-0000-7000-8000-000000000000"
    for rule in rules:
        if not rule.rule.startswith("/api/") or rule.endpoint in PUBLIC:
            continue
        path = re.sub(r"<[^:<>]+:[^<>]+>", lambda part: nobody if "uuid" in part[0] else "1", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = client.open(re.sub(r"<[^<>]+>", "x", path), method=method)
            assert answer.status_code == 401, (method, rule.rule)
