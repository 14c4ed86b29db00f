"""What a form's price means in each currency."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from marshmallow import Schema, ValidationError, fields, validate

from supply.domain.stocktake.schemas import LogOpeningStock
from supply.fields import BaseSchema, Money, Several, reading_form
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


def schemas_below(kind: type[Schema]) -> Iterator[type[Schema]]:
    for below in kind.__subclasses__():
        yield below
        yield from schemas_below(below)


def test_whoever_sends_too_few_or_too_many_reads_what_to_do(app: Flask) -> None:
    """Of every list that comes in: "the length must be" says nothing about steps and guests."""
    branch = {"branch_id": "01a220a5-c921-71a1-9ad5-db40939430c8"}
    line = {"item_id": branch["branch_id"], "amount": "1", "unit": "kg"}
    empty, full = (LogOpeningStock().validate(branch | {"lines": [line] * count}) for count in (0, 201))
    assert empty["lines"] == ["Add at least one line of what stands there."]
    assert full["lines"] == ["This is too many: at most 200 at a time."]
    lists = {
        f"{schema.__name__}.{name}": part
        for schema in schemas_below(BaseSchema)
        if schema.__module__.startswith("supply.")
        for name, part in schema._declared_fields.items()
        if isinstance(part, fields.List)
    }
    assert len(lists) > 30
    for name, part in lists.items():
        for check in part.validators:
            assert isinstance(check, Several) or not isinstance(check, validate.Length), name
