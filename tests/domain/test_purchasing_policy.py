"""The reorder policy: worked examples to the last digit, edges, and what holds whatever the numbers are."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

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
    told = {code: flat(line.numbers()) for code, line in lines.items()}
    assert {
        code: {name: rounded(name, told[code][name]) for name in expected}
        for code, expected in example["expect"].items()
    } == {
        code: {name: rounded(name, value) for name, value in expected.items()}
        for code, expected in example["expect"].items()
    }
    assert set(told) == set(example["expect"])
    assert recommend(example["observation"]) == {
        code: line["quantity"] for code, line in example["expect"].items() if line["quantity"]
    }
    assert example["observation"] == before
