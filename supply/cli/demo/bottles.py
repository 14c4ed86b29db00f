"""Bottles of the demo: which oils are used from an opened one, where it stands, what the scale finds."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock
from supply.cli.demo.day import Day
from supply.cli.demo.founding import House, told
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.containers import finishing, reading, service, weighing_in
from supply.domain.containers.reading import Opened
from supply.domain.ledger import reading as shelf
from supply.permissions import Actor
from supply.quantity import DENSITY_FACTOR, UNITS, from_base

GRAM = UNITS["g"].factor
_NAMES = ("code", "name_en", "name_vi", "category", "stock_unit", "usage_unit")
_RULES = ("lot_required", "expiry_required", "shelf_life_days", "opened_life_days")


def make_weighable(session: Session, manager: Actor) -> None:
    """The manager writes down what the oils and their empty bottles weigh."""
    for code, row in told()["weighing"].items():
        item = catalog.find_item_by_code(session, code)
        assert item is not None, code
        step, _unit = catalog.told_amount(item, item.natural_step)
        facts = {name: getattr(item, name) for name in (*_NAMES, *_RULES)}
        units = [
            {
                "code": own.code,
                "name_en": own.name_en,
                "name_vi": own.name_vi,
                "amount": catalog.stock_amount(item, own.factor)[0],
                "unit": item.stock_unit,
                "tare": Decimal(row["tare"]),
            }
            for own in item.units
        ]
        catalog.update_item(
            session,
            manager,
            item.id,
            version=item.version,
            units=units,
            natural_step=step,
            density=Decimal(row["density"]),
            **facts,
        )


def open_bottles(session: Session, today: Day) -> None:
    """A new bottle where the old one is nearly empty; what is empty is finished, now and then with a rest."""
    house = today.house
    open_now = reading.list_containers(session, house.storekeeper, house.branch_id)
    for code in told()["weighing"]:
        own = [opened for opened in open_now if opened.item.code == code]
        usable = [opened for opened in own if not opened.expired(clock.today(house.timezone))]
        if any(opened.remaining > opened.filled // 10 for opened in usable):
            continue
        _finish(session, today, own)
        item = own[0].item if own else catalog.find_item_by_code(session, code)
        assert item is not None, code
        if _stands_closed(session, house, item):
            room_id = today.rng.choice(house.rooms)[0]
            service.open_container(
                session, house.storekeeper, branch_id=house.branch_id, item_id=item.id, room_id=room_id
            )


def _stands_closed(session: Session, house: House, item: Item) -> bool:
    day = clock.today(house.timezone)
    closed = [row for row in shelf.list_holdings(session, house.branch_id, item.id) if row.Container is None]
    return any(
        row.Lot.quarantined_at is None and not shelf.is_expired(row.Holding, row.Lot, day) for row in closed
    )


def _finish(session: Session, today: Day, own: list[Opened]) -> None:
    """Empty ones go. Of the last days a rest stays on the list, so that there is something to see."""
    for opened in own:
        if not opened.remaining or (today.left > 2 and not opened.expired(today.day)):
            finishing.finish_container(
                session, today.house.storekeeper, opened.container.id, branch_id=today.house.branch_id
            )


def weigh_bottles(session: Session, today: Day) -> None:
    """On Sunday evening every bottle comes on the scale: a little more was used than anybody wrote down."""
    house = today.house
    for opened in reading.list_containers(session, house.storekeeper, house.branch_id):
        density, tare_mg = opened.item.density_mg_per_l, opened.tare_mg
        if density is None or tare_mg is None or opened.expired(today.day):
            continue
        left = opened.remaining - _unrecorded(opened, today.rng)
        gross_mg = tare_mg + max(left, 0) * density // DENSITY_FACTOR
        gross = from_base(gross_mg // 100 * 100, GRAM)
        _weigh(session, house, opened.container.id, gross)


def _unrecorded(opened: Opened, rng: Random) -> int:
    """Massage oil is poured generously and the rest evaporates or drips; in base units."""
    share = rng.gauss(0.03, 0.02) if opened.item.code == "oil-massage" else rng.gauss(0.004, 0.012)
    return int(opened.filled * share)


def _weigh(session: Session, house: House, container_id: UUID, gross: Decimal) -> None:
    weighing_in.weigh_in(
        session, house.storekeeper, container_id, branch_id=house.branch_id, gross=gross, unit="g"
    )
