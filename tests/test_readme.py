"""Every command of the README runs: in a checkout of its own, on free ports, with the present environment.

What would install, ask or listen for the outside is bounded here, and said so where it is done.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import postgres
from tests.serving import free_port, wait_until_ready
from tests.sources import ROOT, files

README = (ROOT / "README.md").read_text(encoding="utf-8")
PASSWORD = "a long enough password"
# What is compiled goes with its source, which keeps its time: compiling anew takes seconds each time.
HALF_COMPILED = shutil.ignore_patterns("*.pyc.*")


def blocks() -> dict[str, list[str]]:
    """The ```sh blocks under each heading."""
    sections = re.split(r"^## (.+)$", README, flags=re.M)[1:]
    found = {
        title: re.findall(r"^```sh\n(.*?)^```$", body, re.M | re.S)
        for title, body in zip(sections[::2], sections[1::2], strict=True)
    }
    return {title: scripts for title, scripts in found.items() if scripts}


BLOCKS = blocks()


@dataclass
class Checkout:
    """A copy of the sources with the installed environment, and an instance folder of its own."""

    folder: Path
    port: int

    def environment(self, **more: str) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SUPPLY_", "FLASK_", "MAKE", "MFLAGS", "PYTEST", "COV"))
        }
        return kept | more

    def bash(self, script: str, *, told: str = "", **environment: str) -> str:
        """Run a script as it stands, stopping at the first failure. Without a terminal a password is read
        from what is `told`."""
        script = script.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.environment(**environment),
            input=told,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            start_new_session=True,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    folder = tmp_path_factory.mktemp("readme") / "supply"
    folder.mkdir()
    for name in ("supply", "migrations"):
        shutil.copytree(ROOT / name, folder / name, ignore=HALF_COMPILED)
    for name in ("Makefile", "wsgi.py", "requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)
    return Checkout(folder, free_port())


@contextmanager
def running(checkout: Checkout, command: str, address: str, *, within: float) -> Iterator[Path]:
    """A command that serves until the block ends; gives what it said. Ended by its own process group."""
    said = checkout.folder / "said.txt"
    with said.open("wb") as out:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=checkout.folder,
            env=checkout.environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        wait_until_ready(process, address, said, within=within)
        yield said
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


@contextmanager
def made_run(checkout: Checkout, *, within: float) -> Iterator[Path]:
    """The README's `make run`, with the environment at hand instead of an installation, on a free port, and
    with a demo of few days: bench tells all of them."""
    (script,) = [script.strip() for script in BLOCKS["Two commands"] if "run" in script]
    command = f"{script} --assume-old=.venv/.run --assume-old=.venv/bin/python PORT={checkout.port} DAYS=9"
    with running(checkout, command, f"http://127.0.0.1:{checkout.port}", within=within) as said:
        yield said


def test_no_block_is_left_out() -> None:
    """A new block under another heading wants a test of its own here."""
    assert {title: len(scripts) for title, scripts in BLOCKS.items()} == {
        "Two commands": 2,
        "The API in five lines": 2,
        "Running it for real": 4,
    }


def test_the_tour_uses_the_words_of_the_pages() -> None:
    (tour,) = re.findall(r"^## Ten minutes.*?(?=^## )", README, re.M | re.S)
    told = {re.sub(r"\s+", " ", label) for label in re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", tour)}
    pages = " ".join(path.read_text(encoding="utf-8") for path in files(".html", ".py"))
    assert len(told) > 10
    assert {label for label in told - {"English"} if f'"{label}"' not in pages} == set()


def test_make_test_is_a_target() -> None:
    """Not run from within itself: tests/test_toolchain.py holds what it does."""
    assert BLOCKS["Two commands"][1] == "make test\n"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    subprocess.run(["make", "--dry-run", "test"], cwd=ROOT, env=clean, check=True, capture_output=True)


def test_the_demo_is_served_and_the_api_answers_in_five_lines(checkout: Checkout) -> None:
    with made_run(checkout, within=180) as said:
        text = said.read_text()
        assert f"http://127.0.0.1:{checkout.port}/" in text
        for login in ("lan", "hanh", "ngoc", "admin"):
            assert f"sign in as `{login}`" in README
            assert re.search(rf"^  {login} ", text, re.M), text
        assert "la tia to va gung" in text
        prepared, lines = BLOCKS["The API in five lines"]
        assert lines.count("call ") == 5
        answer = checkout.bash(prepared + lines)
        assert '"status": "completed"' in answer or '"lines"' in answer, answer
        refused = subprocess.run(
            ["make", "--assume-old=.venv/.run", "run", f"PORT={checkout.port}"],
            cwd=checkout.folder,
            env=checkout.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert refused.returncode != 0
        assert "choose another" in refused.stderr
    books = checkout.bash(".venv/bin/flask --app wsgi supply heads")
    with made_run(checkout, within=40):  # a second start is quick ...
        assert checkout.bash(".venv/bin/flask --app wsgi supply heads") == books  # ... and keeps the data


def real(checkout: Checkout, name: str) -> Checkout:
    """The same checkout in another folder's place: an installation without the demo."""
    folder = checkout.folder.parent / name
    shutil.copytree(checkout.folder, folder, symlinks=True, ignore=shutil.ignore_patterns("instance"))
    return Checkout(folder, free_port())


def copies(script: str, place: Path) -> str:
    assert "/var/backups/supply" in script
    return script.replace("/var/backups/supply", str(place))


def test_one_machine_from_the_first_admin_to_a_restore(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = real(checkout, "one-machine")
    alone, _postgresql, serving, nightly = BLOCKS["Running it for real"]
    assert "admin of all branches" in here.bash(alone, told=f"{PASSWORD}\n{PASSWORD}\n")
    certify(tmp_path)
    address = f"https://127.0.0.1:{here.port}"
    command = serving.replace("/etc/supply", str(tmp_path)).replace("8443", str(here.port))
    command = command.replace("0.0.0.0", "127.0.0.1").strip()  # tests listen to nobody outside
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))  # whom urllib believes
    with running(here, command, address, within=60):
        pass
    assert "Everything agrees" in here.bash(copies(nightly, tmp_path / "copies"))


def test_postgresql_from_the_first_admin_to_a_restore(
    checkout: Checkout, postgres_server: postgres.Server, tmp_path: Path
) -> None:
    here = real(checkout, "postgresql")
    _alone, founding, _serving, nightly = BLOCKS["Running it for real"]
    name = postgres_server.create()
    url = postgres_server.url(name)
    try:
        script = founding.replace("postgresql://supply@127.0.0.1/supply", f'"{url}"')
        assert "admin of all branches" in here.bash(script, told=f"{PASSWORD}\n{PASSWORD}\n")
        programs = f"{postgres.programs()}{os.pathsep}{os.environ['PATH']}"
        said = here.bash(copies(nightly, tmp_path), SUPPLY_DATABASE_URL=url, PATH=programs)
        assert said.count("Everything agrees") == 2
    finally:
        postgres_server.drop(name)


def certify(folder: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")),
        ],
        check=True,
        capture_output=True,
    )
