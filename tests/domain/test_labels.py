"""Labels and the codes of packages: one tag a lot, one item a code, and what a scan means to whom."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.database import read_snapshot, write_transaction
from supply.domain.audit.models import AuditEntry
from supply.domain.catalog import codes
from supply.domain.containers import service as containers
from supply.domain.labels import service as labels
from supply.domain.labels.resolving import Meaning, Resolved, resolve
from supply.domain.labels.service import Sticker
from supply.domain.ledger.models import Lot
from supply.errors import Conflict, Forbidden, Invalid, NotFound
from supply.permissions import Actor
from tests.cast import Cast
from tests.goods import KG, LATER, Goods, stock_up
from tests.shelves import stock

EAN = "5901234123457"
NOWHERE = UUID("018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01")


@pytest.fixture
def goods(session: Session, cast: Cast) -> Goods:
    return stock_up(cast)


@pytest.fixture
def lot(cast: Cast, goods: Goods) -> UUID:
    return stock(cast, goods.ginger, 5 * KG, number="G-1", expires_on=LATER)[1]


def link(cast: Cast, item_id: UUID, code: str = EAN, actor: Actor | None = None, **told: Any) -> UUID:
    return write_transaction(
        lambda s: codes.link_code(s, actor or cast.storekeeper, item_id, code=code, **told).id
    )


def label(cast: Cast, actor: Actor | None = None, **named: Any) -> list[Sticker]:
    return write_transaction(
        lambda s: labels.make_labels(s, actor or cast.storekeeper, branch_id=cast.branch_id, **named)
    )


def scan(cast: Cast, text: str, actor: Actor | None = None) -> Resolved:
    return read_snapshot(lambda s: resolve(s, actor or cast.storekeeper, cast.branch_id, text))


def test_a_code_means_one_item_and_a_package_of_it(session: Session, cast: Cast, goods: Goods) -> None:
    assert scan(cast, EAN).meaning is Meaning.UNKNOWN
    code_id = link(cast, goods.ginger, amount=Decimal(5), unit="kg")
    found = scan(cast, f"(01)0{EAN}(17)271130(10)NEW")
    assert (found.meaning, found.quantity, found.lot_number) == (Meaning.ITEM, 5 * KG, "NEW")
    assert found.item is not None
    assert found.item.id == goods.ginger
    # UPC-A, EAN-13 and GTIN-14 are spellings of the one number; none of them is free for another item.
    for spelling in (EAN, f"0{EAN}"):
        with pytest.raises(Conflict) as taken:
            link(cast, goods.oil, spelling)
        assert (taken.value.code, taken.value.details["item_code"]) == ("code_linked", "ginger")
    for wrong, told in ((EAN[:-1] + "8", {}), ("X-1", {"amount": Decimal(1), "unit": "ml"})):
        with pytest.raises(Invalid):
            link(cast, goods.ginger, wrong, **told)
    write_transaction(lambda s: codes.unlink_code(s, cast.manager, goods.ginger, code_id))
    assert scan(cast, EAN).meaning is Meaning.UNKNOWN
    link(cast, goods.oil)
    written = session.execute(select(AuditEntry.action, AuditEntry.changes).order_by(AuditEntry.id.desc()))
    assert [tuple(row) for row in written][:3] == [
        ("item.link-code", {"barcode": [None, f"0{EAN}"]}),
        ("item.unlink-code", {"barcode": [f"0{EAN}", None], "quantity": [5 * KG, None]}),
        ("item.link-code", {"barcode": [None, f"0{EAN}"], "quantity": [None, 5 * KG]}),
    ]


def test_a_lot_and_its_opened_container_keep_their_tags(cast: Cast, goods: Goods, lot: UUID) -> None:
    opened = write_transaction(
        lambda s: (
            containers.open_container(
                s, cast.therapist, branch_id=cast.branch_id, lot_id=lot, amount=Decimal(1), unit="kg"
            ).id
        )
    )
    (first,) = label(cast, lot_ids=[lot, lot])
    both = label(cast, lot_ids=[lot], container_ids=[opened])
    assert both[0].label.id == first.label.id
    assert both[0].label.tag != both[1].label.tag
    by_label = [scan(cast, f"https://spa.lan/s/{one.label.tag.lower()}", cast.therapist) for one in both]
    assert [found.meaning for found in by_label] == [Meaning.LOT, Meaning.CONTAINER]
    assert by_label[1].container is not None
    assert by_label[1].container.id == opened
    assert [found.lots[0].id for found in by_label] == [lot, lot]
    again = read_snapshot(
        lambda s: labels.list_stickers(
            s, cast.manager, cast.branch_id, [both[1].label.tag, both[0].label.tag]
        )
    )
    assert [one.label.id for one in again] == [both[1].label.id, both[0].label.id]


def test_a_label_that_travelled_finds_what_came_of_its_lot(cast: Cast, goods: Goods, lot: UUID) -> None:
    (sticker,) = label(cast, lot_ids=[lot])

    def arrive(session: Session) -> UUID:
        sent = session.get_one(Lot, lot)
        told = {"item_id": sent.item_id, "number": sent.number, "created_at": sent.created_at}
        came = Lot(branch_id=cast.other_branch_id, origin_lot_id=lot, **told)
        session.add(came)
        session.flush()
        return came.id

    arrived = write_transaction(arrive)
    found = read_snapshot(lambda s: resolve(s, cast.outsider, cast.other_branch_id, sticker.label.tag))
    assert (found.meaning, found.branch_id, found.lots[0].id) == (Meaning.LOT, cast.other_branch_id, arrived)
    assert scan(cast, sticker.label.tag).lots[0].id == lot


def test_what_is_typed_finds_items_and_lots(cast: Cast, goods: Goods, lot: UUID) -> None:
    # Eight digits with a wrong check digit, as a date is: a lot number all the same.
    dated = stock(cast, goods.oil, KG, number="20261121", expires_on=LATER)[1]
    twin = stock(cast, goods.oil, KG, number="G-1", expires_on=LATER)[1]
    assert scan(cast, "ginger").meaning is Meaning.ITEM
    assert [one.id for one in scan(cast, "20261121").lots] == [dated]
    both = scan(cast, "G-1")
    assert (both.meaning, {one.id for one in both.lots}, both.item) == (Meaning.LOTS, {lot, twin}, None)
    link(cast, goods.ginger)
    assert [one.id for one in scan(cast, f"(01)0{EAN}(10)G-1").lots] == [lot]
    unknown = scan(cast, "nobody knows")
    assert (unknown.meaning, unknown.code) == (Meaning.UNKNOWN, "nobody knows")
    with pytest.raises(Invalid) as misread:
        scan(cast, "20261123")
    assert misread.value.code == "check_digit_wrong"


def test_ladder(cast: Cast, goods: Goods, lot: UUID) -> None:
    (sticker,) = label(cast, lot_ids=[lot])
    code_id = link(cast, goods.ginger)
    for actor, refusal in ((cast.therapist, Forbidden), (cast.admin, Forbidden), (cast.outsider, NotFound)):
        with pytest.raises(refusal):
            label(cast, actor, lot_ids=[lot])
    for actor in (cast.therapist, cast.admin):
        with pytest.raises(Forbidden):
            link(cast, goods.ginger, "X", actor)
        with pytest.raises(Forbidden):
            write_transaction(lambda s, actor=actor: codes.unlink_code(s, actor, goods.ginger, code_id))
    with pytest.raises(NotFound):
        write_transaction(lambda s: codes.unlink_code(s, cast.manager, goods.oil, code_id))
    for named in ({"lot_ids": [NOWHERE]}, {"container_ids": [lot]}):
        with pytest.raises(NotFound):
            label(cast, **named)
    # A label of another branch is no label: neither scanned nor looked at, and like one that never was.
    for text in (sticker.label.tag, "C12345678T"):
        with pytest.raises(NotFound, match="label_not_found"):
            read_snapshot(lambda s, text=text: resolve(s, cast.outsider, cast.other_branch_id, text))
    with pytest.raises(NotFound):
        scan(cast, sticker.label.tag, cast.outsider)
    with pytest.raises(NotFound):
        read_snapshot(lambda s: labels.get_sticker(s, cast.outsider, sticker.label.id))
