"""The manager's day at a laptop: what it asks, what waits, what must be ordered; a recipe is published."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.desk import run_low
from tests.browser.live import Spa
from tests.browser.test_axe import faults_here
from tests.browser.visitor import LAPTOP, PHONE, Visitor, all_of_it_came, take_time


def test_a_day_at_the_desk(visit: Visit, spa: Spa) -> None:
    run_low(spa)
    manager, storeroom = visit("ngoc", (1280, 720)), visit("lan", PHONE)
    look_at_what_the_day_asks(manager)
    find_by_keyboard(manager)
    reject_with_a_reason(manager, ask_for_the_first_flag(storeroom))
    order = approve_and_order(manager, ask_for_the_first_flag(storeroom))
    receive_it(storeroom, order)
    change_the_recipe(manager)
    read_in_the_other_language(manager)


def test_from_the_flag_to_the_shelf_without_scripts(visit: Visit, spa: Spa) -> None:
    run_low(spa)
    storeroom = visit("lan", PHONE, java_script_enabled=False)
    asked = ask_for_the_first_flag(storeroom)
    receive_it(storeroom, approve_and_order(visit("ngoc", LAPTOP, java_script_enabled=False), asked))


def look_at_what_the_day_asks(manager: Visitor) -> None:
    """Each number opens its list. The menu is all in sight, whichever of its groups is open."""
    page = manager.open("/")
    menu = page.locator("nav.side")
    for title in menu.locator("summary").all()[1:]:
        title.click()
        assert menu.evaluate("menu => menu.scrollHeight - menu.clientHeight") == 0
    tiles = [tile.get_attribute("href") or "" for tile in page.locator("a.tile").all()]
    assert len(tiles) >= 5
    for address in tiles:
        manager.open(address)


def find_by_keyboard(manager: Visitor) -> None:
    """Ctrl+K and "/" find an item without its accents; Enter leads to it, to its use and its history."""
    page = manager.page
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Name, number or code")
    expect(field).to_be_focused()
    field.press_sequentially("gung")
    found = page.get_by_role("option")
    expect(found.first).to_have_attribute("aria-selected", "true")
    field.press("ArrowDown")
    expect(found.nth(1)).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", "found-1")
    assert faults_here(manager, "the search") == []
    field.press("Escape")
    expect(field).to_be_hidden()
    page.keyboard.press("/")
    field.press_sequentially("gung")
    expect(found.first).to_contain_text("Ginger")
    field.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ginger")
    expect(page.locator("svg[role=img]").first).to_be_visible()
    page.get_by_text("Show the numbers").first.click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()


def ask_for_the_first_flag(storeroom: Visitor) -> str:
    """The number of the requisition, submitted; who asked may not approve."""
    page = storeroom.open("/flags")
    page.get_by_role("checkbox").first.wait_for()
    for tick in page.get_by_role("checkbox").all()[1:]:
        tick.uncheck()  # one line is enough, the rest is for the other run
    page.get_by_role("button", name="Make a requisition of what is ticked").click()
    number = page.get_by_role("heading", level=1, name="Requisition").inner_text().split()[1]
    take_time(page)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Waiting for approval")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    return number


def find_waiting(manager: Visitor, number: str) -> Page:
    page = manager.open("/")
    page.get_by_role("link", name="What waits for me?", exact=False).click()
    page.get_by_role("link", name=f"Requisition {number}").click()
    return page


def reject_with_a_reason(manager: Visitor, number: str) -> None:
    page = find_waiting(manager, number)
    page.get_by_text("Reject with a reason").click()
    page.get_by_label("Reason").fill("We still have some in the trolley.")
    page.get_by_role("button", name="Reject", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rejected")
    expect(page.get_by_text("We still have some in the trolley.")).to_be_visible()


def approve_and_order(manager: Visitor, number: str) -> str:
    """The address of the order, which the supplier has."""
    page = find_waiting(manager, number)
    page.get_by_text("Why so much?").first.click()
    expect(page.get_by_text("Par level").first).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Approved")
    page.get_by_role("main").get_by_role("link", name="Order", exact=False).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("To be sent")
    page.get_by_role("button", name="I phoned them").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ordered")
    order = page.url
    page.get_by_role("link", name="Paper").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Đơn đặt hàng")
    return order


def receive_it(storeroom: Visitor, order: str) -> None:
    page = storeroom.open(order)
    page.get_by_role("link", name="Receive").click()
    all_of_it_came(page, "ORDERED")
    expect(storeroom.open(order).get_by_role("heading", level=1)).to_contain_text("Received")


def change_the_recipe(manager: Visitor) -> None:
    """What an example visit gets follows what is typed, without a tap; its guests stay ticked."""
    page = manager.open("/procedures")
    page.get_by_role("link", name="Back massage", exact=False).first.click()
    page.get_by_role("button", name="Change the recipe").click()
    amount = page.locator("[name='steps-1-lines-0-amount']")
    page.get_by_role("group", name="guest 1").get_by_role("checkbox").first.check()
    amount.fill("320")
    result = page.get_by_role("region", name="For an example visit")
    expect(result).to_contain_text("320 g")
    expect(amount).to_be_focused()
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_role("group", name="guest 1").get_by_role("checkbox").first).to_be_checked()
    expect(page.locator("[name='steps-1-lines-0-amount']")).to_have_value("320")
    page.get_by_role("button", name="Publish what is saved").click()
    expect(page.get_by_role("main")).to_contain_text("320 g per tub")


def read_in_the_other_language(manager: Visitor) -> None:
    """The language changes and the page stays."""
    page = manager.open("/stock?flagged=on")
    manager.speak("vi")
    assert page.url.endswith("/stock?flagged=on")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kho hàng")
    manager.speak("en")
    expect(page.get_by_role("heading", level=1)).to_have_text("Stock")


def test_planning_now_says_how_far_it_is(visit: Visit) -> None:
    page = visit("lan", PHONE).open("/flags")
    page.get_by_role("button", name="Plan now").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Plan now")
    expect(page.get_by_text("The plan is done")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="See what to order").click()
    expect(page.get_by_text("Last planned:")).to_be_visible()


def test_what_is_typed_before_the_script_comes_is_tried_too(visit: Visit) -> None:
    page = visit("ngoc", LAPTOP).open("/procedures")
    page.get_by_role("link", name="Back massage", exact=False).first.click()
    held: list[Route] = []
    page.route("**/trial.js*", lambda route: held.append(route))
    page.get_by_role("button", name="Change the recipe").click()
    page.locator("[name='steps-1-lines-0-amount']").fill("330")
    for _try in range(500):
        if held:
            break
        page.wait_for_timeout(10)
    held[0].continue_()
    expect(page.get_by_role("region", name="For an example visit")).to_contain_text("330 g")
