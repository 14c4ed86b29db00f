"""Pictures of every page of the demo spa: both languages, light and dark, phone, tablet, laptop; to look at.

`make screenshots` writes them below build/screenshots/, with an index.html that shows them side by side.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from html import escape
from itertools import product
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

from playwright.sync_api import Browser

from tests.browser.crawl import ROLES, walk
from tests.browser.live import Spa
from tests.browser.screenshots import at_the_demo
from tests.browser.visitor import LAPTOP, PHONE, TABLET, Visitor

FOLDER = Path(__file__).parents[2] / "build" / "screenshots"
SIZES = {"360": PHONE, "820": TABLET, "1280": LAPTOP}
LANGUAGES, SCHEMES = ("vi", "en"), ("light", "dark")
# Longer pages end here: what is wrong further down is wrong above too.
MOST_PX = 2400


class Look(NamedTuple):
    """A screen on which every page is seen."""

    language: str
    scheme: str
    size: str

    @property
    def name(self) -> str:
        return f"{self.language}-{self.scheme}-{self.size}"


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _chosen(arguments)
    looks = [Look(*one) for one in product(chosen.languages, chosen.schemes, chosen.sizes)]
    with at_the_demo() as (spa, browser):
        pages = list(every_page(browser, spa))
        for look in looks:
            take_all(browser, spa, look, pages, chosen.to)
    (chosen.to / "index.html").write_text(_index(looks, [address for _login, address in pages]), "utf-8")
    print(chosen.to / "index.html")


def _chosen(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=FOLDER)
    parser.add_argument("--languages", nargs="+", choices=LANGUAGES, default=LANGUAGES)
    parser.add_argument("--schemes", nargs="+", choices=SCHEMES, default=SCHEMES)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=tuple(SIZES))
    return parser.parse_args(arguments)


def every_page(browser: Browser, spa: Spa) -> Iterator[tuple[str, str]]:
    """(login, address): each kind of page once, and the start page of every role."""
    yield from ((login, "/") for login in ROLES)
    seen = {"/"}
    for login in ROLES:
        visitor = Visitor(browser, spa).sign_in(login)
        for kind, address in walk(visitor).items():
            if kind not in seen:
                seen.add(kind)
                yield login, address
        visitor.close()


def take_all(browser: Browser, spa: Spa, look: Look, pages: Sequence[tuple[str, str]], to: Path) -> None:
    folder = to / look.name
    folder.mkdir(parents=True, exist_ok=True)
    for login in dict.fromkeys(login for login, _address in pages):
        # The browser's own words (a date, a file) are in the language that it was set to.
        told = {"color_scheme": look.scheme, "locale": {"vi": "vi-VN"}.get(look.language, "en-GB")}
        visitor = Visitor(browser, spa, SIZES[look.size], **told)
        visitor.sign_in(login, look.language)
        for number, (who, address) in enumerate(pages):
            if who == login:
                take(visitor, address, folder / f"{number:03}.jpg")
        visitor.close()
    print(folder)


def take(visitor: Visitor, address: str, path: Path) -> None:
    page = visitor.open(address)
    size = page.viewport_size
    assert size is not None
    height = min(int(page.evaluate("document.documentElement.scrollHeight")), MOST_PX)
    # As if the screen were that long: what is fixed at its foot stands there, not in the middle.
    page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
    page.screenshot(path=path, type="jpeg", quality=70)
    page.set_viewport_size(size)


def _index(looks: Sequence[Look], addresses: Sequence[str]) -> str:
    """A row for each page, a column for each screen; a picture opens by itself."""
    heads = "".join(f"<th>{escape(look.name)}</th>" for look in looks)
    rows = []
    for number, address in enumerate(addresses):
        cells = "".join(
            f'<td><a href="{look.name}/{number:03}.jpg"><img loading="lazy" width="220" alt="{look.name}" '
            f'src="{look.name}/{number:03}.jpg"></a></td>'
            for look in looks
        )
        rows.append(f"<tr><th>{number:03}<br>{escape(address)}</th>{cells}</tr>")
    return (
        '<!doctype html><meta charset="utf-8"><title>Supply, every page</title>'
        f"<table><thead><tr><th>Page</th>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


if __name__ == "__main__":
    main()
