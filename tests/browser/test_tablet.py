"""A working day at the shared tablet: no keyboard from the name to the last step, nobody left signed in."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_axe import faults_here
from tests.browser.test_therapist import _too_small, all_seen, step
from tests.browser.visitor import TABLET, Visitor, take_time

PIN = "4826"
UPRIGHT, LYING = ({"width": width, "height": height} for width, height in (TABLET, TABLET[::-1]))


def enrol(visit: Visit) -> Visitor:
    """The manager makes the device a tablet, by password, and is signed out there."""
    visitor = visit("ngoc", TABLET)
    page = visitor.open("/tablets")
    page.get_by_label("Name of the tablet").fill("Second floor")
    page.get_by_role("button", name="Enrol this device").click()
    expect(page.get_by_role("heading", name="Who is there?")).to_be_visible()
    return visitor


def tap(page: Page, name: str, pin: str = PIN) -> None:
    page.get_by_role("link", name=name).click()
    type_pin(page, pin)


def type_pin(page: Page, pin: str = PIN) -> None:
    expect(page.locator(".pin-pad")).to_be_visible()
    for digit in pin:
        page.locator(f"[data-digit='{digit}']").click()
    take_time(page)
    page.locator(".pin-pad [type=submit]").click()


def test_a_day_at_the_tablet_without_a_keyboard(visit: Visit) -> None:
    visitor = enrol(visit)
    page = visitor.page
    faults = faults_here(visitor, "names")
    small = _too_small(page, "main .tile")
    tap(page, "Trần Minh Hạnh", "9999")
    expect(page.get_by_text("Tries left: 4.")).to_be_visible()
    faults += faults_here(visitor, "PIN")
    small += _too_small(page, ".pin-pad .btn")
    type_pin(page)
    page.wait_for_url("**/room")
    visitor.speak("en")
    faults += faults_here(visitor, "room")
    take_time(page)
    page.get_by_role("button", name="Hội An").click()
    last = page.get_by_role("region", name="Last actions")
    expect(page.locator(".step-actions .btn-primary")).to_have_count(6)
    step(page, 1).get_by_role("button", name="Done").click()
    expect(step(page, 1)).to_contain_text("done")
    # All six steps are seen at once, with what came of the tap and its Undo, however the tablet lies.
    expect(last.get_by_role("status")).to_have_text("Step 1 is recorded.")
    assert all_seen(page)
    page.set_viewport_size(LYING)
    assert all_seen(page)
    page.set_viewport_size(UPRIGHT)
    take_time(page)
    step(page, 4).get_by_role("button", name="Done").click()
    expect(step(page, 4)).to_contain_text("done")
    expect(last.get_by_role("button", name="Undo").first).to_be_in_viewport()
    step(page, 4).get_by_role("link", name="Adjust").click()
    page.get_by_role("button", name="less").nth(1).click()
    take_time(page)
    page.get_by_role("button", name="Record anew").click()
    expect(step(page, 4)).to_contain_text("against the recipe")
    # What must be read before a step leaves all six in sight.
    page.get_by_role("link", name="A guest tells of a condition").click()
    page.get_by_role("button", name="Pregnancy").click()
    expect(page.locator(".step-blocked .notice-loud")).to_be_visible()
    page.goto(page.url.split("#")[0])
    assert all_seen(page)
    page.set_viewport_size(LYING)
    assert all_seen(page)
    page.set_viewport_size(UPRIGHT)
    small += _too_small(page, ".bar :is(a, button, summary), main :is(a, .btn, summary)")
    # Locked without a connection it is covered, and stays so until the server knows.
    visitor.context.set_offline(True)
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_text("Locked. The names are back with the connection.")).to_be_visible()
    visitor.context.set_offline(False)
    visitor.faults.clear()  # the lost request itself is on the console
    page.reload()
    tap(page, "Phạm Thu Hà")
    expect(page.locator("[data-lock-after]")).to_be_visible()
    # Nobody touches it for five minutes: it locks itself.
    page.clock.install()
    page.reload(wait_until="networkidle")
    page.clock.fast_forward(301_000)
    expect(page.locator("main .tile-person")).to_have_count(5)
    assert (faults, small) == ([], [])
