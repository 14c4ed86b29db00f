"""Holds docs/map.md: who may import whom, who may write what, how long a piece may be."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from tests.sources import Module, modules

# Imports within the domain go only to the right. A new capability takes its place here.
LINE = [
    "finding",
    "recalls",
    "reports",
    "imports",
    "readiness",
    "receiving",
    "planning",
    "purchasing",
    "visits",
    "preparation",
    "transfers",
    "labels",
    "containers",
    "waste",
    "stocktake",
    "treatments",
    "suppliers",
    "ledger",
    "tasks",
    "outbox",
    "catalog",
    "people",
    "branches",
    # Every change of reference data, people and branches is written down, so audit lies below them.
    "audit",
    "idempotency",
]
EDGES = ("api", "web", "cli")
# What the edges share and only they use: above the domain, since they store and fetch there.
SHARED = ("repeating", "mailing", "calling", "replanning", "announcing", "recalling", "importing")
WEB_LIBRARIES = ("flask", "flask_login", "flask_smorest", "flask_wtf", "flask_babel", "werkzeug", "webargs")
PURE = (
    *("recipe.py", "factors.py", "exactness.py", "safety.py", "substitution.py", "allocate.py", "chain.py"),
    *("covering.py", "fixing.py", "colouring.py", "hurdles.py", "totals.py"),
    *("policy.py", "outlook.py", "forecast.py", "history.py", "leadtime.py", "expiring.py"),
    *("rhythm.py", "packing.py", "lines.py", "observation.py", "par.py", "explaining.py"),
    "weighing.py",
    *("tables.py", "parsing.py", "workbook.py", "words.py", "columns.py", "restoring.py", "writing_units.py"),
    "deviation.py",
    "scaling.py",
    *("gtin.py", "tags.py", "deciphering.py", "pictures.py", "qr.py"),
)
CLOCKS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "func.now",
    "func.current_timestamp",
    "func.current_date",
}
VAGUE = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}

# Longer than the house likes, and why. An entry that is no longer needed fails the test.
MODULE_LINES = 300
LONG_MODULES: dict[str, str] = {}
FUNCTION_LINES = 40
LONG_FUNCTIONS: dict[str, str] = {}

MODULES = modules()
# Sources are read, nothing of the product runs.
pytestmark = pytest.mark.no_cover


def every_module(check: Callable[[Module], None]) -> Callable[[], None]:
    """One test that asks `check` of every module and names each that fails."""

    def test() -> None:
        faults = []
        for module in MODULES:
            try:
                check(module)
            except AssertionError as fault:
                faults.append(f"{module.place}: {fault}")
        assert not faults, "\n".join(faults)

    test.__name__, test.__doc__ = check.__name__, check.__doc__
    return test


def level(name: str) -> str:
    """The storey of a dotted name: app, api, web, cli, shared, domain or base."""
    parts = name.split(".")
    if parts[:1] == ["wsgi"]:
        return "app"
    storey = parts[1] if len(parts) > 1 else ""
    if storey in SHARED:
        return "shared"
    return storey if storey in ("app", "domain", *EDGES) else "base"


def capability(name: str) -> str | None:
    """`supply.domain.ledger.models` → `ledger`; None for what is no capability."""
    parts = name.split(".")
    return parts[2] if parts[:2] == ["supply", "domain"] and len(parts) > 2 else None


def ours(module: Module) -> list[tuple[str, int]]:
    return [(name, line) for name, line in module.imports if name.split(".")[0] == "supply"]


def strangers(module: Module, libraries: tuple[str, ...]) -> list[str]:
    return [
        f"{module.place}:{line} imports {name}"
        for name, line in module.imports
        if name.split(".")[0] in libraries
    ]


@every_module
def test_imports_only_downwards(module: Module) -> None:
    mine = level(module.name)
    below = {
        "app": {"api", "web", "cli", "shared", "domain", "base"},
        "api": {"api", "shared", "domain", "base"},
        "web": {"web", "shared", "domain", "base"},
        # A command starts the application that it belongs to.
        "cli": {"cli", "shared", "domain", "base", "app"},
        "shared": {"domain", "base"},
        "domain": {"domain", "base"},
        "base": {"base"},
    }[mine]
    wrong = [
        f"{module.place}:{line} imports {name}" for name, line in ours(module) if level(name) not in below
    ]
    assert not wrong, f"{mine} may import {sorted(below)} only"


@every_module
def test_the_domain_knows_no_http(module: Module) -> None:
    if level(module.name) == "domain":
        assert not strangers(module, WEB_LIBRARIES)


def test_every_capability_has_its_place_in_the_line() -> None:
    found = {module.path.parent.name for module in MODULES if level(module.name) == "domain"} - {"domain"}
    assert found <= set(LINE), "give the new capability its place in LINE and in docs/map.md"


@every_module
def test_the_domain_imports_only_to_the_right(module: Module) -> None:
    mine = capability(module.name)
    if mine not in LINE:  # supply/domain/models.py gathers all of them
        return
    wrong = [
        f"{module.place}:{line} imports {name}"
        for name, line in ours(module)
        if (other := capability(name)) is not None
        and other != mine
        and (other not in LINE or LINE.index(other) < LINE.index(mine))
    ]
    assert not wrong, f"{mine} may import {LINE[LINE.index(mine) + 1 :]} only; a circle belongs lower"


@every_module
def test_pure_rules_know_no_store(module: Module) -> None:
    if level(module.name) != "domain" or module.path.name not in PURE:
        return
    # A model's words (a StrEnum) may be used, its rows may not.
    rows = {"Base", *(name for other in MODULES for name in tables(other))}
    wrong = [name for name, _ in ours(module) if name.split(".")[-1] in rows]
    wrong += [name for name, _ in ours(module) if name.startswith("supply.database")]
    assert not wrong + strangers(module, ("sqlalchemy", "flask_sqlalchemy", *WEB_LIBRARIES))


def tables(module: Module) -> list[str]:
    """The names of the mapped classes of a models.py."""
    if module.path.name != "models.py":
        return []
    return [
        node.name
        for node in module.tree.body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Base" for base in node.bases)
    ]


@every_module
def test_only_the_ledger_writes_movements(module: Module) -> None:
    if module.place.startswith("supply/domain/ledger/"):
        return
    writers = ("insert", "update", "delete", "upsert")
    wrong = []
    for name, call in module.calls:
        verb = name.split(".")[-1]
        arguments = {ast.unparse(argument).split(".")[-1] for argument in call.args}
        arguments |= {ast.unparse(argument).split(".")[0] for argument in call.args}
        if verb == "Movement" or (verb in writers and {"Movement", "MOVEMENT"} & arguments):
            wrong.append(f"{module.place}:{call.lineno} {ast.unparse(call)[:60]}")
    assert not wrong, "only supply/domain/ledger/ creates movements"


@every_module
def test_only_the_clock_reads_the_clock(module: Module) -> None:
    if module.place == "supply/clock.py":
        return
    wrong = [
        f"{module.place}:{call.lineno} {name}"
        for name, call in module.calls
        if ".".join(name.split(".")[-2:]) in CLOCKS
    ]
    assert not wrong, "ask supply.clock, so that a test may tell the time"


@every_module
def test_only_the_store_commits(module: Module) -> None:
    if module.place == "supply/database.py":
        return
    wrong = [
        f"{module.place}:{call.lineno} {name}"
        for name, call in module.calls
        if name.split(".")[-1] in ("commit", "rollback")
    ]
    assert not wrong, "open write_transaction() or read_snapshot() at the edge; services do neither"


def test_only_the_end_of_a_demo_empties_the_store() -> None:
    importers = {m.place for m in MODULES for name, _ in ours(m) if name.startswith("supply.emptying")}
    assert importers == {"supply/domain/people/ending_demo.py"}


def test_only_the_edges_open_transactions() -> None:
    doors = ("write_transaction", "read_snapshot")
    wrong = [
        f"{module.place}:{line} imports {name}"
        for module in MODULES
        if level(module.name) == "domain"
        for name, line in ours(module)
        if name.split(".")[-1] in doors
    ]
    assert not wrong


@every_module
def test_names_say_what_is_inside(module: Module) -> None:
    assert not VAGUE & set(module.name.split("."))


@every_module
def test_every_module_says_what_it_owns(module: Module) -> None:
    text = ast.get_docstring(module.tree)
    assert text, "open with one to five lines: what it owns and what it refuses to own"
    # A blank line between the first sentence and the rest is not counted.
    said = [line for line in text.splitlines() if line.strip()]
    assert len(said) <= 12, "the opening is longer than its reader's patience"


def test_modules_are_short() -> None:
    long = {m.place: len(m.text.splitlines()) for m in MODULES if len(m.text.splitlines()) > MODULE_LINES}
    assert {place: lines for place, lines in long.items() if place not in LONG_MODULES} == {}
    assert set(LONG_MODULES) <= set(long), "no longer long: take it off the list"


def length_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body: neither the docstring nor a long list of named arguments makes it harder to read."""
    first = node.body[0]
    begin = first.lineno if ast.get_docstring(node) is None else (first.end_lineno or 0) + 1
    return (node.end_lineno or 0) - begin + 1


def test_functions_are_short() -> None:
    long = {
        f"{module.place}:{node.name}": length
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := length_of(node)) > FUNCTION_LINES
    }
    assert {place: lines for place, lines in long.items() if place not in LONG_FUNCTIONS} == {}
    assert set(LONG_FUNCTIONS) <= set(long), "no longer long: take it off the list"
