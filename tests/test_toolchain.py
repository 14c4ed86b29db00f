"""The two commands, the pins and the CI entry do what docs/development.md says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.sources import ROOT

PINS = {
    name: [
        Requirement(line.split("#")[0])
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
        if line.split("#")[0].strip() and not line.startswith("-r")
    ]
    for name in ("requirements.txt", "requirements-dev.txt")
}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def make(*arguments: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    result = subprocess.run(
        ["make", *arguments], cwd=ROOT, env=clean, capture_output=True, text=True, check=True, timeout=60
    )
    return result.stdout


# --- pins --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PINS)
def test_pins_are_exact_and_installed(name: str) -> None:
    for pin in PINS[name]:
        operators = [specifier.operator for specifier in pin.specifier]
        assert operators == ["=="], f"{pin} is not pinned with =="
        assert pin.specifier.contains(version(pin.name)), f"{pin}, but {version(pin.name)} is installed"


def needs(pins: list[Requirement]) -> Iterator[str]:
    """The names of everything that these packages pull in here, themselves included."""
    waiting = [(canonicalize_name(pin.name), frozenset(pin.extras)) for pin in pins]
    seen = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        yield name
        for needed in map(Requirement, requires(name) or []):
            wanted = [{"extra": extra} for extra in ("", *extras)]
            if needed.marker is None or any(needed.marker.evaluate(extra) for extra in wanted):
                waiting.append((canonicalize_name(needed.name), frozenset(needed.extras)))


def test_the_pins_are_whole() -> None:
    """What is pulled in is pinned too, so that two machines run the same code."""
    pinned: set[str] = set()
    for pins in PINS.values():
        pinned |= {canonicalize_name(pin.name) for pin in pins}
        try:
            missing = sorted(set(needs(pins)) - pinned)
        except PackageNotFoundError as error:
            pytest.fail(f"not installed: {error}")
        assert not missing


def test_the_product_runs_without_the_tools() -> None:
    runtime = {canonicalize_name(pin.name) for pin in PINS["requirements.txt"]}
    tools = {canonicalize_name(pin.name) for pin in PINS["requirements-dev.txt"]}
    assert not runtime & tools
    imported = {"flask", "sqlalchemy", "psycopg", "granian", "uuid-utils", "argon2-cffi", "tzdata"}
    assert imported <= runtime


# --- make --------------------------------------------------------------------------------------------------


def test_make_alone_lists_every_target() -> None:
    listed = {line.split()[0] for line in make().splitlines()}
    expected = {
        "help",
        "run",
        "test",
        "test-long",
        "lint",
        "fix",
        "bench",
        "migration",
        "messages",
        "screenshots",
    }
    assert listed == expected
    for target in expected:
        assert re.search(rf"^{target}:.* ## \w", MAKEFILE, re.M)


def test_run_goes_from_nothing_to_a_server_in_order() -> None:
    plan = make("--dry-run", "run", "PORT=8123")
    steps = [
        "supply.cli.setup",
        "demo --if-empty",
        "sign-ins",
        ":8123/",
        "exec .venv/bin/granian",
    ]
    positions = [plan.index(step) for step in steps]
    assert positions == sorted(positions)
    assert "--port 8123" in plan
    assert "flask run" not in plan


def test_tests_are_what_ci_runs() -> None:
    plan = make("--dry-run", "test")
    for check in ("ruff check", "ruff format", "mypy", "djlint", "pytest -n"):
        assert check in plan, check
    assert "--cov" in plan
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


# --- .ci/run -----------------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that has nothing but .ci/run and a `make` that tells what it was given."""
    ci = tmp_path / "checkout" / ".ci" / "run"
    ci.parent.mkdir(parents=True)
    ci.write_bytes((ROOT / ".ci" / "run").read_bytes())
    ci.chmod(0o755)
    fake = tmp_path / "bin" / "make"
    fake.parent.mkdir()
    fake.write_text(
        textwrap.dedent(
            """\
            #!/bin/bash
            sleep 600 & echo $! > "$REPORT.child"
            mkdir -p "$TMPDIR/pg"; sleep 601 & echo $! > "$TMPDIR/pg/postmaster.pid"
            cp "$TMPDIR/pg/postmaster.pid" "$REPORT.postgres"
            { echo "args=$*"; echo "cwd=$PWD"; echo "stdin=$(cat | wc -c)"; env; } > "$REPORT"
            exit "${STATUS:-0}"
            """
        )
    )
    fake.chmod(0o755)
    return ci.parent.parent


@pytest.mark.parametrize("home", ["", "/nonexistent"])
@pytest.mark.parametrize("status", [0, 2])
def test_ci_needs_nothing_and_leaves_nothing(checkout: Path, tmp_path: Path, home: str, status: int) -> None:
    report, scratch = tmp_path / "report", tmp_path / "scratch"
    scratch.mkdir()
    environ = {
        "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
        "TMPDIR": str(scratch),
        "REPORT": str(report),
        "STATUS": str(status),
        "SUPPLY_DATABASE_URL": "sqlite:///somebody-elses.sqlite",
    }
    result = subprocess.run(
        [str(checkout / ".ci" / "run")],
        cwd="/",
        env=environ | ({"HOME": home} if home else {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        check=False,
    )
    told = dict(line.split("=", 1) for line in report.read_text().splitlines() if "=" in line)
    assert result.returncode == status
    assert (told["args"], told["CI"], told["cwd"], told["stdin"]) == ("test", "true", str(checkout), "0")
    assert told["HOME"].startswith(str(scratch))
    assert "SUPPLY_DATABASE_URL" not in told
    assert list(scratch.iterdir()) == []
    for kind in ("child", "postgres"):
        assert ended(int(Path(f"{report}.{kind}").read_text())), f"the {kind} process was left running"


def ended(process: int) -> bool:
    """Whether it is gone, or waits only to be collected by its parent."""
    for _ in range(50):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


# --- nothing is skipped in CI ------------------------------------------------------------------------------

SKIPPING = """\
import pytest

def test_runs():
    pass

@pytest.mark.skip(reason="some other day")
def test_waits():
    pass
"""


@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_a_skipped_test_fails_in_ci(tmp_path: Path, ci: str, status: int) -> None:
    (tmp_path / "test_skipping.py").write_text(SKIPPING)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    result = subprocess.run(
        [*command, "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"CI": ci},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == status, result.stdout
    assert ("In CI nothing is skipped" in result.stdout) == (ci == "true")
