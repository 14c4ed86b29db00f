"""The reorder policy: worked examples to the last digit, edges, and what holds whatever the numbers are."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supply.domain.purchasing.explaining import sentences
from supply.domain.purchasing.lines import Line
from supply.domain.purchasing.policy import plan, recommend

EXAMPLES = json.loads((Path(__file__).parent / "examples" / "reorder.json").read_text(encoding="utf-8"))
# The examples are written with four decimals, one level with two.
DECIMALS = {"level": 2}


def flat(numbers: dict[str, Any]) -> dict[str, Any]:
    return {
        **numbers,
        **{name: value for part in ("stock", "need", "timing") for name, value in numbers[part].items()},
    }


def rounded(name: str, value: Any) -> Any:
    return round(value, DECIMALS.get(name, 4)) if isinstance(value, float) else value


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_worked_example(example: dict[str, Any]) -> None:
    before = copy.deepcopy(example["observation"])
    lines = plan(example["observation"])
    numbers = {code: flat(line.numbers()) for code, line in lines.items()}
    assert {
        code: {name: rounded(name, numbers[code][name]) for name in expected}
        for code, expected in example["expect"].items()
    } == {
        code: {name: rounded(name, value) for name, value in expected.items()}
        for code, expected in example["expect"].items()
    }
    assert set(numbers) == set(example["expect"])
    assert recommend(example["observation"]) == {
        code: line["quantity"] for code, line in example["expect"].items() if line["quantity"]
    }
    assert example["observation"] == before


# --- edges -------------------------------------------------------------------------------------------------

BASE: dict[str, Any] = EXAMPLES[0]["observation"]
TODAY = BASE["today"]


def observed(*, supplier: dict[str, Any] | None = None, branch: Any = None, **supply: Any) -> Any:
    """The first example (2 kg a day, 6 kg here, orders on Mondays and Thursdays) with something else."""
    obs = copy.deepcopy(BASE)
    obs["suppliers"]["herb"] |= supplier or {}
    obs["supplies"]["angelica"] |= supply
    return obs | (branch or {})


def line_of(obs: Any, **how: Any) -> Line:
    return plan(obs, **how)["angelica"]


def test_without_anything_known_nothing_is_ordered() -> None:
    line = line_of(observed(history=[], prior_daily=0.0, lots=[], branch={"open_history": []}))
    assert (line.flagged, line.quantity, line.need.reorder_point) == (False, 0.0, 0.0)


def test_what_nobody_uses_takes_a_short_way_to_the_same_answer() -> None:
    unused = {"prior_daily": 0.0, "lots": [[TODAY + 5, 3.0], [TODAY + 200, 4.0]]}
    short, long = (line_of(observed(history=[used, *[0.0] * 59], **unused)) for used in (0.0, 1e-300))
    assert (short.quantity, short.flagged, short.need.last_use) == (0.0, False, None)
    assert (long.need.last_use, long.stock, long.cap) == (59, short.stock, short.cap)
    assert long.need.service == short.need.service


def test_a_booking_alone_is_a_reason() -> None:
    bookings = [0.0] * 60
    bookings[3] = 4.0
    line = line_of(observed(history=[0.0] * 60, prior_daily=0.0, lots=[], bookings=bookings))
    assert line.flagged
    # 3.6 kg are booked; half a kilogram less could be used before it spoils, and would leave a guest without.
    assert (line.cap, line.quantity) == (pytest.approx(3.6), 4.0)


def test_what_has_expired_is_not_there() -> None:
    gone = line_of(observed(lots=[[TODAY - 1, 5.0], [TODAY, 5.0], [TODAY + 9, 6.0]]))
    assert gone.stock.expiring == pytest.approx(10.0)
    assert gone.quantity == line_of(BASE).quantity


def test_an_inactive_item_is_left_out() -> None:
    assert plan(observed(active=False)) == {}


def test_what_lasts_has_no_cap_and_what_spoils_has() -> None:
    lasting = line_of(observed(shelf_life=400, shelf_life_max=400))
    fresh = line_of(observed(shelf_life=6, shelf_life_max=6))
    assert lasting.cap is None
    assert fresh.cap is not None
    assert fresh.quantity <= fresh.cap
    assert lasting.quantity > line_of(BASE).quantity > fresh.quantity


@pytest.mark.parametrize(("life", "orders"), [(20, False), (40, True)])
def test_waiting_is_worth_more_where_something_spoils_within_a_month(life: int, orders: bool) -> None:
    """At a risk of one and a half to two and a half times what waiting saves in fees."""
    asked = (
        plan(observed(lots=[[TODAY + 60, stock / 5]], shelf_life=life, shelf_life_max=life))["angelica"]
        for stock in range(40, 120)
    )
    between = [line.quantity > 0 for line in asked if 1.5 < line.risk / line.saving <= 2.5]
    assert between
    assert set(between) == {orders}


def test_a_minimum_that_would_rot_is_refused_and_said() -> None:
    line = line_of(observed(moq=200.0))
    assert (line.flagged, line.quantity, line.note) == (True, 0.0, "not worth the waste")
    assert line.spoiling > line.risk
    assert line_of(observed(moq=12.2)).quantity == 14.0


def test_closed_days_need_nothing_and_bring_nothing() -> None:
    resting = {"open_ahead": [0] * 5 + [1] * 55, "supplier_closed": [[TODAY + 1, TODAY + 5]]}
    line = line_of(observed(branch=resting))
    # Monday is a closed day: the next chance is Thursday, and what is ordered today comes after the rest.
    assert line.timing.next_chance == 7
    assert line.need.expected == pytest.approx(2.0 * (line.timing.protection - 5))


def test_an_order_that_is_late_makes_the_next_one_late() -> None:
    on_time = line_of(observed(on_order=[[TODAY - 1, TODAY + 1, 4.0]]))
    late = line_of(observed(on_order=[[TODAY - 12, TODAY - 10, 4.0]]))
    assert late.timing.lead_worst > on_time.timing.lead_worst
    assert late.need.reorder_point > on_time.need.reorder_point
    assert late.timing.oldest_open == 12


@pytest.mark.parametrize("days", [58, 59, 60])
def test_what_comes_on_the_day_it_was_ordered_waits_for_none(days: int) -> None:
    """However long the past is: errors are measured every third day of it."""
    past = {"history": [2.0] * days, "branch": {"open_history": [1] * days}}
    ordered = range(TODAY - 50, TODAY - 10, 5)
    same, before = ({"lead_history": [[day, day - early] for day in ordered]} for early in (0, 3))
    line = line_of(observed(supplier=same, lots=[], **past))
    assert (line.timing.lead_usual, line.flagged, line.quantity > 0) == (0, True, True)
    # Nor does what had come before somebody noted that it was ordered.
    assert line_of(observed(supplier=before, lots=[], **past)) == line


def test_what_lasts_is_not_left_to_an_order_that_is_far_too_late() -> None:
    known = {"lead_history": [[day, day + 2] for day in range(TODAY - 50, TODAY - 10, 5)]}
    lasting = {"shelf_life": 300, "shelf_life_max": 300, "lots": [[TODAY + 300, 6.0]]}
    late = {"on_order": [[TODAY - 12, TODAY - 10, 40.0]]}
    line = line_of(observed(supplier=known, **lasting, **late))
    assert (line.stock.overdue, line.stock.on_order, line.stock.position) == (40.0, 40.0, 6.0)
    assert line.quantity > 0
    assert "40 kg on order is so late that it is not counted" in told(line)
    # What spoils is not ordered twice, and of a supplier that is hardly known nobody can tell what is late.
    assert line_of(observed(supplier=known, **late)).stock.overdue == 0
    assert line_of(observed(**lasting, **late)).stock.overdue == 0
    # A day before, the order still counts.
    due = {"on_order": [[TODAY - 3, TODAY - 1, 40.0]]}
    assert line_of(observed(supplier=known, **lasting, **due)).quantity == 0


@pytest.mark.parametrize(
    ("lately", "own", "believed"),
    [(3, 1, True), (2, 1, False), (3, 3, False)],
    ids=["slow", "as usual", "it shows itself"],
)
def test_a_supplier_that_delivers_rarely_is_slow_when_the_others_are(
    lately: int, own: int, believed: bool
) -> None:
    before = [[TODAY - back - 2, TODAY - back] for back in range(50, 20, -5)]
    noted_late = [[TODAY - 25, TODAY - 55]]  # took no day, rather than thirty less than none
    others = noted_late + before + [[TODAY - back - lately, TODAY - back] for back in (9, 6, 3)]
    mine = before + [[TODAY - back - 2, TODAY - back] for back in (12, 8, 4)[:own]]
    alone = observed(supplier={"lead_history": mine})
    among = alone | {"deliveries": {"herb": mine, "wood": others}}
    usual, slow = line_of(alone), line_of(among)
    assert usual.timing.lead_worst == 4
    assert slow.timing.lead_worst == (5 if believed else 4)
    assert (slow.need.reorder_point > usual.need.reorder_point) is believed
    # Without that field they are told by the suppliers that are asked about.
    wood = alone["suppliers"]["herb"] | {"lead_history": others}
    both = alone | {"suppliers": alone["suppliers"] | {"wood": wood}}
    assert line_of(both) == slow


def test_an_event_ahead_raises_the_need_and_one_behind_does_not() -> None:
    ahead = {"events": [{"start": TODAY + 1, "end": TODAY + 30, "factor": 1.5}]}
    assert line_of(observed(branch=ahead)).need.expected == pytest.approx(18.0)
    behind = {"events": [{"start": TODAY - 9, "end": TODAY, "factor": 2.0}]}
    busy = [2.0] * 50 + [4.0] * 10
    line = line_of(observed(history=busy, branch=behind))
    assert line.need.expected == pytest.approx(12.0, rel=0.01)


def test_days_that_nobody_logged_are_not_days_without_use() -> None:
    silent = [2.0] * 57 + [0.0] * 3
    assert line_of(observed(history=silent)).need.level == pytest.approx(2.0)
    known = observed(history=silent, branch={"unlogged_history": [0] * 60})
    assert line_of(known).need.level < 2.0


def test_a_supplier_that_takes_no_orders_today_is_planned_for_its_next_chance() -> None:
    obs = observed(supplier={"can_order": False})
    assert recommend(obs) == {}
    line = line_of(obs, all_suppliers=True)
    assert (line.timing.chance, line.timing.next_chance) == (4, 7)
    assert line.quantity > 0


# --- whatever the numbers are ------------------------------------------------------------------------------

# To the base unit, as books tell them.
amounts = st.floats(0, 40).map(lambda amount: round(amount, 6))


@st.composite
def evenings(draw: st.DrawFn) -> Any:
    return observed(
        history=draw(st.lists(amounts, min_size=60, max_size=60)),
        lots=[[TODAY + draw(st.integers(-1, 20)), draw(amounts)] for _ in range(draw(st.integers(0, 3)))],
        on_order=[[TODAY - draw(st.integers(0, 20)), TODAY, draw(amounts)]],
        bookings=draw(st.lists(amounts, min_size=60, max_size=60)),
        pack=draw(st.sampled_from([0.1, 0.25, 3.0])),
        moq=draw(st.sampled_from([0.1, 1.0, 7.0])),
        shelf_life=draw(st.integers(1, 200)),
        shelf_life_max=250,
        pending_usage=draw(amounts),
    )


@settings(max_examples=40, deadline=None)
@given(evenings())
def test_orders_are_whole_packs_of_at_least_the_minimum(obs: Any) -> None:
    line = line_of(obs)
    assert line.quantity >= 0
    assert line.quantity == pytest.approx(line.packs * line.pack)
    assert line.quantity == 0 or line.quantity >= obs["supplies"]["angelica"]["moq"] - 1e-9
    assert line == line_of(json.loads(json.dumps(obs)))
    assert Line.of(json.loads(json.dumps(line.numbers()))) == line


@settings(max_examples=25, deadline=None)
@given(evenings(), st.floats(0.5, 20))
def test_more_on_the_shelf_never_asks_for_more(obs: Any, more: float) -> None:
    richer = copy.deepcopy(obs)
    richer["supplies"]["angelica"]["lots"].append([TODAY + 400, more])
    before, after = line_of(obs), line_of(richer)
    assert after.need.reorder_point == pytest.approx(before.need.reorder_point)
    assert after.risk <= before.risk + 1e-6
    assert after.flagged <= before.flagged


# --- in words ----------------------------------------------------------------------------------------------


def told(line: Line) -> str:
    return " ".join(str(text) for text in sentences(line, lambda amount: f"{amount:.4g} kg"))


def test_a_line_says_why() -> None:
    late = observed(lots=[[TODAY + 2, 8.0], [TODAY + 9, 4.0]], pending_usage=1.0)
    assert told(line_of(late)) == (
        "Flagged: 12 kg on hand and 0 kg on order cover about 3 days. "
        "1 kg of finished visits not yet logged is already taken off. "
        "5 kg will expire before it can be used and is not counted. "
        "The next order after this one would be here in 6 days (usually 2 days after ordering); "
        "until then visits need 12 kg (0 kg booked), and up to 16.23 kg in 91 of 100 cases. "
        "Order 14 kg (packs of 0.5 kg: 28): enough for about 10 days."
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"moq": 200.0}, "Not worth the waste"),
        (
            {"on_order": [[TODAY - 11, TODAY - 9, 12.0]]},
            "Chase the supplier: its oldest order is 11 days old",
        ),
        ({"history": [0.0] * 60, "prior_daily": 0.0}, "Enter an estimate if it will be used."),
        ({"history": [2.0] * 46 + [4.0] * 14}, "Use has moved from 2.786 kg to 3.998 kg a day"),
        ({"lots": [[TODAY + 300, 60.0]], "shelf_life": 300, "shelf_life_max": 300}, "Order in "),
    ],
)
def test_a_line_says_what_else_matters(changed: dict[str, Any], said: str) -> None:
    assert said in told(line_of(observed(**changed)))
