"""What a form's price means in each currency."""

from __future__ import annotations

import pytest
from marshmallow import ValidationError, fields

from supply.domain.stocktake.schemas import LogOpeningStock
from supply.fields import BaseSchema, Money, reading_form
from supply.presenting import typed_money


class Priced(BaseSchema):
    price = Money()
    currency = fields.String()


@pytest.mark.parametrize(
    ("currency", "typed", "minor"),
    [("VND", "125.000", 125_000), ("VND", "125 000", 125_000), ("USD", "12,5", 1_250), ("USD", "12", 1_200)],
)
def test_a_typed_price_is_read_in_the_currency_of_the_branch(currency: str, typed: str, minor: int) -> None:
    with reading_form(currency):
        assert Priced().load({"price": typed})["price"] == minor


def test_a_currency_beside_the_price_wins() -> None:
    with reading_form("VND"):
        assert Priced().load({"price": "12.50", "currency": "USD"})["price"] == 1_250


@pytest.mark.parametrize("typed", ["12.345", "1,250.00", "abc", "-5"])
def test_a_price_that_cannot_be_meant_is_refused(typed: str) -> None:
    with reading_form("USD"), pytest.raises(ValidationError, match=r"12\.50"):
        Priced().load({"price": typed})


def test_an_api_writes_minor_units() -> None:
    assert Priced().load({"price": 1_250})["price"] == 1_250
    with pytest.raises(ValidationError):
        Priced().load({"price": "12.50"})


def test_a_price_field_shows_what_would_be_typed() -> None:
    assert typed_money(125_000, "VND") == "125000"
    assert typed_money(1_250, "USD") == "12.50"
    assert typed_money(None, "USD") == ""


def test_an_empty_list_is_told_what_is_missing() -> None:
    empty = {"branch_id": "01a220a5-c921-71a1-9ad5-db40939430c8", "lines": []}
    assert LogOpeningStock().validate(empty)["lines"] == ["Give at least one, and at most 200."]
