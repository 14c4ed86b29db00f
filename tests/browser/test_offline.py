"""Bad Wi-Fi: what is tapped without a connection waits on the device and is recorded once, come what may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.visits import service as visits
from supply.domain.visits.models import Completion, SkipReason, VisitStep
from tests.browser.conftest import Visit
from tests.browser.desk import at_work, doing, first_branch
from tests.browser.live import MORNING, Spa
from tests.browser.test_therapist import step
from tests.browser.visitor import TABLET, Visitor, take_time

STEPS = 6


def planned(spa: Spa, login: str, count: int, *conditions: str) -> list[UUID]:
    """So many visits of all six steps for one therapist, now, each of one guest with these conditions."""

    def work(session: Session) -> list[UUID]:
        told = {"branch_id": first_branch(session), "procedure": "back-massage", "planned_at": MORNING}
        return [
            visits.plan_visit(
                session, at_work(session, login), guests=[{"conditions": conditions}], **told
            ).visit.id
            for _number in range(count)
        ]

    return doing(spa, work)


def completions(spa: Spa, visit_ids: Sequence[UUID]) -> Counter[tuple[UUID, int]]:
    """How often each step was recorded as done, whatever came of it."""
    query = select(VisitStep.visit_id, VisitStep.position).join(
        Completion, Completion.visit_step_id == VisitStep.id
    )
    return Counter(
        tuple(row) for row in spa.look(lambda s: s.execute(query.where(VisitStep.visit_id.in_(visit_ids))))
    )


def tray(page: Page) -> Locator:
    return page.get_by_role("region", name="Kept on this device")


def tap_all(visitor: Visitor, visit_ids: Sequence[UUID], taps: int) -> list[Page]:
    """Open the visits, lose the connection, complete so many steps."""
    pages = []
    for visit_id in visit_ids:
        pages.append(visitor.context.new_page())
        pages[-1].goto(f"/visits/{visit_id}")
    visitor.context.set_offline(True)
    for number in range(taps):
        here = step(pages[number // STEPS], number % STEPS + 1)
        here.get_by_role("button", name="Done").click()
        expect(here.get_by_text("waiting to be sent")).to_be_visible()
        take_time(pages[number // STEPS])
    return pages


def lose_first_answer(route: Route) -> None:
    """The request arrives and is carried out; what the server says to it does not."""
    route.fetch()
    route.abort()


@pytest.mark.long
def test_thirty_taps_of_two_tablets_in_flight_mode_are_recorded_once(spa: Spa, visit: Visit) -> None:
    taps = 15
    whole, rest = divmod(taps, STEPS)
    tablets = []
    for login in ("hanh", "ha"):
        ids = planned(spa, login, whole + bool(rest))
        tablets.append((visit(login, TABLET), ids, []))
    for visitor, ids, pages in tablets:
        pages += tap_all(visitor, ids, taps)
        pages[-1].route("**/completion", lose_first_answer, times=1)
    assert not completions(spa, [one for _visitor, ids, _pages in tablets for one in ids])
    for visitor, ids, pages in tablets:
        visitor.context.set_offline(False)
        # A page that comes anew shows what waits a moment later, so it is the book that is asked.
        for _turn in range(150):
            if sum(completions(spa, ids).values()) >= taps:
                break
            pages[-1].wait_for_timeout(200)
        expect(tray(pages[-1])).to_be_hidden()
        done = completions(spa, ids)
        assert sum(done.values()) == len(done) == taps
        visitor.faults.clear()  # the lost requests themselves are on the console


def test_it_waits_for_its_person_and_a_conflict_is_told_in_words(spa: Spa, visit: Visit) -> None:
    (visit_id,) = planned(spa, "hanh", 1)
    tablet = visit("hanh", TABLET)
    tablet.context.route("**/2/completion", lambda route: route.abort())
    tablet.context.route("**/3/completion", lose_first_answer)
    page = tablet.open(f"/visits/{visit_id}")
    step(page, 3).get_by_role("button", name="Done").click()
    expect(step(page, 3).get_by_text("waiting to be sent")).to_be_visible()
    take_time(page)
    step(page, 2).get_by_role("button", name="Done").click()
    expect(step(page, 2).get_by_text("waiting to be sent")).to_be_visible()
    page.reload()
    expect(step(page, 2).get_by_text("waiting to be sent")).to_be_visible()
    page.request.post("/sign-out", form={"csrf_token": page.locator("[name=csrf_token]").first.input_value()})
    tablet.context.unroute_all()
    tablet.sign_in("ha").open("/")
    expect(tray(page)).to_contain_text("Waiting for Trần Minh Hạnh: 2")
    assert completions(spa, [visit_id]) == {(visit_id, 3): 1}
    doing(spa, lambda s: visits.complete_step(s, at_work(s, "ngoc"), visit_id=visit_id, position=2))
    tablet.sign_in("hanh").open("/")
    expect(tray(page)).to_contain_text("This step is already recorded as done.")
    tray(page).get_by_role("button", name="Look and decide").click()
    page.wait_for_url(f"**/visits/{visit_id}/steps/2/completion")
    expect(page.get_by_role("alert").filter(has_text="already recorded as done").first).to_be_visible()
    tablet.open(f"/visits/{visit_id}")
    tray(page).get_by_text("Discard", exact=True).click()
    tray(page).get_by_role("button", name="Yes, discard it").click()
    expect(tray(page)).to_be_hidden()
    assert completions(spa, [visit_id]) == {(visit_id, 2): 1, (visit_id, 3): 1}
    tablet.faults.clear()  # the lost requests themselves are on the console


KEPT = """async (path) => {
    const names = (await caches.keys()).filter((name) => name.endsWith("|en"));
    const copies = await Promise.all(names.map(async (name) => (await caches.open(name)).match(path)));
    return copies.some(Boolean);
}"""


def wait_until(page: Page, path: str, *, kept: bool) -> None:
    """The service worker works behind the pages."""
    for _turn in range(75):
        if page.evaluate(KEPT, path) is kept:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{path} is {'not ' if kept else ''}kept")


def test_today_opens_without_a_connection_and_is_forgotten_on_sign_out(spa: Spa, visit: Visit) -> None:
    (visit_id,) = planned(spa, "hanh", 1)
    (careful_id,) = planned(spa, "hanh", 1, "pregnancy")
    doing(spa, lambda s: visits.complete_step(s, at_work(s, "hanh"), visit_id=visit_id, position=1))
    left_out = {"visit_id": visit_id, "position": 6, "reason": SkipReason.TIME}
    doing(spa, lambda s: visits.skip_step(s, at_work(s, "hanh"), **left_out))
    tablet = visit("hanh", TABLET, service_workers="allow")
    page = tablet.open("/visits")
    adjust = f"/visits/{visit_id}/steps/2/adjust"
    wait_until(page, adjust, kept=True)
    wait_until(page, f"/visits/{careful_id}", kept=True)
    tablet.context.set_offline(True)
    page.goto(f"/visits/{visit_id}")
    expect(page.get_by_text("No connection: showing 11:1")).to_be_visible()
    step(page, 2).get_by_role("link", name="Adjust").click()
    page.get_by_role("button", name="more").first.click()
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_role("link", name="Back to where it belongs").click()
    expect(step(page, 2).get_by_text("waiting to be sent")).to_be_visible()
    # A slip that is not on its way yet is taken back; what is recorded is undone when the connection is back.
    step(page, 3).get_by_role("button", name="Done").click()
    step(page, 3).get_by_role("button", name="Take it back").click()
    expect(step(page, 3).get_by_role("button", name="Done")).to_be_visible()
    expect(tray(page).locator("[data-waiting] [data-count]")).to_have_text("1")
    step(page, 1).get_by_role("button", name="Undo").click()
    expect(step(page, 1).get_by_text("waiting to be sent")).to_be_visible()
    step(page, 6).get_by_role("button", name="Undo").click()
    expect(step(page, 6).get_by_text("waiting to be sent")).to_be_visible()
    # A guest's consent waits with its time, and what it allows can be tapped after it.
    page.goto(f"/visits/{careful_id}")
    step(page, 1).get_by_role("button", name="was advised and agrees").click()
    expect(step(page, 1).get_by_role("button", name="Done")).to_be_visible()
    take_time(page)
    step(page, 1).get_by_role("button", name="Done").click()
    expect(tray(page).locator("[data-waiting] [data-count]")).to_have_text("5")
    expect(step(page, 1).locator(".kept-mark:visible")).to_have_count(2)
    page.goto("/room")
    expect(page.get_by_role("heading", name="My room now")).to_be_visible()
    page.get_by_role("button", name="Trúc").click()
    expect(page.get_by_text("Not done: no connection")).to_be_visible()
    page.goto("/stock")
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    tablet.context.set_offline(False)
    # What was tapped last is sent last; the page that was lost comes anew meanwhile, or not yet.
    for _turn in range(150):
        if completions(spa, [careful_id]):
            break
        page.wait_for_timeout(100)
    page = tablet.context.new_page()
    page.goto("/stock")
    expect(tray(page)).to_be_hidden()
    assert completions(spa, [visit_id]) == {(visit_id, 1): 1, (visit_id, 2): 1}
    view = spa.look(lambda s: visits.get_visit(s, at_work(s, "hanh"), visit_id))
    assert [one.completion is None for one in view.steps[:3]] == [True, False, True]
    assert view.step(6).open
    careful = spa.look(lambda s: visits.get_visit(s, at_work(s, "hanh"), careful_id))
    (agreed,) = careful.records
    assert agreed.happened_at < agreed.recorded_at
    assert completions(spa, [careful_id]) == {(careful_id, 1): 1}
    page.evaluate("document.querySelector('form[data-forget]').requestSubmit()")
    page.wait_for_url("**/sign-in")
    wait_until(page, adjust, kept=False)
    tablet.faults.clear()  # the lost requests themselves are on the console
