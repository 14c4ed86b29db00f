"""A demo spa, a server on it, and visitors whose every fault fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.live import Spa, copied, serving, tell_demo
from tests.browser.visitor import LAPTOP, Visitor
from tests.conftest import dispose, settings_for

DAYS = 9
# As long as a page may take where the machine has other work; what is right is seen at once.
expect.set_options(timeout=15_000)
Visit = Callable[..., Visitor]


@pytest.fixture(scope="session")
def demo_file(sqlite_template: Path, workplace: Path) -> Path:
    """The file of a demo spa, told once for this process."""
    file = workplace / "demo.sqlite"
    app = copied(sqlite_template, file, settings_for)
    tell_demo(app, DAYS)
    dispose(app)
    return file


@pytest.fixture(scope="module")
def spa(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spa]:
    """A server on a demo spa of this module's own: its journeys change it one after the other."""
    file = tmp_path_factory.mktemp("spa") / "supply.sqlite"
    app = copied(demo_file, file, settings_for)
    with serving(app) as spa:
        yield spa
    dispose(app)


@pytest.fixture
def visit(browser: Browser, spa: Spa) -> Iterator[Visit]:
    """visit(login, size, language="en", …) signs somebody in on a screen of that size."""
    visitors: list[Visitor] = []

    def come(
        login: str = "", size: tuple[int, int] = LAPTOP, language: str = "en", **told: object
    ) -> Visitor:
        visitor = Visitor(browser, spa, size, **told)
        visitors.append(visitor)
        return visitor.sign_in(login, language) if login else visitor

    yield come
    for visitor in visitors:
        visitor.close()
    faults = [fault for visitor in visitors for fault in visitor.faults]
    assert not faults, "\n".join(faults)
