"""Every page that can be reached, in both languages and three widths: WCAG 2.2 AA, nothing cut off.

The short form sees each page once, languages and widths taking turns, and the first rows of a table for all
of them; the long form sees everything, what a query makes of a page too, and in the dark.
"""

from __future__ import annotations

from itertools import cycle, product
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from supply.domain.branches.models import Branch
from supply.domain.labels.models import Label
from supply.domain.ledger.models import Lot, LotKind
from supply.domain.stocktake.models import Stocktake, StocktakeStatus
from supply.domain.visits.models import Visit as PlannedVisit
from supply.domain.visits.models import VisitStatus
from tests.browser.conftest import Visit
from tests.browser.crawl import ROLES, kind, walk
from tests.browser.desk import order_on_its_way
from tests.browser.languages import own_words, strangers
from tests.browser.live import Spa
from tests.browser.test_therapist import plan, step
from tests.browser.visitor import LAPTOP, Visitor

WIDTHS = (320, 768, 1280)
# 640 px is a laptop's page at 200 %; 1920 px the widest screen that is looked at.
ALL_WIDTHS = (320, 640, 768, 1280, 1920)
LANGUAGES = ("en", "vi")
AXE = Axe()
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],  # half the time
}
# A table's later rows are like its first, and cost a third of the time.
FIRST_ROWS = {"exclude": [["tbody > tr:nth-child(n + 7)"]]}
# Pages that no link leads to: they are the answer to a form, or for somebody who is not signed in.
UNLINKED = {"/sign-in", "/tablet", "/tablet/<uuid:person_id>"}
Page = tuple[str, str]


@pytest.fixture(scope="module")
def pages(browser: Browser, spa: Spa) -> list[Page]:
    """(login, address): each kind of page once, and the start page of every role."""
    seen: dict[str, Page] = {}
    for login in ("ngoc", "admin"):  # between them they see every page
        visitor = Visitor(browser, spa).sign_in(login)
        found = walk(visitor, *(_faces(visitor) if login == "ngoc" else ()))
        del found["/"]
        for one, address in found.items():
            seen.setdefault(one, (login, address))
        visitor.close()
    return [*((login, "/") for login in ROLES), *seen.values()]


def _faces(visitor: Visitor) -> list[str]:
    """Pages that show much only while something is under way: a visit with a warning and a step that was done
    all the same, which leads to its correction; a recipe's draft."""
    page = plan(visitor, "Pregnancy")
    running = page.url
    step(page, 1).locator(".notice-more > summary").click()
    page.get_by_role("button", name="It was done already").click()
    page.get_by_role("button", name="It really happened").click()
    expect(page.locator(".trail li")).to_have_count(1)
    visitor.open("/procedures").locator("main a[href^='/procedures/']", has_text="massage").first.click()
    page.get_by_role("button", name="Change the recipe").click()
    page.wait_for_url("**/draft")
    faces = [running.removeprefix(visitor.spa.url), page.url.removeprefix(visitor.spa.url)]
    # The query makes another kind of page of it: an order of which nothing came, one of which all came.
    came = visitor.open("/purchase-orders").get_by_role("row", name="Received", exact=False).first
    received = came.get_by_role("link").first.get_attribute("href")
    scanned = [
        "/search?q=00",
        "/scan?code=8935001712343",
        f"/labels/print?paper=sheet&of={_tag(visitor.spa)}.2",
    ]
    orders = [order_on_its_way(visitor.spa), f"{received}?received=on"]
    faces.append(_planned(visitor.spa))
    return [*faces, *orders, *scanned, _delivered(visitor.spa), *_counted(visitor.spa), *_imported(visitor)]


def _tag(spa: Spa) -> str:
    """The tag of a label of the branch where the manager works."""
    query = select(Label.tag).join(Branch, Branch.id == Label.branch_id).order_by(Branch.code).limit(1)
    return str(spa.look(lambda session: session.scalar(query)))


def _planned(spa: Spa) -> str:
    """The plan of a visit there that can still be changed: the one that is looked at has begun."""
    query = select(PlannedVisit.id).join(Branch, Branch.id == PlannedVisit.branch_id)
    query = query.where(PlannedVisit.status == VisitStatus.PLANNED)
    return f"/visits/{spa.look(lambda session: session.scalar(query.order_by(Branch.code).limit(1)))}/plan"


def _delivered(spa: Spa) -> str:
    """A lot there that came from a supplier and can be recalled: what was brewed cannot."""
    query = select(Lot.id).join(Branch, Branch.id == Lot.branch_id).where(Lot.kind == LotKind.SUPPLIER)
    return f"/stock/lots/{spa.look(lambda session: session.scalar(query.order_by(Branch.code).limit(1)))}"


def _counted(spa: Spa) -> list[str]:
    """A stocktake there that is under way, which leads to its shelves, and one that is to be approved."""
    query = select(Stocktake.id).join(Branch, Branch.id == Stocktake.branch_id).order_by(Branch.code).limit(1)

    def of(status: StocktakeStatus) -> str:
        return f"/stocktakes/{spa.look(lambda s: s.scalar(query.where(Stocktake.status == status)))}"

    return [of(StocktakeStatus.COUNTING), f"{of(StocktakeStatus.SUBMITTED)}?after=0"]


def _imported(visitor: Visitor) -> list[str]:
    """A file that was given, with a row that cannot be taken: the naming of its columns, and its rows."""
    page = visitor.open("/imports")
    page.get_by_label("What the file holds").select_option("items")
    rows = b"code,name_en,name_vi,category,stock_unit\r\nAXE-1,Mint,,herb,g\r\n"
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "items.csv", "mimeType": "text/csv", "buffer": rows}
    )
    page.get_by_role("button", name="Read the file").click()
    page.wait_for_url("**/columns")
    naming = page.url
    page.locator("main .form-foot button[type=submit]").last.click()
    page.wait_for_url(naming.removesuffix("/columns"))
    return [address.removeprefix(visitor.spa.url) for address in (naming, page.url)]


def faults_of(visitor: Visitor, address: str, part: dict[str, Any] | None = None) -> list[str]:
    """What is wrong with a page, or with a part of it."""
    visitor.open(address)
    return faults_here(visitor, address, part)


def faults_here(visitor: Visitor, name: str, part: dict[str, Any] | None = None) -> list[str]:
    """What is wrong with the page as it stands."""
    page = visitor.page
    where = f"{name} ({page.viewport_size and page.viewport_size['width']} px)"
    found: list[dict[str, Any]] = AXE.run(page, part, RULES).response["violations"]
    faults = [f"{where}: {one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in found]
    if visitor.overflow() > 0:
        faults.append(f"{where}: {visitor.overflow()} px wider than the screen")
    return faults


def look(
    visit: Visit,
    pages: list[Page],
    language: str,
    widths: tuple[int, ...],
    scheme: str,
    part: dict[str, Any] | None = None,
) -> list[str]:
    """The faults of some pages; each page is seen at the next of the widths."""
    faults = []
    for login in dict.fromkeys(login for login, _address in pages):
        visitor = visit(login, (widths[0], 900), language, color_scheme=scheme)
        turns = cycle(widths)
        for address in [address for who, address in pages if who == login]:
            visitor.page.set_viewport_size({"width": next(turns), "height": 900})
            faults += faults_of(visitor, address, part)
    return faults


@pytest.mark.parametrize(
    ("language", "scheme", "turn"), [("en", "light", 0), ("vi", "light", 1), ("vi", "dark", 2)]
)
def test_each_page_once(visit: Visit, pages: list[Page], language: str, scheme: str, turn: int) -> None:
    widths = WIDTHS[turn:] + WIDTHS[:turn]
    once = {
        (login if address == "/" else kind(address.partition("?")[0])): (login, address)
        for login, address in pages[::-1]
    }
    faults = look(visit, [*once.values()][turn::3], language, widths, scheme, FIRST_ROWS)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("login", "address"), [("lan", "/deliveries/new"), ("ngoc", "/items/new"), ("admin", "/people/new")]
)
def test_a_refused_form(visit: Visit, login: str, address: str) -> None:
    visitor = visit(login, (320, 900))
    page = visitor.open(address)
    page.evaluate("document.querySelectorAll('form').forEach((form) => (form.noValidate = true))")
    page.locator("main .form-foot button[type=submit]").last.click()
    expect(page.get_by_role("alert").first).to_be_visible()
    assert faults_here(visitor, address) == []


@pytest.mark.long
@pytest.mark.parametrize(("language", "width"), list(product(LANGUAGES, ALL_WIDTHS)))
def test_every_page_in_every_width(visit: Visit, pages: list[Page], language: str, width: int) -> None:
    faults = look(visit, pages, language, (width,), "light")
    assert not faults, "\n".join(faults)


@pytest.mark.long
def test_every_page_in_the_dark(visit: Visit, pages: list[Page]) -> None:
    faults = look(visit, pages, "vi", (768,), "dark")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(("language", "width"), [("en", 320), ("vi", 768)])
def test_signing_in(visit: Visit, language: str, width: int) -> None:
    visitor = visit(size=(width, 700))
    visitor.open("/sign-in")
    visitor.speak(language)
    faults = faults_of(visitor, "/sign-in")
    assert not faults, "\n".join(faults)


def test_links_lead_to_every_page(spa: Spa, pages: list[Page]) -> None:
    """A page that no link leads to is no page. Each capability's lists and forms are found by walking."""
    adapter = spa.app.url_map.bind("")
    reached = {adapter.match(address.split("?")[0])[0] for _login, address in pages}
    expected = {
        rule.endpoint
        for rule in spa.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.rule not in UNLINKED and not rule.rule.startswith(PROGRAMS)
    }
    assert expected - reached - NOT_IN_THE_STORY == set()


@pytest.mark.parametrize("language", [pytest.param("en", marks=pytest.mark.long), "vi"])
def test_no_page_mixes_languages(visit: Visit, spa: Spa, pages: list[Page], language: str) -> None:
    """Every word that is shown or read out is of the page's language, or somebody wrote it."""
    own = spa.look(own_words)
    faults = []
    for login in dict.fromkeys(login for login, _address in pages):
        asked = visit(login, LAPTOP, language).context.request
        for address in [address for who, address in pages if who == login]:
            faults += [
                f"{address}: {text}: {words}" for text, words in strangers(asked.get(address).text(), own)
            ]
    assert not faults, "\n".join(faults)


@pytest.mark.long
@pytest.mark.parametrize("login", ROLES)
def test_no_link_leads_nowhere(visit: Visit, login: str) -> None:
    """Nor to a page that this person may not see."""
    walk(visit(login))


PROGRAMS = ("/api/", "/static/", "/bootstrap/", "/healthz", "/readyz", "/metrics")
NOT_IN_THE_STORY = {
    "offline.tell_life": "asked by scripts",
    "offline.list_kept_pages": "the same",
    "offline.serve_worker": "a script",
    "offline.show_lost": "shown by the service worker; tests/browser/test_offline.py loses the connection",
    "orders.download_order": "a file",
    "recalls.download_recall": "a file",
    "report_files.download": "a file",
    "variance.download": "a file",
    "imports.download_export": "a file",
    "imports.download_rejects": "a file",
    "imports.confirm_undoing": "of an import that was applied; tests/web/test_imports.py has one",
    "moves.show_move": "of a move that somebody made; tests/web/test_transfers.py makes one",
    "transfers.prepare_dispatch": "of a transfer that waits to be sent; tests/web/test_transfers.py has one",
    "transfers.prepare_receipt": "of a transfer on its way to here; tests/web/test_transfers.py has one",
    "scanning.follow_label": "the address on a printed label, which leads on",
    "plan.show_run": "the answer to a form, gone once it is done",
    "safety.ask_override": "for a step that is blocked; tests/browser/test_safety.py goes there",
}.keys()
