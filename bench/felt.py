"""`python -m bench.felt`: how every page of the demo spa feels; written into docs/benchmark.md.

Server: the processor's time for an answer within this process, store and template. In Chromium, its
processor slowed four times: what a page brings over the wire once styles and scripts are kept, its largest
contentful paint and how much it shifts. Of each the median of some looks; a page above a limit is looked at
some times more. Names the pages that stay above and ends with 1.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Browser, CDPSession

from bench.sections import FELT, write_section
from supply import clock
from supply.memory import settle
from tests.browser.crawl import kind
from tests.browser.live import MORNING, PASSWORD, Spa
from tests.browser.pictures import every_page
from tests.browser.screenshots import at_the_demo
from tests.browser.visitor import PHONE, Visitor
from tests.client import OneLookClient
from tests.web.browsing import send

SERVER_MS, TRANSFER_BYTES, PAINT_MS, SHIFT = 60, 150_000, 1_000, 0.1
ROUNDS, LOOKS, MORE_LOOKS, SLOWED = 7, 3, 6, 4
_WATCH = """
window.felt = {paint: 0, shift: 0};
new PerformanceObserver((list) => { for (const entry of list.getEntries()) felt.paint = entry.startTime; })
  .observe({type: 'largest-contentful-paint', buffered: true});
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) felt.shift += entry.value; })
  .observe({type: 'layout-shift', buffered: true});
"""


@dataclass(frozen=True, slots=True)
class Felt:
    """One page as one person meets it."""

    login: str
    address: str
    server_ms: float
    transferred: int
    paint_ms: float
    shift: float

    @property
    def faults(self) -> list[str]:
        told = (
            ("server ms", self.server_ms, SERVER_MS),
            ("bytes", self.transferred, TRANSFER_BYTES),
            ("largest paint ms", self.paint_ms, PAINT_MS),
            ("shift", self.shift, SHIFT),
        )
        return [
            f"{self.login} {self.address}: {what} {value:g}" for what, value, most in told if value > most
        ]


def feel(browser: Browser, spa: Spa, pages: Sequence[tuple[str, str]]) -> Iterator[Felt]:
    for login in dict.fromkeys(login for login, _address in pages):
        client = OneLookClient(spa.app)
        with clock.standing_at(MORNING):
            send(client, "/sign-in", "/sign-in", login=login, password=PASSWORD)
        visitor = Visitor(browser, spa, PHONE).sign_in(login, "vi")
        visitor.page.add_init_script(_WATCH)
        wire = _Wire(visitor)
        visitor.open("/")
        for address in [address for who, address in pages if who == login]:
            looks = [wire.look(address) for _look in range(LOOKS)]
            if felt_as(login, address, 0, looks).faults:
                looks += [wire.look(address) for _look in range(MORE_LOOKS)]
            yield felt_as(login, address, _server(client, address), looks)
        visitor.close()


def felt_as(login: str, address: str, server_ms: float, looks: Sequence[tuple[int, float, float]]) -> Felt:
    """What some looks (bytes, largest paint, shift) come to: what else runs adds to some of them."""
    transferred, paint, shift = (median(values) for values in zip(*looks, strict=True))
    return Felt(login, address, server_ms, int(transferred), paint, shift)


def _server(client: OneLookClient, address: str) -> float:
    taken = []
    for _round in range(ROUNDS):
        began = time.thread_time()
        with clock.standing_at(MORNING):
            assert client.get(address).status_code == 200, address
        taken.append((time.thread_time() - began) * 1000)
    return median(taken)


class _Wire:
    """What goes over the wire to a page of a slow phone."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.bytes = 0
        told: CDPSession = visitor.context.new_cdp_session(visitor.page)
        told.send("Network.enable")
        told.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        told.on("Network.loadingFinished", self._count)

    def _count(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])

    def look(self, address: str) -> tuple[int, float, float]:
        """Bytes, largest paint and layout shift. What stands still for a third of a second stands."""
        self.bytes = 0
        page = self.visitor.open(address)
        page.wait_for_timeout(350)
        felt = page.evaluate("window.felt")
        return self.bytes, round(felt["paint"]), round(felt["shift"], 3)


WHAT = (
    ("server_ms", "server, ms of processor time", SERVER_MS),
    ("transferred", "transfer after the first page, bytes", TRANSFER_BYTES),
    ("paint_ms", "largest paint, ms, processor slowed four times, median of the looks", PAINT_MS),
    ("shift", "layout shift", SHIFT),
)


def told(felt: Sequence[Felt]) -> str:
    """The section: a row for each of the four, with the page that is worst."""
    rows = [
        f"{len(felt)} pages of the demo spa of 60 days, each once as the first person who "
        "may open it, in Vietnamese, on a phone.",
        "",
        "| what | limit | median of the pages | 95 % below | most, and where | pages above |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, words, most in WHAT:
        values = [getattr(one, name) for one in felt]
        worst = max(felt, key=lambda one: getattr(one, name))
        above = sum(value > most for value in values)
        rows.append(
            f"| {words} | {most:g} | {_short(median(values))} | {_short(quantiles(values, n=20)[18])} "
            f"| {_short(getattr(worst, name))}, `{kind(worst.address)}` | {above} |"
        )
    return "\n".join(rows)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def main() -> None:
    with at_the_demo() as (spa, browser):
        settle()
        felt = list(feel(browser, spa, list(every_page(browser, spa))))
    write_section(FELT, told(felt))
    print(told(felt))
    if faults := [fault for one in felt for fault in one.faults]:
        sys.exit("\n".join(["Above the limit:", *faults]))


if __name__ == "__main__":
    main()
