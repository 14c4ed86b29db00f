"""The storeroom with a phone in one hand, a whole day of it: with and without scripts."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Holding, Lot, LotKind
from supply.domain.stocktake.models import StockCount, Stocktake, StocktakeLine, StocktakeStatus
from tests.browser.conftest import Visit
from tests.browser.desk import order_on_its_way
from tests.browser.live import Spa
from tests.browser.visitor import PHONE, Visitor, all_of_it_came, find_on_the_shelf, take_time

# Lavender to balm, towel to tea: what the demo's packages bear.
BOTTLES = [f"089352660010{number}" for number in ("22", "39", "46", "53", "60")]
CARTONS = [f"089360990020{number}" for number in ("26", "33", "40")]


@pytest.fixture(params=[True, False], ids=["with scripts", "without"])
def storeroom(visit: Visit, request: pytest.FixtureRequest) -> Visitor:
    return visit("lan", PHONE, java_script_enabled=request.param)


def test_a_day_in_the_storeroom(storeroom: Visitor, spa: Spa) -> None:
    order_on_its_way(spa)
    receive_what_was_expected(storeroom, f"PHONE-{id(storeroom) % 10_000}")
    take_in_ten_lines_by_scanning(storeroom)
    put_away_what_was_found(storeroom)
    brew_a_batch(storeroom)
    count_blindly(storeroom)
    count_a_shelf_by_scanning(storeroom, spa)
    write_off_and_undo(storeroom)
    ask_the_other_branch(storeroom)
    assert storeroom.overflow() == 0


def receive_what_was_expected(storeroom: Visitor, lot: str) -> None:
    """What was ordered stands there; one tap says that all of it came."""
    page = storeroom.open("/deliveries")
    page.get_by_role("list", name="Expected").get_by_role("link").first.click()
    all_of_it_came(page, lot)
    expect(page.get_by_text("30 Jun 2028").first).to_be_visible()
    page.get_by_role("link", name=lot).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Lot {lot}")


def take_in_ten_lines_by_scanning(storeroom: Visitor) -> None:
    """Enter after a code asks and never saves; the field stays open for the next one."""
    page = storeroom.open("/deliveries/new")
    page.locator(".foot-scan").click()
    for code in ("8936099002019", "8936099002019", "(01)08935266001015(17)271130(10)LAV-7"):
        page.locator("[name=scanned]").fill(code)
        page.locator("[name=scanned]").press("Enter")  # the next one does not wait for the answer
    expect(page.locator("[name=lines-1-lot_number]")).to_have_value("LAV-7")
    expect(page.locator("[name=lines-1-expires_on]")).to_have_value("2027-11-30")
    expect(page.locator("[name=lines-0-amount]")).to_have_value("2")
    expect(page.locator("[name=scanned]")).to_be_in_viewport()
    assert storeroom.overflow() == 0
    # Ten lines are in the book, and their labels before the hand, while the box still stands open.
    began = time.monotonic()
    page.locator("[name=supplier_id]").select_option(index=1)
    for number, code in enumerate((*BOTTLES, *CARTONS)):
        page.locator("[name=scanned]").fill(f"(01){code}(17)271130(10)TEN-{number}")
        page.locator("[name=scanned]").press("Enter")
        expect(page.locator(f"[value='TEN-{number}']")).to_be_attached()
    take_time(page)
    page.get_by_role("button", name="Take in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delivery of")
    page.get_by_role("link", name="Print labels").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Print labels")
    assert time.monotonic() - began < 60


def put_away_what_was_found(storeroom: Visitor) -> None:
    """Any lot is two taps away, and so is its way to another shelf."""
    page = storeroom.page
    page.locator(".bar [data-search]").click()
    page.locator("[name=q]:visible").press_sequentially("ten-7")
    if page.get_by_role("combobox", name="Name").count() == 0:
        page.locator("[name=q]:visible").press("Enter")
    page.get_by_text("TEN-7", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Lot TEN-7")
    page.get_by_role("link", name="Move", exact=True).click()
    page.get_by_label("Quầy trị liệu").last.check()
    take_time(page)
    page.get_by_role("button", name="Move it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Move of lot TEN-7")


def brew_a_batch(storeroom: Visitor) -> None:
    page = storeroom.open("/brewing")
    page.get_by_role("link", name="Other amount Medicinal water").click()
    page.get_by_label("Batches").fill("1")
    take_time(page)
    page.get_by_role("button", name="Brewed it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Medicinal water, batch")


def count_blindly(storeroom: Visitor) -> None:
    """What the book expects is said only after the count."""
    page = storeroom.open("/counts/choose")
    find_on_the_shelf(page, "Ginger", "2,5")
    shown = page.get_by_role("main").inner_text().lower()
    assert "expected" not in shown.replace("what the book expects", "")
    take_time(page)
    page.get_by_role("button", name="Save the count").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Count of")
    expect(page.get_by_text("Expected").first).to_be_visible()


def count_a_shelf_by_scanning(storeroom: Visitor, spa: Spa) -> None:
    """Scan, number, save: the box makes room for the number and is open again for the next code."""
    waiting = select(Stocktake.id, StocktakeLine.location_id, Lot.number).join(
        Lot, Lot.id == StocktakeLine.lot_id
    )
    waiting = waiting.join(Stocktake, Stocktake.id == StocktakeLine.stocktake_id)
    waiting = waiting.join(Branch, Branch.id == Stocktake.branch_id)
    waiting = waiting.where(Stocktake.status == StocktakeStatus.COUNTING, StocktakeLine.counted.is_(None))
    last = waiting.order_by(Branch.code, StocktakeLine.position.desc())
    stocktake_id, location_id, lot = spa.look(lambda look: look.execute(last).first())
    page = storeroom.open(f"/stocktakes/{stocktake_id}/shelves/{location_id}")
    page.locator(".foot-scan").click()
    page.locator("[name=scanned]").fill(lot)
    page.locator("[name=scanned]").press("Enter")
    expect(page.locator("#count")).to_contain_text(f"Lot {lot}")
    amount = page.locator("#count [name=amount]")
    scripted = page.locator(".has-scan").count()
    if scripted:
        expect(amount).to_be_focused()
    amount.fill("2")
    take_time(page)
    page.get_by_role("button", name="Save and go on").click()
    expect(page.locator("#count")).not_to_contain_text(f"Lot {lot}")
    if scripted:
        expect(page.locator("[name=scanned]")).to_be_focused()


def write_off_and_undo(storeroom: Visitor) -> None:
    """A refused form keeps what was typed; a reason is a tap; a slip is undone."""
    page = storeroom.open("/waste/choose")
    page.get_by_role("main").get_by_role("link", name="Wormwood", exact=False).first.click()
    page.get_by_role("radio").first.check()
    page.locator("[name=amount]").fill("999999")
    page.locator("[name=unit]").select_option("g")
    page.get_by_label("Spilled").check()
    take_time(page)
    page.get_by_role("button", name="Write off").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.locator("[name=amount]")).to_have_value("999999")
    page.locator("[name=amount]").fill("10")
    take_time(page)
    page.get_by_role("button", name="Write off").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Waste")
    take_time(page)
    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_text("undone", exact=False).first).to_be_visible()


def ask_the_other_branch(storeroom: Visitor) -> None:
    page = storeroom.open("/transfers/new")
    page.locator("[name=lines-0-item_id]").select_option(label="Citrus peel")
    page.locator("[name=lines-0-amount]").fill("0.5")
    take_time(page)
    page.get_by_role("button", name="Ask for it").click()
    expect(page.get_by_role("main").get_by_text("asked for").first).to_be_visible()


def test_a_label_is_a_page_of_the_roll(spa: Spa, visit: Visit) -> None:
    holdings = select(Item.code).join(Holding, Holding.item_id == Item.id)
    standing = holdings.where(Holding.container_id.is_(None), Holding.quantity > 0)
    first = standing.join(Branch, Branch.id == Holding.branch_id).join(Lot, Lot.id == Holding.lot_id)
    # What was brewed has most to say on its label.
    brewed = first.where(Lot.kind == LotKind.PREPARED).order_by(Branch.code, Holding.expires_on.desc())
    code = spa.look(lambda look: look.scalar(brewed))
    visitor = visit("lan", PHONE, "vi")
    page = visitor.open("/scan")
    page.locator("[name=scanned]").fill(code)
    page.locator("[name=scanned]").press("Enter")
    page.locator("[data-scan-hit] a").first.click()
    page.locator("main table a[href^='/stock/lots/']").first.click()
    page.locator("a[href^='/labels/new']").click()
    page.locator("[name=lines-0-copies]").fill("2")
    page.locator("main .form-foot button").click()
    page.wait_for_url("**/labels/print?**")
    expect(page.locator(".label")).to_have_count(2)
    assert page.locator(".label").evaluate_all(
        "all => all.every(one => one.scrollHeight <= one.clientHeight)"
    )
    paper = page.pdf(prefer_css_page_size=True)
    sizes = [[float(one) for one in box.split()] for box in re.findall(rb"/MediaBox ?\[([^]]+)]", paper)]
    millimetres = [[round(point * 25.4 / 72) for point in box] for box in sizes]
    assert millimetres == [[0, 0, 62, 29]] * 2


def test_a_lost_connection_keeps_the_form(spa: Spa, visit: Visit) -> None:
    visitor = visit("lan", PHONE)
    page = visitor.open("/waste/choose")
    page.get_by_role("main").get_by_role("link", name="Wormwood", exact=False).first.click()
    page.get_by_role("radio").first.check()
    # What was typed is repeated in the unit of the shelf.
    page.locator("[name=unit]").select_option("kg")
    page.locator("[name=amount]").fill("1,25")
    expect(page.locator("[data-echo]")).to_have_text("1.25 kg = 1,250 g")
    page.locator("[name=amount]").fill("20")
    page.locator("[name=unit]").select_option("g")
    page.get_by_label("Spilled").check()
    visitor.context.set_offline(True)
    page.get_by_role("button", name="Write off").click()
    expect(page.get_by_text("Not saved yet", exact=False)).to_be_visible()
    assert page.locator("[name=amount]").input_value() == "20"
    visitor.context.set_offline(False)
    visitor.faults.clear()  # the lost request itself is on the console
    take_time(page)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Waste")
    # A count is kept and sent by itself.
    counts = select(func.count(StockCount.id)).join(Item, Item.id == StockCount.item_id)
    counts = counts.where(Item.code == "wormwood")
    before = spa.look(lambda look: look.scalar(counts))
    page = visitor.open("/counts/choose")
    find_on_the_shelf(page, "Wormwood", "1,5")
    visitor.context.set_offline(True)
    page.get_by_role("button", name="Save the count").click()
    expect(page.get_by_text("waiting to be sent", exact=True)).to_be_visible()
    visitor.context.set_offline(False)
    expect(page.get_by_role("region", name="Kept on this device")).to_be_hidden()
    assert spa.look(lambda look: look.scalar(counts)) == before + 1
    visitor.faults.clear()


def test_it_fits_a_phone_of_320_pixels(visit: Visit) -> None:
    visitor = visit("lan", (320, 640))
    wide = {}
    for path in ("/", "/stock", "/deliveries", "/flags", "/counts", "/waste", "/visits", "/deliveries/new"):
        visitor.open(path)
        wide[path] = visitor.overflow()
    assert not any(wide.values()), wide
    # Of a new delivery one line is empty, and the next one comes when it is filled.
    items = visitor.page.locator("[name$='-item_id']:visible")
    expect(items).to_have_count(1)
    items.select_option(label="Lavender essential oil")
    expect(items).to_have_count(2)
    # No oil comes by the kilogram: its own bottle is chosen, and nothing else is on offer.
    unit = visitor.page.locator("[name=lines-0-unit]")
    expect(unit).to_have_value("bottle-100")
    assert unit.locator("option:not([disabled])").evaluate_all("all => all.map(one => one.value)") == [
        "bottle-100",
        "ml",
        "l",
    ]
