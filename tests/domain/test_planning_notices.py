"""What the plan says beside its flags, from the policy's worked examples: when, and in which words."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from supply.domain.branches.models import Branch
from supply.domain.planning.advising import notice_sentence
from supply.domain.planning.inputs import Seen
from supply.domain.planning.models import NoticeKind, PlanNotice
from supply.domain.planning.offers import Sold
from supply.domain.planning.surveying import look_through
from supply.domain.suppliers.models import Supplier

EXAMPLES = {
    example["name"]: example["observation"]
    for example in json.loads((Path(__file__).parent / "examples" / "reorder.json").read_text("utf-8"))
}


def notices(observation: dict[str, Any], *, fixed: bool = False) -> dict[NoticeKind, str]:
    """What is said of angelica, bought of one supplier, in English."""
    sold = Sold(UUID(int=1), "kg", 10, 500_000, 6, 2, None, fixed, Supplier(id=UUID(int=2)))
    seen = Seen(Branch(), None, date(2026, 11, 26), {"angelica": sold}, observation)  # type: ignore[arg-type]
    return {
        found.kind: notice_sentence(PlanNotice(kind=found.kind, numbers=found.numbers)).replace("\u00a0", " ")
        for found in look_through(seen).notices
    }


@pytest.mark.parametrize(
    ("example", "kind", "words"),
    [
        (
            "order 9 days overdue",
            NoticeKind.LATE_SUPPLIER,
            "8 days late: it is 11 days old, usually it takes 3.",
        ),
        (
            "lot expires in 2 days",
            NoticeKind.WILL_EXPIRE,
            "6 kg will expire before it is used, the first of it in 1 day.",
        ),
        ("MOQ of 50 kg for 10 days of life", NoticeKind.MINIMUM_ROTS, "Of the smallest order, 50 kg,"),
        (
            "use doubled two weeks ago",
            NoticeKind.CHANGED_USE,
            "Use has moved from 2.786 kg to 3.998 kg a day.",
        ),
        ("no history, no estimate, no bookings", NoticeKind.NO_ESTIMATE, "No use of it is known"),
    ],
)
def test_each_is_found_and_said(example: str, kind: NoticeKind, words: str) -> None:
    assert words in notices(EXAMPLES[example]).get(kind, "")
    assert kind not in notices(EXAMPLES["the same herb dried (life 360 d), 20 kg"])


def test_what_nobody_used_for_sixty_days_is_dead() -> None:
    observation = copy.deepcopy(EXAMPLES["dead stock"])
    herb = observation["supplies"]["angelica"]
    for days, said in ((59, False), (60, True)):
        herb["history"], observation["open_history"] = [1.0, *[0.0] * days], [1] * (days + 1)
        told = notices(observation)
        assert (NoticeKind.DEAD_STOCK in told) is said
    assert told[NoticeKind.DEAD_STOCK].startswith("5 kg stand there and none was used for 60 days.")
    # Its lot's end is told with it, not as a loss of its own.
    assert NoticeKind.WILL_EXPIRE not in told


def test_levels_set_by_hand_ask_for_no_estimate() -> None:
    assert NoticeKind.NO_ESTIMATE not in notices(EXAMPLES["no history, no estimate, no bookings"], fixed=True)
