"""The admin: somebody joins and signs in, a program gets a token that is shown once, stock stays as it is."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.visitor import LAPTOP, PHONE


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_somebody_joins_and_signs_in(visit: Visit, scripts: bool) -> None:
    login = f"moi.{'co' if scripts else 'khong'}"
    page = visit("admin", LAPTOP, java_script_enabled=scripts).open("/people/new")
    page.get_by_label("Name", exact=True).fill("Người Mới")
    page.get_by_label("Sign-in name").fill(login)
    page.get_by_label("English").check()
    page.get_by_label("Storeroom").first.check()
    page.get_by_role("button", name="Add and show the first password").click()
    password = page.locator("dt", has_text="First password").locator("+ dd").inner_text()

    newcomer = visit(size=PHONE, java_script_enabled=scripts)
    page = newcomer.open("/sign-in")
    page.locator("[name=login]").fill(login)
    page.locator("[name=password]").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Người Mới")


def test_a_token_is_shown_once_and_works(visit: Visit) -> None:
    visitor = visit("ngoc", LAPTOP)
    page = visitor.open("/tokens/new")
    page.get_by_label("Name", exact=True).fill("Booking system")
    page.get_by_label("See stock, lots, visits and flags").check()
    page.get_by_role("button", name="Make the token").click()
    secret = page.get_by_label("Token", exact=True).input_value()
    headers = {"Authorization": f"Bearer {secret}"}
    assert visitor.context.request.get("/api/v1/items", headers=headers).status == 200
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_role("button", name="Revoke Booking system")).to_be_visible()
    assert secret not in page.content()


def test_an_admin_is_offered_no_stock_work(visit: Visit) -> None:
    page = visit("admin", LAPTOP).open("/stock")
    expect(page.get_by_role("link", name="Opening stock")).to_have_count(0)
    expect(page.get_by_role("navigation").first.get_by_role("link", name="Waste")).to_have_count(0)
