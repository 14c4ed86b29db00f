"""The OpenAPI document and the page that shows it: complete, unambiguous, and true to the routes."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.api.problems import MEDIA_TYPE
from tests.client import OneLookClient

Operation = tuple[str, str, dict[str, Any]]
WRITES = ("post", "put", "patch", "delete")


@pytest.fixture
def document(client: OneLookClient) -> dict[str, Any]:
    told: dict[str, Any] = client.get("/api/v1/openapi.json").get_json()
    return told


@pytest.fixture
def operations(document: dict[str, Any]) -> list[Operation]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]


def test_it_is_openapi_3_1_of_the_api_alone(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"]
    assert document["info"]["description"]
    assert document["paths"]
    assert all(path.startswith("/api/v1/") for path in document["paths"])


def test_every_operation_says_what_it_is(operations: list[Operation], document: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in document["tags"] if tag["description"]}
    wanting = [
        f"{method} {path}: {part}"
        for path, method, operation in operations
        for part in ("operationId", "summary", "description", "tags", "security")
        if not operation.get(part)
    ]
    assert wanting == []
    assert {tag for _path, _method, one in operations for tag in one["tags"]} == tags
    names = Counter(operation["operationId"] for _path, _method, operation in operations)
    assert [name for name, times in names.items() if times > 1] == []
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9]+", name) for name in names)


def test_every_body_has_an_example(operations: list[Operation]) -> None:
    bodies = [
        (f"{method} {path}", content)
        for path, method, operation in operations
        for content in operation.get("requestBody", {"content": {}})["content"].values()
    ]
    assert bodies
    assert [name for name, content in bodies if content.get("example") is None] == []


def test_every_example_is_taken_by_its_schema(app: Flask) -> None:
    """The examples are loaded by the very schemas that read the requests."""
    faults = {}
    for blueprint in app.blueprints.values():
        if not isinstance(blueprint, ApiBlueprint):
            continue
        for endpoint in blueprint.endpoints:
            if endpoint.body is not None:
                found = endpoint.body.validate(endpoint.example)
                if found:
                    faults[endpoint.fn.__name__] = found
    assert faults == {}


def test_every_operation_documents_its_errors_as_problems(operations: list[Operation]) -> None:
    for path, method, operation in operations:
        answers = operation["responses"]
        expected = {"401", "403", "404", "422", "429", "503"}
        if method in WRITES:
            expected |= {"400", "409", "413", "415"}
        assert expected <= answers.keys(), (method, path)
        for status, answer in answers.items():
            if int(status) >= 400:
                assert list(answer["content"]) == [MEDIA_TYPE], (method, path, status)
                assert answer["description"], (method, path, status)


def test_every_write_takes_a_key_and_no_read_does(operations: list[Operation]) -> None:
    for path, method, operation in operations:
        keys = [one for one in operation.get("parameters", []) if one["name"] == "Idempotency-Key"]
        assert [one["required"] for one in keys] == ([True] if method in WRITES else []), (method, path)


def test_every_list_is_a_page(operations: list[Operation], document: dict[str, Any]) -> None:
    for path, method, operation in operations:
        names = {one["name"] for one in operation.get("parameters", [])}
        if "cursor" not in names:
            continue
        assert method == "get", path
        assert "limit" in names, path
        ref = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        page = document["components"]["schemas"][ref.rpartition("/")[2]]
        assert page["properties"].keys() == {"data", "next_cursor"}, path


def test_no_schema_is_there_twice_or_for_nobody(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert [name for name in schemas if re.search(r"\d$", name)] == []
    used = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert used == schemas.keys()


def test_every_integer_that_comes_in_has_both_ends(
    operations: list[Operation], document: dict[str, Any]
) -> None:
    said = [one for _path, _method, operation in operations for one in operation.get("parameters", [])]
    numbers = [one["schema"] for one in said if "integer" in str(one["schema"].get("type"))]
    numbers += [
        field
        for name, schema in document["components"]["schemas"].items()
        if not name.endswith(("Out", "Page"))
        for field in schema["properties"].values()
        if "integer" in str(field.get("type"))
    ]
    assert numbers
    assert [one for one in numbers if not {"minimum", "maximum"} <= one.keys()] == []


def test_the_reference_shows_every_operation_to_anybody(
    client: OneLookClient, operations: list[Operation]
) -> None:
    answer = client.get("/api/v1/reference")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/html")
    for path, _method, operation in operations:
        assert f'id="{operation["operationId"]}"' in answer.text
        assert f"<code>{path}</code>" in answer.text
    assert "style=" not in answer.text


def test_the_reference_speaks_the_readers_language(client: OneLookClient, session: Session) -> None:
    page = client.get("/api/v1/reference", headers={"Accept-Language": "vi"}).text
    assert '<html lang="vi"' in page
    assert '<div lang="en">' in page
