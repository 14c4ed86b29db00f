"""A therapist at the shared tablet, with wet hands: one tap completes, two adjust, Undo stays on the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.visitor import TABLET, Visitor, take_time

WET = 64


def plan(visitor: Visitor, condition: str = "") -> Page:
    """Plan a visit of all six steps as the form offers it, and stand on its page."""
    page = visitor.open("/visits/new")
    if condition:
        page.get_by_label(condition).check()
    page.get_by_role("button", name="Plan the visit").click()
    if condition:
        expect(page.get_by_text("Read this before you begin")).to_be_visible()
        page.get_by_label("I have read these warnings").check()
        take_time(page)
        page.get_by_role("button", name="Plan the visit").click()
    expect(page.get_by_text("Planned for one guest.")).to_be_visible()
    return page


def step(page: Page, number: int):  # type: ignore[no-untyped-def]
    return page.locator(f"#step-{number}")


@pytest.fixture(params=[True, False], ids=["with scripts", "without"])
def therapist(visit: Visit, request: pytest.FixtureRequest) -> Visitor:
    return visit("hanh", TABLET, java_script_enabled=request.param)


def test_one_tap_completes_and_undo_takes_it_back(therapist: Visitor) -> None:
    page = plan(therapist)
    step(page, 1).get_by_role("button", name="Done").click()
    expect(step(page, 1)).to_contain_text("done")
    expect(step(page, 2)).to_contain_text("now")
    last = page.get_by_role("region", name="Last actions")
    expect(last).to_contain_text("Trần Minh Hạnh")
    last.get_by_role("button", name="Undo").first.click()
    expect(step(page, 1)).to_contain_text("now")
    expect(page.get_by_role("region", name="Last actions")).to_contain_text("undone")
    step(page, 1).get_by_role("button", name="Done").click()
    expect(step(page, 1)).to_contain_text("done")


def test_adjusting_takes_two_taps_and_no_typing(visit: Visit) -> None:
    page = plan(visit("hanh", TABLET))
    step(page, 2).get_by_role("link", name="Adjust").click()
    amount = page.locator("[name=lines-0-amount]")
    before = float(amount.input_value())
    page.get_by_role("button", name="more").first.click()
    assert float(amount.input_value()) > before
    page.get_by_role("button", name="Record", exact=True).click()
    expect(step(page, 2)).to_contain_text("against the recipe")
    expect(page.get_by_role("table", name="Used against the recipe")).to_contain_text("Red Dao bath wood")


def test_adjusting_without_scripts(visit: Visit) -> None:
    page = plan(visit("hanh", TABLET, java_script_enabled=False))
    step(page, 2).get_by_role("link", name="Adjust").click()
    page.locator("[name=lines-0-amount]").fill("0,35")
    page.locator("[name=lines-0-unit]").select_option("kg")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(step(page, 2)).to_contain_text("350")


def test_what_is_short_is_named_and_recorded_with_consent(therapist: Visitor) -> None:
    page = plan(therapist)
    step(page, 3).get_by_role("link", name="Adjust").click()
    page.locator("[name=lines-0-amount]").fill("90000")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("Not enough in stock")).to_be_visible()
    expect(page.get_by_text("missing", exact=False).first).to_be_visible()
    assert page.locator("[name=lines-0-amount]").input_value() == "90000"
    page.get_by_role("button", name="Record it anyway").click()
    expect(page.get_by_text("a count task is open", exact=False)).to_be_visible()
    expect(step(page, 3)).to_contain_text("missing")


def test_the_warning_stands_before_the_step(therapist: Visitor) -> None:
    page = plan(therapist, "Pregnancy")
    banner = page.locator(".step-blocked .notice-loud, main > .notice-loud").first
    expect(banner).to_be_visible()
    first = page.locator(".step-actions").first
    assert banner.bounding_box()["y"] < first.bounding_box()["y"]  # type: ignore[index]
    # Why, and what to do, is so short that all the steps are seen with it.
    assert all_seen(page)


def test_a_step_is_skipped_with_a_reason_code(therapist: Visitor) -> None:
    page = plan(therapist)
    step(page, 1).get_by_role("link", name="Skip").click()
    page.get_by_role("button", name="No time").click()
    expect(step(page, 1)).to_contain_text("skipped")


def test_targets_are_large_and_apart(visit: Visit) -> None:
    """64 px on everything that is tapped while treating, with room between."""
    visitor = visit("hanh", TABLET)
    page = plan(visitor)
    step(page, 1).get_by_role("button", name="Done").click()
    expect(page.locator(".trail li")).to_have_count(1)
    page.wait_for_load_state()
    small = _too_small(page, ".step-actions .btn, .trail .btn")
    step(page, 2).get_by_role("link", name="Adjust").click()
    small += _too_small(page, ".amount .btn, .amount input, .amount select, .form-foot .btn")
    page.go_back()
    step(page, 2).get_by_role("link", name="Skip").click()
    small += _too_small(page, "main .btn")
    assert small == []


def all_seen(page: Page) -> bool:
    """Whether all six steps stand between the bar and what keeps to the foot of the screen."""
    steps = page.locator(".steps > .step")
    expect(steps).to_have_count(6)
    ends = steps.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().bottom)")
    foot = page.locator(".keeps").bounding_box()
    assert foot
    return page.evaluate("scrollY") == 0 and max(ends) <= foot["y"]


def _too_small(page: Page, selector: str) -> list[str]:
    small = []
    for button in page.locator(selector).all():
        box = button.bounding_box()
        if button.is_visible() and box and min(box["width"], box["height"]) < WET:
            words = button.inner_text().strip() or button.get_attribute("name")
            small.append(f"{words}: {box['width']:.0f} × {box['height']:.0f}")
    return small


def test_a_double_tap_counts_once(visit: Visit) -> None:
    page = plan(visit("hanh", TABLET))
    step(page, 1).get_by_role("button", name="Done").dblclick()
    expect(step(page, 1)).to_contain_text("done")
    expect(step(page, 2)).to_contain_text("now")
    assert page.locator(".trail li").count() == 1
