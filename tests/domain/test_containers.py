"""Opened containers: opened of the right lot, topped up, moved, weighed, finished with a reason."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import read_snapshot, write_transaction
from supply.domain.audit.models import AuditEntry
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Category
from supply.domain.containers import reading, service
from supply.domain.containers.finishing import finish_container
from supply.domain.containers.models import FinishReason
from supply.domain.containers.reopening import reopen_container
from supply.domain.containers.weighing import measured, remainder, too_full
from supply.domain.containers.weighing_in import weigh_in
from supply.domain.ledger import shelf
from supply.domain.ledger.models import Movement
from supply.domain.reports.cases import Asked
from supply.domain.reports.weighed import weighed_of
from supply.domain.waste.models import WasteEntry
from supply.errors import Conflict, Forbidden, Invalid, NotFound, SupplyError
from supply.permissions import Actor
from supply.quantity import Dimension
from tests.cast import Cast
from tests.goods import this_day
from tests.shelves import differences, on_hand, stock, undo, use

ML = 1_000
BOTTLE = 500 * ML


@pytest.mark.parametrize(
    ("gross", "tare", "dimension", "density", "exact", "whole"),
    [
        (612_500, 210_000, Dimension.MASS, None, Fraction(402_500), 402_500),
        (210_000, 210_000, Dimension.MASS, None, Fraction(0), 0),
        (710_000, 210_000, Dimension.VOLUME, 1_000_000, Fraction(500_000), 500_000),
        # 402.5 g of an oil of 0.915 g/ml: 402500 / 0.915 = 439890.7103… µl
        (612_500, 210_000, Dimension.VOLUME, 915_000, Fraction(402_500_000_000, 915_000), 439_891),
        # Exactly half a microlitre is rounded up, just below it down.
        (1, 0, Dimension.VOLUME, 2_000_000, Fraction(1, 2), 1),
        (1, 0, Dimension.VOLUME, 2_000_001, Fraction(1_000_000, 2_000_001), 0),
    ],
)
def test_what_a_scale_says_is_left(
    gross: int, tare: int, dimension: Dimension, density: int | None, exact: Fraction, whole: int
) -> None:
    left = remainder(gross, tare, dimension, density)
    assert left == exact
    assert measured(exact) == whole


def test_what_cannot_be_weighed_and_what_cannot_be_so_full() -> None:
    assert remainder(5, 1, Dimension.COUNT) is None
    assert remainder(5, 1, Dimension.VOLUME) is None
    assert [too_full(Fraction(left), 100) for left in (109, 110, 111)] == [False, False, True]


@pytest.fixture
def oil(session: Session, cast: Cast) -> UUID:
    """An oil of 0.9 g/ml in bottles of 500 ml that weigh 200 g empty and live 30 days once opened."""

    def work(session: Session) -> UUID:
        return catalog.create_item(
            session,
            cast.manager,
            code="oil",
            name_en="Oil",
            name_vi="Dầu",
            category=Category.ESSENTIAL_OIL,
            dimension=Dimension.VOLUME,
            stock_unit="l",
            usage_unit="ml",
            natural_step=Decimal(5),
            lot_required=True,
            expiry_required=True,
            shelf_life_days=None,
            opened_life_days=30,
            density=Decimal("0.9"),
            units=[
                {"code": "case", "name_en": "case", "name_vi": "thùng", "amount": Decimal(6), "unit": "l"},
                {
                    "code": "bottle",
                    "name_en": "bottle",
                    "name_vi": "chai",
                    "amount": Decimal(500),
                    "unit": "ml",
                    "tare": Decimal(200),
                },
            ],
        ).id

    return write_transaction(work)


@pytest.fixture
def lots(cast: Cast, oil: UUID) -> dict[str, UUID]:
    """Three lots: one that has expired, also for whoever tells of an hour ago after midnight, the next to
    be used, a later one."""
    days = {"OLD": -2, "NEXT": 20, "LATER": 300}
    return {
        number: stock(cast, oil, 2 * BOTTLE, number=number, expires_on=this_day() + timedelta(days=left))[1]
        for number, left in days.items()
    }


def do(work: Any, cast: Cast, *args: Any, actor: Actor | None = None, **told: Any) -> Any:
    """Do something as the therapist and commit; the id of what it gives."""
    where = {"branch_id": cast.branch_id, **told}
    return write_transaction(lambda session: work(session, actor or cast.therapist, *args, **where).id)


def opened(cast: Cast, container_id: UUID) -> reading.Opened:
    return read_snapshot(
        lambda session: reading.get_opened(session, cast.therapist, cast.branch_id, container_id)
    )


def refusal(call: Any) -> str:
    with pytest.raises(SupplyError) as caught:
        call()
    return caught.value.code


def test_one_unit_of_the_next_lot_is_opened(cast: Cast, oil: UUID, lots: dict[str, UUID]) -> None:
    first = opened(cast, do(service.open_container, cast, item_id=oil, room_id=cast.room_id))
    assert (first.lot.number, first.remaining, first.filled) == ("NEXT", BOTTLE, BOTTLE)
    assert (first.container.unit_code, first.tare_mg) == ("bottle", 200_000)
    assert first.container.use_by_on == this_day() + timedelta(days=30)
    assert first.expires_on == this_day() + timedelta(days=20)  # the lot's own day comes first
    use(cast, [(oil, BOTTLE + 300 * ML)])
    # 200 ml are left of the lot: the rest is opened, not a bottle that is not there.
    rest = opened(cast, do(service.open_container, cast, item_id=oil))
    assert (rest.lot.number, rest.filled) == ("NEXT", 200 * ML)
    assert refusal(lambda: do(service.open_container, cast, lot_id=lots["OLD"])) == "lot_unusable"
    assert refusal(lambda: do(service.open_container, cast, lot_id=lots["NEXT"])) == "nothing_to_open"
    assert differences() == []


def test_a_top_up_keeps_the_lot_and_the_use_by(cast: Cast, oil: UUID, lots: dict[str, UUID]) -> None:
    yesterday = clock.now() - timedelta(days=1)
    one = do(service.open_container, cast, lot_id=lots["LATER"], happened_at=yesterday)
    use(cast, [(oil, 400 * ML)])
    more = {"amount": Decimal(250), "unit": "ml"}
    refused = lambda: do(service.top_up, cast, one, lot_id=lots["NEXT"], **more)  # noqa: E731
    assert refusal(refused) == "other_lot"
    assert opened(cast, one).remaining == 100 * ML
    do(service.top_up, cast, one, lot_id=lots["LATER"], **more)
    now = opened(cast, one)
    assert (now.remaining, now.filled) == (350 * ML, 750 * ML)
    assert now.container.use_by_on == this_day() + timedelta(days=29)
    too_much = lambda: do(service.top_up, cast, one, amount=Decimal(1), unit="l")  # noqa: E731
    assert refusal(too_much) == "stock_short"
    assert on_hand(cast, oil) == 6 * BOTTLE - 400 * ML
    assert differences() == []


def test_what_has_expired_is_never_chosen_and_stays_on_the_list(
    cast: Cast, oil: UUID, lots: dict[str, UUID]
) -> None:
    long_ago = clock.now() - timedelta(days=40)
    old = do(service.open_container, cast, lot_id=lots["LATER"], happened_at=long_ago)
    _done, (deducted,) = use(cast, [(oil, 100 * ML)])
    assert {taken.lot_id for taken in deducted.taken} == {lots["NEXT"]}
    listed = read_snapshot(lambda s: reading.list_containers(s, cast.therapist, cast.branch_id))
    assert [(row.container.id, row.expired(this_day())) for row in listed] == [(old, True)]
    assert refusal(lambda: do(service.top_up, cast, old, amount=Decimal(1), unit="ml")) == "lot_unusable"


def test_a_weighing_posts_what_differs(
    session: Session, cast: Cast, oil: UUID, lots: dict[str, UUID]
) -> None:
    one = do(service.open_container, cast, item_id=oil)
    use(cast, [(oil, 100 * ML)])
    # 200 g of glass and 342 g of oil: 380 ml, where the book holds 400.
    do(weigh_in, cast, one, gross=Decimal(542), unit="g")
    assert opened(cast, one).remaining == 380 * ML
    movement = session.scalars(select(Movement).order_by(Movement.seq.desc())).first()
    assert movement is not None
    assert (movement.type.value, movement.reason, movement.quantity) == ("adjustment", "weigh-in", -20 * ML)
    session.rollback()
    # More than the book held is found as well; nothing is posted where both agree.
    do(weigh_in, cast, one, gross=Decimal("0.56"), unit="kg")
    do(weigh_in, cast, one, gross=Decimal(560), unit="g")
    rows = read_snapshot(lambda s: reading.list_checks(s, cast.manager, cast.branch_id, container_id=one))
    assert [row.ContainerCheck.difference for row in rows] == [0, 20 * ML, -20 * ML]
    assert on_hand(cast, oil) == 6 * BOTTLE - 100 * ML
    assert differences() == []


def test_a_late_weighing_is_judged_by_its_own_time(cast: Cast, oil: UUID, lots: dict[str, UUID]) -> None:
    now = clock.now()
    one = do(service.open_container, cast, item_id=oil, happened_at=now - timedelta(hours=3))
    use(cast, [(oil, 100 * ML)], happened_at=now - timedelta(hours=1))
    # Two hours ago 490 ml were in it, 10 less than the book held then; 100 ml were used since.
    do(weigh_in, cast, one, gross=Decimal(641), unit="g", happened_at=now - timedelta(hours=2))
    assert opened(cast, one).remaining == 390 * ML
    early = {"unit": "g", "happened_at": now - timedelta(hours=2)}
    assert refusal(lambda: do(weigh_in, cast, one, gross=Decimal(245), **early)) == "weighing_contradicted"
    assert opened(cast, one).remaining == 390 * ML


@pytest.mark.parametrize(
    ("told", "code", "field"),
    [
        ({"gross": Decimal(199)}, "lighter_than_tare", "gross"),
        ({"gross": Decimal(700)}, "more_than_filled", "gross"),
        ({"gross": Decimal(400), "unit": "ml"}, "unit_unknown", "unit"),
        ({"gross": Decimal("400.0001")}, "quantity_inexact", "gross"),
    ],
)
def test_a_weight_that_cannot_be_changes_nothing(
    cast: Cast, oil: UUID, lots: dict[str, UUID], told: dict[str, Any], code: str, field: str
) -> None:
    one = do(service.open_container, cast, item_id=oil)
    with pytest.raises(Invalid) as caught:
        do(weigh_in, cast, one, **{"unit": "g", **told})
    assert (caught.value.code, list(caught.value.errors)) == (code, [field])
    assert opened(cast, one).remaining == BOTTLE


def test_a_told_tare_is_kept_and_audited(
    session: Session, cast: Cast, oil: UUID, lots: dict[str, UUID]
) -> None:
    one = do(service.open_container, cast, item_id=oil)
    do(weigh_in, cast, one, gross=Decimal(630), tare=Decimal(180), unit="g")
    do(weigh_in, cast, one, gross=Decimal(540), unit="g")
    assert (opened(cast, one).tare_mg, opened(cast, one).remaining) == (180_000, 400 * ML)
    do(service.move_container, cast, one, room_id=cast.room_id)
    query = select(AuditEntry.action, AuditEntry.changes).where(AuditEntry.entity == "container")
    assert sorted((row.action, row.changes) for row in session.execute(query)) == [
        ("container.move", {"room": [None, "Lotus"]}),
        ("container.tare", {"tare_mg": [None, 180_000]}),
    ]


def test_finished_as_empty_the_rest_is_a_difference(cast: Cast, oil: UUID, lots: dict[str, UUID]) -> None:
    one = do(service.open_container, cast, item_id=oil)
    done, _deducted = use(cast, [(oil, 450 * ML)])
    do(finish_container, cast, one)
    assert on_hand(cast, oil) == 5 * BOTTLE
    (row,) = read_snapshot(lambda s: reading.list_checks(s, cast.manager, cast.branch_id))
    assert (row.ContainerCheck.kind.value, row.ContainerCheck.difference) == ("emptied", -50 * ML)
    for again in (
        lambda: do(finish_container, cast, one),
        lambda: do(service.move_container, cast, one, room_id=None),
        lambda: do(service.top_up, cast, one, amount=Decimal(1), unit="ml"),
        lambda: do(weigh_in, cast, one, gross=Decimal(300), unit="g"),
    ):
        assert refusal(again) == "already_finished"
    # Undone afterwards, the use returns to its lot on the shelf, since the bottle is gone.
    undo(cast, "completion", done)
    assert on_hand(cast, oil) == 5 * BOTTLE + 450 * ML
    assert opened(cast, one).remaining == 0
    assert differences() == []


def test_thrown_away_it_is_waste_and_the_storeroom_s(
    session: Session, cast: Cast, oil: UUID, lots: dict[str, UUID]
) -> None:
    one = do(service.open_container, cast, item_id=oil)
    spilled = {"reason": FinishReason.SPILLED}
    with pytest.raises(Forbidden):
        do(finish_container, cast, one, **spilled)
    assert opened(cast, one).remaining == BOTTLE
    do(finish_container, cast, one, actor=cast.storekeeper, **spilled)
    entry = session.scalars(select(WasteEntry)).one()
    assert (entry.quantity, entry.reason.value) == (BOTTLE, "spilled")
    session.rollback()
    empty = do(service.open_container, cast, item_id=oil)
    use(cast, [(oil, BOTTLE)])
    do(finish_container, cast, empty, **spilled)  # nothing to throw away: nobody's right is needed
    assert on_hand(cast, oil) == 4 * BOTTLE
    assert differences() == []


def test_finished_by_a_slip_it_is_taken_back_into_use(
    session: Session, cast: Cast, oil: UUID, lots: dict[str, UUID]
) -> None:
    one = do(service.open_container, cast, item_id=oil)
    assert refusal(lambda: do(reopen_container, cast, one)) == "not_finished"
    use(cast, [(oil, 450 * ML)])
    do(finish_container, cast, one)
    do(reopen_container, cast, one)
    assert (opened(cast, one).remaining, on_hand(cast, oil)) == (50 * ML, 5 * BOTTLE + 50 * ML)
    do(finish_container, cast, one, actor=cast.storekeeper, reason=FinishReason.SPILLED)
    with pytest.raises(Forbidden):
        do(reopen_container, cast, one)
    do(reopen_container, cast, one, actor=cast.storekeeper)
    assert opened(cast, one).remaining == 50 * ML
    do(finish_container, cast, one)
    rows = read_snapshot(lambda s: reading.list_checks(s, cast.manager, cast.branch_id))
    assert [row.ContainerCheck.undone_at is None for row in rows] == [True, False]
    asked = Asked(cast.branch_id, this_day(), this_day())
    assert [row.difference for row in read_snapshot(lambda s: weighed_of(s, cast.manager, asked))] == [
        -50 * ML
    ]
    assert (on_hand(cast, oil), differences()) == (5 * BOTTLE, [])


def test_ladder(cast: Cast, oil: UUID, lots: dict[str, UUID]) -> None:
    one = do(service.open_container, cast, item_id=oil)
    more: dict[str, Any] = {"amount": Decimal(1), "unit": "ml"}
    acts: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
        (service.open_container, (), {"item_id": oil}),
        (service.top_up, (one,), more),
        (service.move_container, (one,), {"room_id": cast.room_id}),
        (weigh_in, (one,), {"gross": Decimal(300), "unit": "g"}),
        (finish_container, (one,), {}),
        (reopen_container, (one,), {}),
    ]
    for work, args, told in acts:
        with pytest.raises(Forbidden):
            do(work, cast, *args, actor=cast.admin, **told)
        with pytest.raises(NotFound):
            do(work, cast, *args, actor=cast.outsider, **told)
        if args:
            with pytest.raises(NotFound):  # in a branch of one's own, but not this container's
                do(work, cast, *args, actor=cast.outsider, **{**told, "branch_id": cast.other_branch_id})
    assert (on_hand(cast, oil), opened(cast, one).remaining) == (6 * BOTTLE, BOTTLE)
    shelved = {"branch_id": cast.branch_id, "lot_id": lots["NEXT"], "reason": "recall"}
    write_transaction(lambda s: shelf.quarantine_lot(s, cast.storekeeper, **shelved).id)  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="lot_unusable"):
        do(service.top_up, cast, one, **more)
