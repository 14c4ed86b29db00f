"""A demo spa, a server on it, and visitors whose every fault fails the test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from tests.browser.live import Spa, serving, tell_demo
from tests.browser.visitor import LAPTOP, Visitor
from tests.conftest import MadeApps, dispose, once, settings_for

DAYS = 9
# As long as a page may take where the machine has other work; what is right is seen at once.
expect.set_options(timeout=15_000)
Visit = Callable[..., Visitor]


@pytest.fixture(scope="session")
def demo_file(sqlite_template: Path, common: Path, made_apps: MadeApps) -> Path:
    """The file of a demo spa, told once for all processes."""

    def make(file: Path) -> None:
        app = on_copy(sqlite_template, file, made_apps)
        tell_demo(app, DAYS)
        dispose(app)

    return once(common / "demo.sqlite", make)


@pytest.fixture(scope="module")
def spa(demo_file: Path, tmp_path_factory: pytest.TempPathFactory, made_apps: MadeApps) -> Iterator[Spa]:
    """A server on a demo spa of this module's own: its journeys change it one after the other."""
    app = on_copy(demo_file, tmp_path_factory.mktemp("spa") / "supply.sqlite", made_apps)
    with serving(app) as spa:
        yield spa
    dispose(app)


def on_copy(source: Path, target: Path, made_apps: MadeApps) -> Flask:
    shutil.copyfile(source, target)
    return made_apps.on(settings_for(f"sqlite:///{target}"))


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
