"""Somebody at a browser. Whatever goes wrong behind the page is kept and fails the test.

Faults are: an entry of the console, an uncaught error, a request to elsewhere, an answer of 500 or more.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, expect

from tests.browser.live import PASSWORD, Spa
from tests.web.browsing import frame_of

_LATER = """() => {
  const now = Date.now;
  const { at = 0 } = JSON.parse(sessionStorage.getItem("supply.tapped") ?? "{}");
  const ahead = Math.max(at - now(), 0) + 850;
  Date.now = () => now() + ahead;
}"""
PHONE, TABLET, LAPTOP = (360, 740), (820, 1180), (1280, 800)
# A refused form answers 4xx, which Chromium tells as a failed resource: that is the page's own answer.
_OWN_ANSWERS = (*(f"status of {code}" for code in (401, 403, 404, 409, 422)), "registration blocked")


def take_time(page: Page) -> None:
    """A second tap on the same spot within 800 ms counts for nothing: a hand that means two takes its time.

    The page's clock goes on, nobody waits. What the first tap led to must have been seen before.
    """
    page.evaluate(_LATER)


def all_of_it_came(page: Page, lot: str) -> None:
    """Receive the order whose page was asked for, each line of it as `lot`."""
    expect(page.get_by_role("heading", level=1)).to_contain_text("Receive order")
    # The last of each is for what was not ordered.
    for field in page.locator("[name$='-lot_number']:visible").all()[:-1]:
        field.fill(lot)
    for field in page.locator("[name$='-expires_on']:visible").all()[:-1]:
        field.fill("2028-06-30")
    page.get_by_role("button", name="All of this came").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delivery of")


def find_on_the_shelf(page: Page, item: str, amount: str) -> None:
    """Fill in the count of an item, found in the list of what can be counted: as much of each lot."""
    page.get_by_role("main").get_by_role("link", name=item, exact=False).first.click()
    # All fields of a page are asked for at once: who asks too early has those of the page before.
    expect(page.get_by_role("heading", level=1)).to_contain_text(item)
    for field in page.locator("input[name$='-amount']:visible").all():
        field.fill(amount)


class Visitor:
    """A browser context with one page, signed in or not."""

    def __init__(self, browser: Browser, spa: Spa, size: tuple[int, int] = LAPTOP, **told: Any) -> None:
        touch = size[0] < 1000
        # Who does not ask for it goes without a service worker, and waits for none.
        told = {"service_workers": "block"} | told
        self.spa = spa
        self.faults: list[str] = []
        self.context: BrowserContext = browser.new_context(
            base_url=spa.url, viewport={"width": size[0], "height": size[1]}, has_touch=touch, **told
        )
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))
        self.page.on("request", self._request)
        self.page.on("response", self._response)

    def sign_in(self, login: str, language: str = "en") -> Visitor:
        """Sign in, and read in `language` from then on. No page is drawn for it: test_admin.py has one."""
        landed = self._send("/sign-in", "/sign-in", login=login, password=PASSWORD)
        if f'<html lang="{language}"' not in landed:
            self._send("/", "/language", locale=language)
        return self

    def _send(self, page: str, action: str, **typed: str) -> str:
        """Fill in the form of a page that posts to `action`, as without a browser; the page it leads to."""
        asked = self.context.request
        answer = asked.post(action, form=frame_of(asked.get(page).text(), action) | typed)
        assert answer.ok, f"{action} answered {answer.status}"
        return answer.text()

    def speak(self, language: str) -> None:
        """Switch the language with the page's own switch, wherever the page is."""
        if self.page.locator("html").get_attribute("lang") == language:
            return
        buttons = self.page.locator(f"button[name=locale][value={language}]")
        take_time(self.page)
        menu = self.page.locator("details.menu-account > summary")
        if menu.count():
            menu.click()
        buttons.first.click()
        self.page.wait_for_selector(f"html[lang={language}]", state="attached")

    def open(self, path: str) -> Page:
        answer = self.page.goto(path)
        assert answer is not None, path
        assert answer.status == 200, f"{path} answered {answer.status}"
        return self.page

    def press(self, name: str, **told: Any) -> None:
        """Press a button, or follow a link, by what is written on it."""
        button = self.page.get_by_role("button", name=name, **told)
        (button if button.count() else self.page.get_by_role("link", name=name, **told)).first.click()

    def overflow(self) -> int:
        """How many pixels something reaches beyond the screen, or beyond a card that would cut it off."""
        return int(
            self.page.evaluate(
                """() => {
                  const wide = (node) => node.scrollWidth - node.clientWidth;
                  const cards = [...document.querySelectorAll(".sheet.cards")];
                  const blocks = cards.filter((node) => getComputedStyle(node).display === "block");
                  const page = document.documentElement.scrollWidth - window.innerWidth;
                  return Math.max(page, ...blocks.map(wide));
                }"""
            )
        )

    def close(self) -> None:
        self.context.close()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(own in message.text for own in _OWN_ANSWERS):
            self.faults.append(f"console on {self.page.url}: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and f"{parts.scheme}://{parts.netloc}" != self.spa.url:
            self.faults.append(f"reached elsewhere: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.faults.append(f"{response.status} from {response.url}")
