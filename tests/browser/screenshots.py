"""`make screenshots`: the pictures of the documentation, taken anew from the demo spa into docs/pictures/."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

from playwright.sync_api import Browser, expect, sync_playwright

from supply.app import create_app
from tests.browser.live import Spa, serving, tell_demo
from tests.browser.test_therapist import plan, step
from tests.browser.visitor import LAPTOP, PHONE, TABLET, Visitor
from tests.conftest import CHROMIUM, dispose, migrate, settings_for

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
DAYS = 60


class Picture(NamedTuple):
    """A page as one person sees it on one screen."""

    name: str
    login: str
    size: tuple[int, int]
    address: str
    language: str = "en"
    scheme: str = "light"


WANTED = (
    Picture("today", "ngoc", LAPTOP, "/"),
    Picture("today-vi-dark", "ngoc", LAPTOP, "/", "vi", "dark"),
    Picture("flags", "ngoc", LAPTOP, "/flags"),
    Picture("stock", "lan", PHONE, "/stock"),
    Picture("deliveries", "lan", PHONE, "/deliveries"),
    Picture("recipe", "ngoc", LAPTOP, "/procedures"),
)


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with at_the_demo() as (spa, browser):
        for picture in WANTED:
            take(browser, spa, picture)
        take_visit(browser, spa)
        take_item(browser, spa)


@contextmanager
def at_the_demo(days: int = DAYS) -> Iterator[tuple[Spa, Browser]]:
    """A demo spa told anew and served, and a browser to look at it with."""
    folder = Path(tempfile.mkdtemp(prefix="supply-pictures-"))
    try:
        url = f"sqlite:///{folder / 'supply.sqlite'}"
        migrate(url)
        app = create_app(settings_for(url))
        tell_demo(app, days)
        with serving(app) as spa, sync_playwright() as play:
            arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
            browser = play.chromium.launch(executable_path=CHROMIUM, args=arguments)
            yield spa, browser
            browser.close()
        dispose(app)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def take(browser: Browser, spa: Spa, wanted: Picture) -> None:
    visitor = Visitor(browser, spa, wanted.size, color_scheme=wanted.scheme)
    visitor.sign_in(wanted.login, wanted.language).open(wanted.address)
    keep(visitor, wanted.name)


def take_visit(browser: Browser, spa: Spa) -> None:
    """A visit in the middle, with a guest who is pregnant."""
    visitor = Visitor(browser, spa, TABLET).sign_in("hanh", "en")
    page = plan(visitor, "Pregnancy")
    page.get_by_role("button", name="was advised and agrees").first.click()
    expect(page.get_by_text("The consent of guest 1 is recorded.")).to_be_visible()
    step(page, 1).get_by_role("button", name="Done").click()
    expect(step(page, 1)).to_contain_text("done")
    page.goto(page.url.split("#")[0])
    keep(visitor, "visit")


def take_item(browser: Browser, spa: Spa) -> None:
    visitor = Visitor(browser, spa, LAPTOP).sign_in("ngoc", "en")
    page = visitor.open("/stock?q=gung")
    page.get_by_role("link", name="Ginger", exact=True).click()
    page.get_by_role("heading", name="Use and stock").scroll_into_view_if_needed()
    keep(visitor, "item")


def keep(visitor: Visitor, name: str) -> None:
    visitor.page.wait_for_load_state(
        "networkidle"
    )  # what the questions ask the books for comes after the page
    visitor.page.screenshot(path=PICTURES / f"{name}.png")
    visitor.close()
    print(PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
