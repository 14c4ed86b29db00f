"""A pregnant client's visit: planned, warned, substituted, consented, completed, and audited."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.visitor import TABLET, take_time

WET = 64
DONE = re.compile("^Done")


def step(page: Page, number: int):  # type: ignore[no-untyped-def]
    return page.locator(f"#step-{number}")


def test_a_pregnant_client_is_looked_after(visit: Visit) -> None:
    therapist = visit("hanh", TABLET)
    page = therapist.open("/visits/new")
    page.locator("[name=package]").select_option("herbal-baths")
    page.get_by_label("Pregnancy").check()
    page.get_by_role("button", name="Plan the visit").click()
    warned = page.get_by_role("main")
    expect(warned.get_by_text("Consult first", exact=False)).to_be_visible()
    expect(warned.get_by_text("instead of Wormwood", exact=False)).to_be_visible()
    page.get_by_label("I have read these warnings").check()
    take_time(page)
    page.get_by_role("button", name="Plan the visit").click()
    # The step that comes first is blocked until somebody qualified answers; nothing there completes it.
    expect(step(page, 1)).to_contain_text("blocked")
    address = page.url
    expect(step(page, 1)).to_contain_text("not medical advice")
    expect(step(page, 1).get_by_role("button", name=DONE)).to_have_count(0)
    expect(step(page, 3)).to_contain_text("instead of Wormwood")
    agrees = step(page, 1).get_by_role("button", name="was advised and agrees")
    assert agrees.bounding_box()["height"] >= WET  # type: ignore[index]
    agrees.click()
    expect(page.get_by_text("The consent of guest 1 is recorded.")).to_be_visible()
    for number in (1, 2, 3, 5):
        step(page, number).get_by_role("button", name=DONE).click()
        expect(step(page, number)).to_contain_text("done")
        take_time(page)
    expect(page.get_by_role("region", name="On record")).to_contain_text("Guest 1 agreed")
    assert therapist.faults == []
    manager = visit("ngoc")
    page = manager.open(
        f"/audit?entity=visit&entity_id={address.rstrip('/').rpartition('/')[2].partition('#')[0]}"
    )
    expect(page.get_by_role("row").get_by_text("consent recorded").first).to_be_visible()
