"""How the demo spa is founded: branches, people, catalogue, suppliers, reorder points, opening stock."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.cli.people import found_admin
from supply.domain.branches import service as branches
from supply.domain.branches.models import MAX_GUESTS, RoomType
from supply.domain.catalog import codes
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.ledger import service as ledger
from supply.domain.ledger import telling
from supply.domain.people import pins
from supply.domain.people import service as people
from supply.domain.people.passwords import NewPin
from supply.domain.planning import calendar
from supply.domain.planning.models import EntryKind
from supply.domain.preparation import starter
from supply.domain.stocktake import service as stocktake
from supply.domain.suppliers import service as suppliers
from supply.domain.treatments import drafting
from supply.domain.treatments import service as treatments
from supply.domain.treatments.recipe import Scale
from supply.domain.treatments.retelling import retold
from supply.permissions import Actor, Role
from supply.quantity import UNITS

# Days of use that stand at the reorder point beyond the lead time, and that an order covers.
SAFETY_DAYS, COVER_DAYS = 3, 8


@dataclass(frozen=True, slots=True)
class House:
    """A branch of the demo with the people who work there."""

    branch_id: UUID
    code: str
    timezone: str
    visits: tuple[int, ...]
    rooms: tuple[tuple[UUID, int], ...]
    """Room and the most guests it takes."""
    storekeeper: Actor
    manager: Actor
    therapists: tuple[Actor, ...]


@cache
def told() -> Mapping[str, Any]:
    """spa.toml as it stands."""
    text = Path(__file__).with_name("spa.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _password() -> people.NewPassword:
    """The one that all people of the demo share."""
    return people.NewPassword.of(told()["password"])


@cache
def _pin() -> NewPin:
    """And the PIN of everybody in a branch."""
    return NewPin.of(told()["pin"])


def found(session: Session, seed: int) -> list[House]:
    """Found everything, as at the clock's time; returns the branches ready to work."""
    spa = told()
    admin = found_admin(session, login="admin", name=spa["people"][0]["name"], password=_password())
    houses = []
    actors: dict[str, dict[Role, list[Actor]]] = {}
    for row in spa["branches"]:
        branch = branches.create_branch(
            session, admin, code=row["code"], name=row["name"], location_name=row["places"][0]
        )
        branch.demo = True
        ledger.open_ledger(session, branch.id)
        branches.create_location(session, admin, branch.id, name=row["places"][1], position=1)
        rooms = [_room(session, admin, branch.id, room) for room in row["rooms"]]
        actors[row["code"]] = _staff(session, admin, branch.id, row["code"])
        staff = actors[row["code"]]
        houses.append(
            House(
                branch_id=branch.id,
                code=row["code"],
                timezone=branch.timezone,
                visits=tuple(row["visits"]),
                rooms=tuple(rooms),
                storekeeper=staff[Role.STOREROOM][0],
                manager=staff[Role.MANAGER][0],
                therapists=tuple(staff[Role.THERAPIST]),
            )
        )
    manager = houses[0].manager
    starter.load(session, manager)
    _extend_recipe(session, manager)
    leads = _suppliers(session, manager)
    for house, row in zip(houses, spa["branches"], strict=True):
        for entry in spa["calendar"]:
            days = {**entry, "kind": EntryKind(entry["kind"])}
            calendar.add_entry(session, house.manager, branch_id=house.branch_id, **days)
        _fill_shelves(session, house, Decimal(row["scale"]), leads, Random(f"{seed}:{house.code}"))  # noqa: S311
    return houses


def _room(session: Session, admin: Actor, branch_id: UUID, row: Mapping[str, Any]) -> tuple[UUID, int]:
    kind = RoomType(row["room_type"])
    room = branches.create_room(
        session,
        admin,
        branch_id,
        name=row["name"],
        room_type=kind,
        max_guests=row.get("max_guests"),
        tubs=row.get("tubs", 1),
        tub_water_kg=row.get("tub_water_kg"),
    )
    return room.id, row.get("max_guests") or MAX_GUESTS[kind]


def _staff(session: Session, admin: Actor, branch_id: UUID, code: str) -> dict[Role, list[Actor]]:
    staff: dict[Role, list[Actor]] = {}
    for row in told()["people"]:
        if row.get("branch") != code:
            continue
        grants = frozenset({(Role(row["role"]), branch_id)})
        person = people.create_person(
            session,
            admin,
            login=row["login"],
            name=row["name"],
            password=_password(),
            grants=grants,
        )
        pins.reset_pin(session, admin, person.id, pin=_pin())
        staff.setdefault(Role(row["role"]), []).append(Actor(person.id, person.name, frozenset(grants)))
    return staff


def _extend_recipe(session: Session, manager: Actor) -> None:
    """The managers add what the starter's recipe does not name."""
    procedure = treatments.find_procedure_by_code(session, "back-massage")
    assert procedure is not None, "the starter catalogue brings it"
    draft = drafting.begin_draft(session, manager, procedure.id)
    wording = retold(treatments.with_items(session, draft))
    for addition in told()["additions"]:
        wording["steps"][addition["step"] - 1]["lines"].append(_line(session, addition))
    draft = drafting.save_draft(session, manager, procedure.id, version=draft.version, **wording)
    drafting.publish_draft(session, manager, procedure.id, version=draft.version)


def _line(session: Session, addition: Mapping[str, Any]) -> dict[str, Any]:
    item = catalog.find_item_by_code(session, addition["item"])
    assert item is not None, addition["item"]
    return {
        "item_id": item.id,
        "amount": Decimal(addition["amount"]),
        "unit": addition["unit"],
        "scale": Scale(addition["scale"]),
        "assumed": False,
    }


def _suppliers(session: Session, manager: Actor) -> dict[str, int]:
    """Four suppliers with their terms; returns the lead time of each item in days."""
    leads = {}
    for row in told()["suppliers"]:
        facts = {
            "email": row.get("email"),
            "phone": row.get("phone"),
            "lead_time_days": row["lead_time_days"],
            "cutoff_minute": row.get("cutoff_minute"),
        }
        supplier = suppliers.create_supplier(
            session, manager, code=row["code"], name=row["name"], language="vi", order_days=127, **facts
        )
        for terms in row["sells"]:
            _sells(session, manager, supplier.id, terms)
            leads[terms["item"]] = row["lead_time_days"]
        for terms in row.get("second", ()):
            _sells(session, manager, supplier.id, terms, second=True)
    return leads


def _sells(
    session: Session, manager: Actor, supplier_id: UUID, terms: Mapping[str, Any], *, second: bool = False
) -> None:
    item = catalog.find_item_by_code(session, terms["item"])
    assert item is not None, terms["item"]
    suppliers.set_terms(
        session,
        manager,
        supplier_id,
        item.id,
        pack_name=terms["pack"],
        amount=Decimal(terms["amount"]),
        unit=terms["unit"],
        price_minor=terms["price"],
        lead_time_days=terms.get("lead_time_days"),
        second=second,
    )
    if "code" in terms:
        holds = {"amount": Decimal(terms["amount"]), "unit": terms["unit"]}
        codes.link_code(session, manager, item.id, code=terms["code"], **holds)


def _fill_shelves(
    session: Session, house: House, scale: Decimal, leads: Mapping[str, int], rng: Random
) -> None:
    """Opening stock between reorder point and par, then the policy that keeps it there."""
    items = {item.code: item for item in session.scalars(select(Item))}
    prices = suppliers.preferred_terms(session, [item.id for item in items.values()])
    lines, policies = [], []
    for code, text in told()["daily"].items():
        item, daily = items[code], Decimal(text) * scale
        point = _handy(daily * (leads[code] + SAFETY_DAYS), item)
        par = _handy(daily * (leads[code] + SAFETY_DAYS + COVER_DAYS), item)
        amount = _handy(point + (par - point) * Decimal(str(round(rng.uniform(0.4, 1), 2))), item)
        policies.append((item, point, par))
        terms = prices[item.id]
        factor = UNITS[item.stock_unit].factor
        cost = int(terms.price_minor * amount * factor / terms.pack_quantity)
        lines.append(_opening_line(item, amount, cost, house, rng))
    stocktake.log_opening_stock(session, house.storekeeper, branch_id=house.branch_id, lines=lines)
    for item, point, par in policies:
        telling.set_policy(
            session,
            house.manager,
            branch_id=house.branch_id,
            item_id=item.id,
            reorder_point=point,
            par_level=par,
            unit=item.stock_unit,
            version=1,
        )


def _handy(amount: Decimal, item: Item) -> Decimal:
    """A number that a person would choose: whole pieces, tens of millilitres, tenths of a kilogram."""
    step = (
        Decimal("0.1") if item.stock_unit in ("kg", "l") else Decimal(10 if item.stock_unit != "piece" else 1)
    )
    return max((amount / step).to_integral_value() * step, step)


def _opening_line(item: Item, amount: Decimal, cost: int, house: House, rng: Random) -> dict[str, Any]:
    today = clock.today(house.timezone)
    expires_on = (
        today + timedelta(days=int(item.shelf_life_days * rng.uniform(0.4, 0.8)))
        if item.shelf_life_days
        else None
    )
    number = lot_number(item, clock.now(), rng) if item.lot_required else None
    return {
        "item_id": item.id,
        "number": number,
        "expires_on": expires_on,
        "amount": amount,
        "unit": item.stock_unit,
        "cost_minor": cost,
    }


def lot_number(item: Item, when: datetime, rng: Random) -> str:
    """As suppliers write them: letters, date, a running letter."""
    letters = "".join(part[0] for part in item.code.split("-")).upper()
    return f"{letters}{when:%y%m%d}{rng.choice('ABCDEFGH')}"
