"""What every test may ask for: a database that the migrations built, the app on it, a client, a cast.

Owns how test databases come and go, which tests run on which database, and that CI skips nothing.
Owns no data of a capability: see tests/cast.py for the people.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Generator, Hashable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event
from sqlalchemy.orm import Session
from xdist.scheduler import LoadGroupScheduling

from supply import clock
from supply.app import create_app
from supply.config import Settings
from supply.database import db, init_database
from tests import postgres
from tests.cast import Cast, assemble
from tests.client import OneLookClient

CI = os.environ.get("CI") == "true"
LAST_SECONDS = 8  # nearly every test is done in them
BOTH_DATABASES = ("domain", "concurrency", "migrations")
TESTS = Path(__file__).parent
POSTGRES_TEMPLATE = "postgres-template.txt"  # the file that names it
# The shell draws pages alone; the whole browser draws its own bars too, which takes half as long again.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")


# --- which tests run ---------------------------------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `backend` its values: both databases below BOTH_DATABASES or where marked, else SQLite."""
    if "backend" not in metafunc.fixturenames:
        return
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    place = metafunc.definition.path.relative_to(TESTS).parts[0]
    postgresql = pytest.param("postgresql", marks=pytest.mark.postgres)
    if "postgres" in marks:
        values: list[object] = [postgresql]
    elif "both_databases" in marks or place in BOTH_DATABASES:
        values = ["sqlite", postgresql]
    else:
        values = ["sqlite"]
    metafunc.parametrize("backend", values, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what lies under tests/browser; outside CI leave it out, loudly, where no Chromium is."""
    for item in items:
        if item.path.is_relative_to(TESTS / "browser"):
            item.add_marker(pytest.mark.browser)
        if item.path.parent == TESTS / "domain" and item.get_closest_marker("postgres"):
            item.add_marker(
                pytest.mark.no_cover
            )  # the same lines as on SQLite, half as long again when traced
    browser = [item for item in items if item.get_closest_marker("browser")]
    if not browser or CHROMIUM:
        return
    if CI:
        raise pytest.UsageError(
            "Chromium is missing, and in CI nothing is left out: apt-get install chromium-headless-shell"
        )
    config.hook.pytest_deselected(items=browser)
    items[:] = [item for item in items if item not in browser]


class ModulesTogether(LoadGroupScheduling):
    """All journeys go to one process, each module of whole-repository tests beside this file too, before
    all others: their tests share a spa or what was read. What is left goes where there is room.

    Since pytest 9.2 the marks of xdist's own groups no longer reach its scheduler.
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        room = str(Path(module).parent)
        return {"tests/browser": room, "tests": module}.get(room, nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ModulesTogether:
    return ModulesTogether(config, log)


def pytest_runtest_setup() -> None:
    """No test begins in the last seconds of a day: it would ask twice what day it is, and be told two."""
    zones = ("UTC", "Asia/Ho_Chi_Minh")
    left = min((clock.span_of(clock.today(zone), zone)[1] - clock.now()).total_seconds() for zone in zones)
    if left < LAST_SECONDS:
        time.sleep(left)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not CHROMIUM:
        terminalreporter.section("NOT EVERYTHING RAN", sep="!", red=True, bold=True)
        terminalreporter.line("The browser tests were left out: there is no Chromium here.")
        terminalreporter.line("sudo apt-get install chromium-headless-shell, then run them with make test.")


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if CI and report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = f"In CI nothing is skipped, but this was: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Tests need nothing outside the checkout: a connection to elsewhere is an error."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not ipaddress.ip_address(_number(address[0])).is_loopback:
            raise RuntimeError(f"a test reached for the network: {address}")
        real(self, address)

    names = socket.getaddrinfo

    def look(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:
        """Numbers and this machine's own name; no name server is asked for any other."""
        if host not in (None, "localhost", b"localhost"):
            flags |= socket.AI_NUMERICHOST
        return names(host, port, family, type, proto, flags)

    socket.socket.connect = connect  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = look
    yield
    socket.socket.connect = real  # type: ignore[method-assign]
    socket.getaddrinfo = names


def _number(host: str) -> str:
    return "127.0.0.1" if host == "localhost" else host


# --- what is measured --------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measuring coverage takes half as much time again, so lines are measured once: not a second time on
    PostgreSQL where the same test runs on SQLite too, nor under the browser."""
    measuring = item.config.pluginmanager.getplugin("_cov")
    controller = measuring.cov_controller if measuring else None
    if controller is None or not _repeats(item):
        return (yield)
    controller.pause()
    try:
        return (yield)
    finally:
        controller.resume()


def _repeats(item: pytest.Item) -> bool:
    place = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
    return place == "browser" or (place == "domain" and item.get_closest_marker("postgres") is not None)


# --- databases ---------------------------------------------------------------------------------------------


def settings_for(database_url: str, **changes: object) -> Settings:
    """The settings of a test: quiet, plain HTTP, rate limits out of the way."""
    values: dict[str, object] = {
        "secret_key": "only-for-tests-0123456789-0123456789",
        "database_url": database_url,
        "secure_cookies": False,
        "default_locale": "en",
        "rate_limit_per_minute": 1_000_000,
        "database_pool": 20,
        "log_level": "ERROR",
    }
    return Settings(**(values | changes))  # type: ignore[arg-type]


def dispose(app: Flask) -> None:
    """Close every connection: a database that is still in use cannot be dropped."""
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def migrate(database_url: str, app: Flask | None = None) -> None:
    """Bring an empty database to the present schema, as `supply init` does."""
    app = app or create_app(settings_for(database_url))
    with app.app_context():
        upgrade()
    dispose(app)


def pytest_configure(config: pytest.Config) -> None:
    """The process that starts the others makes the folder that they share, and takes it away again."""
    if not hasattr(config, "workerinput"):
        os.environ["TEST_FOLDER"] = tempfile.mkdtemp(prefix="supply-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    folder, existing = Path(os.environ["TEST_FOLDER"]), os.environ.get("TEST_DATABASE_URL")
    if existing and (folder / POSTGRES_TEMPLATE).exists():
        postgres.Server(existing).drop((folder / POSTGRES_TEMPLATE).read_text())
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def common() -> Path:
    """A folder that all processes of this run share."""
    return Path(os.environ["TEST_FOLDER"])


def once(file: Path, make: Callable[[Path], None]) -> Path:
    """The file in the common folder, made by the process that needs it first. The others wait for it."""
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            new = file.with_suffix(".new")
            make(new)
            new.rename(file)
    return file


@pytest.fixture(scope="session")
def workplace(common: Path) -> Path:
    """A folder of this process alone for its databases."""
    folder = common / f"process-{os.getpid()}"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def sqlite_template(common: Path, made_apps: MadeApps) -> Path:
    """A migrated, empty SQLite file; tests get copies of it."""

    def make(file: Path) -> None:
        url = f"sqlite:///{file}"
        migrate(url, made_apps.on(settings_for(url)))

    return once(common / "template.sqlite", make)


@pytest.fixture(scope="session")
def postgres_server(common: Path) -> Iterator[postgres.Server]:
    """One PostgreSQL for all test processes, or the one that TEST_DATABASE_URL names. Never skipped."""
    with postgres.server(os.environ.get("TEST_DATABASE_URL"), folder=common / "postgres") as server:
        yield server


@pytest.fixture(scope="session")
def postgres_lender(
    postgres_server: postgres.Server, common: Path, made_apps: MadeApps
) -> Iterator[postgres.Lender]:
    """Lends out a migrated, empty database on the server, to one test after the other."""

    def make(file: Path) -> None:
        template = postgres_server.create()
        url = postgres_server.url(template)
        migrate(url, made_apps.on(settings_for(url)))
        file.write_text(template)

    template = once(common / POSTGRES_TEMPLATE, make).read_text()
    lender = postgres.Lender(postgres_server, template)
    yield lender
    lender.close()


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """ "sqlite" or "postgresql": see pytest_generate_tests."""
    return str(request.param)


@pytest.fixture
def empty_database_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table: for tests of the migrations and of `supply init`."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest, workplace: Path) -> Iterator[str]:
    """A migrated, empty database that this test has to itself.

    The next test finds its own at the same address, so that the application keeps its engine: what
    SQLAlchemy has compiled, and on PostgreSQL the connections, are half of what a small test costs.
    """
    if backend == "sqlite":
        file = workplace / "supply.sqlite"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        for left in workplace.glob("supply.sqlite*"):
            left.unlink()
        return
    lender: postgres.Lender = request.getfixturevalue("postgres_lender")
    yield lender.lend()
    lender.take_back()


# --- the app on it -----------------------------------------------------------------------------------------


@pytest.fixture
def settings(database_url: str) -> Settings:
    return settings_for(database_url)


class MadeApps:
    """The applications of this process: one for each choice of settings, moved from database to database."""

    def __init__(self) -> None:
        self._apps: dict[Hashable, Flask] = {}
        # By the application and the dialect: who holds the engine of the database that was used last.
        self._holders: dict[Hashable, Flask] = {}

    def on(self, settings: Settings, *, beside: bool = False) -> Flask:
        """The application on that database; `beside` gives a second one, for two databases at a time."""
        kind = replace(settings, database_url=""), beside
        if kind not in self._apps:
            self._apps[kind] = create_app(settings)
        holder = self._holders.get((kind, settings.sqlite))
        if holder is None or holder.config["SQLALCHEMY_DATABASE_URI"] != settings.database_url:
            if holder is not None:
                dispose(holder)
            holder = self._holders[kind, settings.sqlite] = Flask("supply")
            init_database(holder, settings)
            if settings.sqlite:
                with holder.app_context():
                    event.listen(db.engine, "connect", _hasten)
                    event.listen(db.engine, "connect", _turn_round)
        rebind(self._apps[kind], holder)
        return self._apps[kind]

    def close(self) -> None:
        for app in self._holders.values():
            dispose(app)


def _hasten(connection: Any, _record: Any) -> None:
    """Nobody waits for the disk. What must outlive a crash is tested with servers of their own."""
    connection.execute("PRAGMA synchronous=OFF").close()


def _turn_round(connection: Any, _record: Any) -> None:
    """Rows that nothing puts in order come the other way round: who counts on an order is found out here,
    not by PostgreSQL on the day when it takes another index."""
    connection.execute("PRAGMA reverse_unordered_selects=ON").close()


@pytest.fixture(scope="session")
def made_apps() -> Iterator[MadeApps]:
    apps = MadeApps()
    yield apps
    apps.close()


@pytest.fixture
def app(settings: Settings, made_apps: MadeApps) -> Iterator[Flask]:
    """The application on this test's database.

    Making one takes most of a second, nearly all of it the API's documentation, so it is made once and moved
    from database to database. A test that adds routes or changes `app.config` asks for `fresh_app`.
    """
    app = made_apps.on(settings)
    app.test_client_class = OneLookClient
    yield app
    if settings.sqlite:  # its file goes; PostgreSQL's connections are as good for the next test
        dispose(app)


@pytest.fixture
def fresh_app(settings: Settings) -> Iterator[Flask]:
    """An application that no other test has seen or will see."""
    app = create_app(settings)
    app.test_client_class = OneLookClient
    yield app
    dispose(app)


def rebind(app: Flask, holder: Flask) -> None:
    """Move an application to the database that `holder` was set up for by the product's own init_database."""
    for name in ("SQLALCHEMY_DATABASE_URI", "SQLALCHEMY_ENGINE_OPTIONS"):
        app.config[name] = holder.config[name]
    app.extensions["supply_writer"] = holder.extensions["supply_writer"]
    db._app_engines[app] = db._app_engines[holder]


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """The session of the test's own app context; `write_transaction` and `read_snapshot` work beside it."""
    with app.app_context():
        yield db.session()


@pytest.fixture
def client(app: Flask) -> OneLookClient:
    client = app.test_client()
    assert isinstance(client, OneLookClient)
    return client


@pytest.fixture
def cast(session: Session) -> Cast:
    """Two branches and the people of both, committed. See tests/cast.py."""
    return assemble(session)


# --- the browser -------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """Debian's Chromium, never a download. A root user has no sandbox to give."""
    return {
        "executable_path": CHROMIUM,
        "args": ["--no-sandbox", "--disable-dev-shm-usage"]
        if os.geteuid() == 0
        else ["--disable-dev-shm-usage"],
    }
