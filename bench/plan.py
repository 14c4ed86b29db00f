"""`python -m bench.plan [--items 1000]`: how long the nightly plan of a branch and the plan of one item take.

On SQLite, with half a year of demand of every item, through the services as `supply plan` calls them.
"""

from __future__ import annotations

import argparse
import gc
import math
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any
from uuid import UUID

from bench.looks import opened
from bench.sections import PLAN, write_section
from bench.stores import new_sqlite
from supply import clock
from supply.database import new_id, read_snapshot, write_transaction
from supply.domain.branches.models import Branch
from supply.domain.planning import books, service
from supply.domain.planning.inputs import observe
from supply.permissions import Actor, Role

ITEMS, ITEMS_OF_A_SUPPLIER, ORDERS = 1000, 25, 12
DAYS = books.HISTORY_DAYS
AGAIN, ONE_ITEM = 3, 20
GRAM = 1000


class Shop:
    """One branch whose items are used every day, bought from suppliers of twenty-five items each."""

    def __init__(self, folder: Path, items: int) -> None:
        self.store = new_sqlite(folder)
        self.random = Random(1)
        self.branch, self.location, self.person = new_id(), new_id(), new_id()
        self.items = [new_id() for _ in range(items)]
        self.suppliers = [new_id() for _ in range(math.ceil(items / ITEMS_OF_A_SUPPLIER))]
        self.now = clock.now()
        self.today = clock.today("Asia/Ho_Chi_Minh")
        self._reference()
        self._orders()
        self._books()
        self.store.finish()

    def _fill(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        self.store.fill(table, columns.split(), rows)

    def _reference(self) -> None:
        self._fill(
            "branch",
            "id code name timezone currency version",
            [(self.branch, "B", "Branch", "Asia/Ho_Chi_Minh", "VND", 1)],
        )
        self._fill(
            "location",
            "id branch_id name position",
            [(self.location, self.branch, "Storeroom", 0)],
        )
        self._fill(
            "person",
            "id login name language theme password_hash active session_epoch version created_at",
            [(self.person, "p", "P", "en", "auto", "-", True, 1, 1, self.now)],
        )
        self._fill(
            "item",
            "id code name_en name_vi category dimension stock_unit usage_unit natural_step"
            " lot_required expiry_required assumed active search_key sort_key shelf_life_days"
            " version",
            [
                (id_, *[f"herb-{n:05}"] * 3, "herb", "mass", "g", "g", 1000, True, True, False, True)
                + (f"herb-{n:05}",) * 2
                + (30 + n % 300, 1)
                for n, id_ in enumerate(self.items)
            ],
        )
        self._fill(
            "supplier",
            "id code name language order_days lead_time_days order_fee_minor active search_key version",
            [
                (id_, f"S{n}", f"S{n}", "vi", 127, 2 + n % 5, 30_000, True, f"s{n}", 1)
                for n, id_ in enumerate(self.suppliers)
            ],
        )
        self._fill(
            "supplier_terms",
            "id supplier_id item_id pack_name pack_quantity price_minor currency minimum_packs preferred"
            " second",
            [
                (
                    new_id(),
                    self.suppliers[n // ITEMS_OF_A_SUPPLIER],
                    item,
                    "bag",
                    500 * GRAM,
                    60_000,
                    "VND",
                    1,
                    True,
                    False,
                )
                for n, item in enumerate(self.items)
            ],
        )

    def _orders(self) -> None:
        """What lead times are learned from."""
        rows = []
        for supplier in self.suppliers:
            for n in range(ORDERS):
                ordered = self.now - timedelta(days=14 * (n + 1))
                arrived = ordered + timedelta(days=2 + self.random.randrange(4))
                rows.append(
                    (new_id(), self.branch, len(rows) + 1, supplier, new_id(), "received", ordered, ordered,
                     arrived, arrived, 1)
                )  # fmt: skip
        columns = (
            "id branch_id number supplier_id requisition_id status approved_at ordered_at expected_at"
            " arrived_at version"
        )
        self._fill("purchase_order", columns, rows)

    def _books(self) -> None:
        daily = {item: self.random.randrange(20, 400) for item in self.items}
        self._fill(
            "demand_day",
            "branch_id item_id day_on used short",
            (
                (self.branch, item, self.today - timedelta(days=back), self._used(mean), 0)
                for back in range(DAYS, -1, -1)
                for item, mean in daily.items()
            ),
        )
        lots = [
            (new_id(), item, self.today + timedelta(days=self.random.randrange(5, 120)), share)
            for item in self.items
            for share in (self.random.randrange(2, 8), self.random.randrange(2, 40))
        ]
        self._fill(
            "lot",
            "id branch_id item_id kind number expires_on created_at",
            [(lot, self.branch, item, "supplier", "L", day, self.now) for lot, item, day, _ in lots]
            + list(self._past_lots()),
        )
        self._fill(
            "holding",
            "id branch_id item_id lot_id location_id expires_on quantity",
            [
                (new_id(), self.branch, item, lot, self.location, day, days * daily[item] * GRAM)
                for lot, item, day, days in lots
            ],
        )

    def _past_lots(self) -> Iterator[Sequence[Any]]:
        """Those of the year's deliveries: nothing is left of them, but how long they lived is learned."""
        for item in self.items:
            life = self.random.randrange(10, 300)
            for back in range(14, 365, 14):
                came = self.now - timedelta(days=back)
                last = self.today + timedelta(days=life - back + self.random.randrange(5))
                yield (new_id(), self.branch, item, "supplier", "L", last, came)

    def _used(self, mean: int) -> int:
        return max(round(self.random.gauss(mean, mean / 3)), 0) * GRAM


def run(items: int = ITEMS) -> str:
    """Measure; the section of the page."""
    folder = Path(tempfile.mkdtemp(prefix="supply-bench-plan-"))
    try:
        shop = Shop(folder, items)
        with opened(shop.store.url):
            _collect_as_the_server_does()
            looking = _timed(lambda: read_snapshot(lambda s: observe(s, s.get_one(Branch, shop.branch))), 1)
            first = _timed(lambda: _plan(shop.branch), 1)
            again = _timed(lambda: _plan(shop.branch), AGAIN)
            one = _timed(lambda: _plan_item(shop), ONE_ITEM)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    hundred = again / items * 1e6 / 60
    return "\n".join(
        (
            f"`python -m bench.plan`: a branch of {items:,} items, {DAYS} days of demand and 27 "
            f"lots of each, {len(shop.suppliers)} suppliers, on SQLite; processor time of one process.",
            "",
            "| what | measured | limit |",
            "|---|---|---|",
            f"| the nightly plan, an item (first night) | {first / items * 1000:.2f} ms | |",
            f"| the nightly plan, an item (every other night) | {again / items * 1000:.2f} ms | |",
            f"| thereof reading the books, an item | {looking / items * 1000:.2f} ms | |",
            f"| 10,000 items × 100 branches at that rate | {hundred:.0f} min | 10 min |",
            f"| one of a supplier's {ITEMS_OF_A_SUPPLIER} items planned anew | {one * 1000:.0f} ms | 50 ms |",
        )
    )


def _collect_as_the_server_does() -> None:
    """`supply plan` is started through wsgi.py, which sets the collector so."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _plan(branch_id: UUID) -> None:
    write_transaction(lambda s: service.plan_branch(s, s.get_one(Branch, branch_id)).flagged)


def _plan_item(shop: Shop) -> None:
    actor = Actor(shop.person, "P", frozenset({(Role.STOREROOM, shop.branch)}))
    item = shop.random.choice(shop.items)
    write_transaction(lambda s: service.plan_item(s, actor, shop.branch, item) is not None)


def _timed(work: Callable[[], object], times: int) -> float:
    """The median seconds of the processor: others on the machine take none of them."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.plan", description=__doc__)
    parser.add_argument("--items", type=int, default=ITEMS, help="another number prints only")
    told = parser.parse_args()
    section = run(told.items)
    print(section)
    if told.items == ITEMS:
        write_section(PLAN, section)


if __name__ == "__main__":
    main()
