"""A spa where one of everything is there to be asked for, made over the API by somebody with every role."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from supply.database import read_snapshot, write_transaction
from supply.domain.people import service as people
from supply.domain.people.models import Person
from supply.permissions import Actor, Role
from tests import goods as shop
from tests.api.calling import Caller
from tests.cast import PASSWORD, Cast
from tests.treatments import noon, open_spa

# The tables whose first row answers a name in a path, query or body.
TABLES = (
    "adjustment", "branch", "calendar_entry", "completion", "condition", "container", "delivery",
    "import_file", "item", "label", "location", "lot", "package", "person", "procedure",
    "purchase_order", "recall",
    "recipe_version", "requisition", "room", "stocktake", "stocktake_line", "supplier", "transfer",
    "visit", "webhook",
)  # fmt: skip
OTHER_NAMES = {
    "code_id": "item_code",
    "import_id": "import_file",
    "count_id": "stock_count",
    "entry_id": "waste_entry",
    "flag_id": "reorder_flag",
    "line_id": "recipe_line",
    "message_id": "webhook_message",
    "batch_id": "prepared_batch",
    "order_id": "purchase_order",
    "recipe_id": "brew_recipe",
    "recipe_rule_id": "factor_rule",
    "rule_id": "contraindication",
    "run_id": "plan_run",
    "move_id": "stock_move",
    "to_location_id": "location",
}


def all_roles(cast: Cast) -> Actor:
    """Somebody who may do everything in the main branch, and look after people everywhere."""
    grants = {(role, cast.branch_id) for role in Role if role is not Role.ADMIN} | {(Role.ADMIN, None)}

    def work(session: Session) -> Actor:
        made = people.create_person(
            session,
            cast.admin,
            login="everything",
            name="E",
            password=people.NewPassword.of(PASSWORD),
            grants=grants,
        )
        return Actor(made.id, made.name, frozenset(grants))

    return write_transaction(work)


def furnish(client: FlaskClient, cast: Cast) -> tuple[Caller, dict[str, str]]:
    """One of everything: who may do it all, and the ids by the names that the API gives them."""
    caller = Caller(client, all_roles(cast))
    goods = shop.stock_up(cast)
    open_spa(cast)
    shop.policy(cast, goods.oil, 20_000_000, 30_000_000)
    branch = str(cast.branch_id)
    _buy(caller, branch, goods)
    lot = caller.get("/lots", branch_id=branch)["data"][0]["id"]
    some = {"branch_id": branch, "lot_id": lot, "amount": "1", "unit": "g"}
    caller.done("POST", "/containers", some)
    caller.done("POST", "/labels", {"branch_id": branch, "lot_ids": [lot]})
    caller.done(
        "POST", f"/items/{goods.ginger}/codes", {"code": "8935001712343", "amount": "5", "unit": "kg"}
    )
    caller.done("POST", "/waste-entries", some | {"reason": "spilled"})
    caller.done("POST", "/adjustments", some | {"reason": "unrecorded-use", "direction": "out"})
    _carry(caller, cast, some)
    recipe = caller.get("/brew-recipes")["data"][0]["id"]
    caller.done("POST", "/prepared-batches", {"branch_id": branch, "recipe_id": recipe, "batches": "1"})
    days = {"kind": "closed", "name": "Tết", "first_on": "2027-02-05", "last_on": "2027-02-08"}
    caller.done("POST", "/calendar-entries", days | {"branch_id": branch})
    much = {"branch_id": branch, "amount": "50", "unit": "kg"}
    caller.done("PUT", f"/items/{goods.ginger}/estimate", much)
    caller.done("POST", f"/items/{goods.ginger}/plan", {"branch_id": branch})
    listens = {"name": "Booking", "url": "https://hooks.example/", "events": ["movement.posted"]}
    caller.done("POST", "/webhooks", listens | {"branch_ids": [branch]})
    caller.done(
        "POST", "/stocktakes", {"branch_id": branch, "kind": "cycle", "item_ids": [str(goods.ginger)]}
    )
    _import(caller, branch)
    _treat(caller, branch)
    _recall(caller, branch, goods)
    return caller, read_snapshot(lambda session: _ids(session, cast))


def _import(caller: Caller, branch: str) -> None:
    content = b64encode("Mã;Tên;Nhóm;Đơn vị\nque;Quế;vỏ;kg\n".encode()).decode()
    given = {"branch_id": branch, "kind": "items", "file_name": "items.csv", "content": content}
    caller.done("POST", "/imports", given)


def _carry(caller: Caller, cast: Cast, some: dict[str, str]) -> None:
    item = caller.get(f"/lots/{some['lot_id']}")["item"]["id"]
    both = {"from_branch_id": str(cast.branch_id), "to_branch_id": str(cast.other_branch_id)}
    line = {"item_id": item, "amount": "1", "unit": "g"}
    sent = caller.done("POST", "/transfers", both | {"lines": [line]})
    caller.done("POST", f"/transfers/{sent['id']}/dispatch", {}, If_Match='"1"')
    caller.done("POST", "/transfers", both | {"lines": [line]})
    names = {"name": "Trolley", "position": 1}
    place = caller.done("POST", f"/branches/{cast.branch_id}/locations", names)["id"]
    moved = {"to_location_id": place, "from_location_id": str(cast.location_id)}
    caller.done("POST", "/stock-moves", some | moved)


def _buy(caller: Caller, branch: str, goods: shop.Goods) -> None:
    line = {"item_id": str(goods.ginger), "amount": "2", "unit": "carton"}
    for _time in range(2):
        asked = caller.done("POST", "/requisitions", {"branch_id": branch, "lines": [line]})
    caller.done("POST", f"/requisitions/{asked['id']}/submission")
    manager = Caller(caller.client, _second_manager())
    manager.done("POST", f"/requisitions/{asked['id']}/approval", If_Match='"2"')
    came = line | {"lot_number": "G-1", "expires_on": shop.LATER.isoformat()}
    body = {"branch_id": branch, "supplier_id": str(goods.farm), "lines": [came]}
    caller.done("POST", "/deliveries", body)


def _recall(caller: Caller, branch: str, goods: shop.Goods) -> None:
    """A lot of its own, so that the others may go on being used."""
    line = {"item_id": str(goods.ginger), "amount": "1", "unit": "kg"}
    came = line | {"lot_number": "R-1", "expires_on": shop.LATER.isoformat()}
    caller.done("POST", "/deliveries", {"branch_id": branch, "supplier_id": str(goods.farm), "lines": [came]})
    lots = caller.get("/lots", branch_id=branch, item_id=str(goods.ginger))["data"]
    (lot,) = [one["id"] for one in lots if one["number"] == "R-1"]
    caller.done("POST", "/recalls", {"branch_id": branch, "lot_id": lot, "reason": "Notice of the farm"})


def _second_manager() -> Actor:
    def look(session: Session) -> Actor:
        person = session.scalars(select(Person).where(Person.login == "second-manager")).one()
        return Actor(
            person.id, person.name, frozenset((grant.role, grant.branch_id) for grant in person.grants)
        )

    return read_snapshot(look)


def _treat(caller: Caller, branch: str) -> None:
    plan: dict[str, Any] = {
        "branch_id": branch,
        "procedure": "back-massage",
        "guests": [{"conditions": []}],
        "planned_at": noon().isoformat(),
    }
    for _time in range(2):
        visit = caller.done("POST", "/visits", plan)
        caller.done("POST", f"/visits/{visit['id']}/steps/1/completion", {})


def _ids(session: Session, cast: Cast) -> dict[str, str]:
    names = {f"{table}_id": table for table in TABLES} | OTHER_NAMES
    found = {
        name: session.execute(text(f'SELECT id FROM "{table}" ORDER BY id LIMIT 1')).scalar()
        for name, table in names.items()
    }
    known = {name: str(value) for name, value in found.items() if value is not None}
    return known | {
        "branch_id": str(cast.branch_id),
        "from_branch_id": str(cast.branch_id),
        "to_branch_id": str(cast.other_branch_id),
        "person_id": str(cast.therapist.person_id),
        "therapist_id": str(cast.therapist.person_id),
        "room_id": str(cast.room_id),
        "location_id": str(cast.location_id),
    }
