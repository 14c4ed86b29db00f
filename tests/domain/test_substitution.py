"""Substitutes: what the shelf and the guest allow, in order of preference, exact or not offered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from supply.database import new_id, read_snapshot, write_transaction
from supply.domain.audit.models import AuditEntry
from supply.domain.catalog import service as catalog
from supply.domain.ledger.shelf import quarantine_lot
from supply.domain.treatments import substitutes
from supply.domain.treatments.substitutes import Wish
from supply.domain.treatments.substitution import (
    Refusal,
    Shelf,
    substitute_quantity,
    weigh_substitutes,
)
from supply.errors import Forbidden, Invalid, Stale
from supply.permissions import Actor
from tests.cast import Cast
from tests.shelves import add_item, stock
from tests.treatments import noon, open_spa, plan
from tests.web.browsing import statements


@dataclass(frozen=True)
class Row:
    substitute_id: UUID
    position: int
    numerator: int
    denominator: int


@pytest.mark.parametrize(
    ("quantity", "numerator", "denominator", "expected"),
    [
        (1_000, 1_000, 1_000, 1_000),
        (2_000, 1_000, 2_000, 1_000),
        (3_000, 1_000, 2_000, 1_500),
        (1, 1, 2, None),
        (1_000, 1, 3_000, None),
        (3_000, 1, 3_000, 1),
        (10, 7, 10, 7),
        (11, 7, 10, None),
        (10**12, 10**3, 1, 10**15),
    ],
)
def test_an_amount_is_exact_or_not_offered(
    quantity: int, numerator: int, denominator: int, expected: int | None
) -> None:
    assert substitute_quantity(quantity, numerator, denominator) == expected


@pytest.mark.parametrize(
    ("shelf", "forbidden", "refusal"),
    [
        (Shelf(10), False, None),
        (Shelf(9), False, Refusal.SHORT),
        (Shelf(), False, Refusal.SHORT),
        (Shelf(20, expired=10), False, None),
        (Shelf(20, expired=11), False, Refusal.EXPIRED),
        (Shelf(20, quarantined=11), False, Refusal.QUARANTINED),
        (Shelf(20, reserved=11), False, Refusal.RESERVED),
        (Shelf(20, expired=4, quarantined=4, reserved=2), False, None),
        (Shelf(20, expired=4, quarantined=4, reserved=3), False, Refusal.RESERVED),
        (Shelf(5, reserved=20), False, Refusal.SHORT),
        (Shelf(100), True, Refusal.FORBIDDEN),
        (Shelf(), True, Refusal.FORBIDDEN),
    ],
)
def test_a_refusal_says_what_is_in_the_way(shelf: Shelf, forbidden: bool, refusal: Refusal | None) -> None:
    other = new_id()
    offers = weigh_substitutes(20, [Row(other, 1, 1, 2)], {other: shelf}, {other} if forbidden else ())
    assert [(offer.quantity, offer.refusal) for offer in offers] == [(10, refusal)]
    assert offers[0].available == max(0, shelf.standing - shelf.expired - shelf.quarantined - shelf.reserved)


def test_offers_stand_in_order_of_preference() -> None:
    first, second, third = new_id(), new_id(), new_id()
    rows = [Row(third, 3, 1, 3), Row(first, 1, 1, 1), Row(second, 2, 2, 1)]
    offers = weigh_substitutes(10, rows, {first: Shelf(9), second: Shelf(20), third: Shelf(99)})
    assert [(offer.item_id, offer.quantity, offer.refusal) for offer in offers] == [
        (first, 10, Refusal.SHORT),
        (second, 20, None),
        (third, None, Refusal.INEXACT),
    ]


def told(item_id: UUID, amount: str = "1", unit: str = "g", for_amount: str = "2") -> dict[str, Any]:
    return {
        "substitute_id": item_id,
        "amount": Decimal(amount),
        "unit": unit,
        "for_amount": Decimal(for_amount),
        "for_unit": "g",
    }


def save(actor: Actor, item_id: UUID, rows: list[dict[str, Any]], version: int | None = None) -> Any:
    def work(session: Session) -> Any:
        seen = version or catalog.get_item(session, item_id).version
        return substitutes.save_substitutes(session, actor, item_id, version=seen, substitutes=rows)

    return write_transaction(work)


def offers(*wishes: Wish) -> list[list[tuple[UUID, int | None, Refusal | None]]]:
    found = read_snapshot(lambda session: substitutes.offers_for(session, wishes))
    return [[(offer.item_id, offer.quantity, offer.refusal) for offer in one] for one in found]


@pytest.fixture
def herbs(session: Session, cast: Cast) -> list[UUID]:
    found = [add_item(session, code) for code in ("wormwood", "perilla", "mint", "balm")]
    session.commit()
    return found


def test_a_list_of_substitutes_is_replaced_whole_versioned_and_audited(
    session: Session, cast: Cast, herbs: list[UUID]
) -> None:
    wormwood, perilla, mint, _balm = herbs
    saved = save(cast.manager, wormwood, [told(perilla), told(mint, "3")])
    assert saved.version == 2
    assert [(row.substitute.code, row.numerator, row.denominator) for row in saved.substitutes] == [
        ("perilla", 1_000, 2_000),
        ("mint", 3_000, 2_000),
    ]
    save(cast.manager, wormwood, [told(mint)])
    entry = session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
    assert entry is not None
    assert (entry.action, entry.entity_id) == ("item.substitutes", wormwood)
    assert entry.changes == {
        "substitutes": [["perilla 1 g : 2 g", "mint 3 g : 2 g"], ["mint 1 g : 2 g"]],
    }
    with pytest.raises(Stale):
        save(cast.manager, wormwood, [], version=2)
    with pytest.raises(Forbidden):
        save(cast.therapist, wormwood, [])
    for rows, field in (
        ([told(wormwood)], "substitutes.0.substitute_id"),
        ([told(perilla), told(perilla)], "substitutes.1.substitute_id"),
        ([told(new_id())], "substitutes.0.substitute_id"),
        ([told(perilla, unit="ml")], "substitutes.0.unit"),
        ([{**told(perilla), "for_unit": "ml"}], "substitutes.0.for_unit"),
        ([told(perilla, "0.0001")], "substitutes.0.amount"),
    ):
        with pytest.raises(Invalid) as refusal:
            save(cast.manager, wormwood, rows)
        assert list(refusal.value.errors) == [field]
    kept = read_snapshot(lambda store: substitutes.list_substitutes(store, wormwood))
    assert [row.substitute.code for row in kept.substitutes] == ["mint"]


def test_only_what_is_on_the_shelf_at_that_time_is_offered(
    session: Session, cast: Cast, herbs: list[UUID]
) -> None:
    wormwood, perilla, mint, balm = herbs
    save(cast.manager, wormwood, [told(perilla), told(mint), told(balm)])
    stock(cast, perilla, 50_000, expires_on=noon().date())
    _source, bad = stock(cast, mint, 50_000)
    stock(cast, balm, 49_999)

    def quarantine(store: Session) -> None:
        quarantine_lot(store, cast.manager, branch_id=cast.branch_id, lot_id=bad, reason="recall")

    write_transaction(quarantine)
    wish = Wish(cast.branch_id, noon(), wormwood, 100_000)
    later = Wish(cast.branch_id, noon() + timedelta(days=1), wormwood, 100_000)
    careful = Wish(cast.branch_id, noon(), wormwood, 99_998, frozenset({perilla}))
    elsewhere = Wish(cast.other_branch_id, noon(), wormwood, 100_000)
    assert offers(wish, later, careful, elsewhere, Wish(cast.branch_id, noon(), balm, 1)) == [
        [(perilla, 50_000, None), (mint, 50_000, Refusal.QUARANTINED), (balm, 50_000, Refusal.SHORT)],
        [
            (perilla, 50_000, Refusal.EXPIRED),
            (mint, 50_000, Refusal.QUARANTINED),
            (balm, 50_000, Refusal.SHORT),
        ],
        [(perilla, 49_999, Refusal.FORBIDDEN), (mint, 49_999, Refusal.QUARANTINED), (balm, 49_999, None)],
        [(herb, 50_000, Refusal.SHORT) for herb in (perilla, mint, balm)],
        [],
    ]


def test_what_planned_visits_need_is_not_offered_and_many_cost_no_more(session: Session, cast: Cast) -> None:
    items = open_spa(cast, quantity=0)
    lavender, lemongrass = items["oil-lavender"], items["oil-lemongrass"]
    stock(cast, lavender, 10_000)
    wish = Wish(cast.branch_id, noon(), lemongrass, 9_000)
    assert offers(wish)[0][1] == (lavender, 9_000, None)
    plan(cast)
    with statements() as seen:
        assert offers(*[wish] * 50)[0][1] == (lavender, 9_000, Refusal.RESERVED)
    assert len(seen) == 3
