"""Schemathesis against the whole API, in process: what the document promises is what is answered.

Each operation gets its examples and random requests; at length also the edges of its schema and what lies
just outside.
Ids in them are mostly of things that are there, so that requests come through to the services.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from flask import Flask
from schemathesis import engine
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events

from tests.api.everything import furnish
from tests.cast import Cast

REFUSALS = ["2xx", "304", "401", "403", "404", "409", "412", "422", "428"]


def configure(secret: str, examples: int, seed: int, *, edges: bool) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "auth": {"openapi": {"bearer": {"bearer": secret}}},
            "generation": {"max-examples": examples, "database": "none"},
            "phases": {
                "stateful": {"enabled": False},
                "fuzzing": {"enabled": examples > 0},
                "coverage": {"enabled": edges, "unexpected-methods": []},
            },
            "checks": {
                # Does not work in process; tests/test_routes.py asks every operation without a token.
                "ignored_auth": {"enabled": False},
                "positive_data_acceptance": {"expected-statuses": REFUSALS},
                "missing_required_header": {"expected-statuses": ["401", "422", "428"]},
            },
        }
    )


def real_ids(known: dict[str, str]) -> Any:
    """Puts ids of things that are there where a request names some id."""

    def swap(told: Any, name: str = "") -> Any:
        if isinstance(told, dict):
            return {key: swap(value, key) for key, value in told.items()}
        if isinstance(told, list):
            return [swap(one, name) for one in told]
        if name in known and is_id(told) and not told.startswith(("0", "f")):
            return known[name]
        return told

    return lambda _context, told: swap(told)


def is_id(told: Any) -> bool:
    try:
        return isinstance(told, str) and str(UUID(told)) == told.lower()
    except ValueError:
        return False


def faults(app: Flask, config: SchemathesisConfig, known: dict[str, str]) -> Iterator[str]:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=config)
    for place in ("path_parameters", "query", "body"):
        schema.hook(f"map_{place}")(real_ids(known))
    for event in engine.from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            yield f"{getattr(event, 'label', '')}: {getattr(event, 'value', event)}"
        if isinstance(event, events.ScenarioFinished):
            yield from broken_promises(event)


def broken_promises(event: events.ScenarioFinished) -> Iterator[str]:
    for number, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                request = event.recorder.cases[number].value.as_curl_command()
                yield f"{event.label} {check.name}: {check.failure_info.failure}\n{request}"


# A long value in a failing example is no fault of the API.
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")


def run(app: Flask, cast: Cast, examples: int, seed: int = 1, *, edges: bool = True) -> None:
    caller, known = furnish(app.test_client(), cast)
    found = sorted(set(faults(app, configure(caller.secret, examples, seed, edges=edges), known)))
    assert not found, "\n\n".join([f"{len(found)} faults", *found[:20]])


@pytest.mark.no_cover  # tracing doubles its time, and the other tests measure the same lines
def test_the_api_keeps_its_word(app: Flask, cast: Cast) -> None:
    """Examples and random requests; the edges of every schema are two minutes' work, for the long form."""
    run(app, cast, examples=1, edges=False)


@pytest.mark.long
@pytest.mark.both_databases
@pytest.mark.parametrize("seed", range(3))
def test_the_api_keeps_its_word_at_length(app: Flask, cast: Cast, seed: int) -> None:
    run(app, cast, examples=100, seed=seed)
