"""`python -m bench.reports [movements]`: how long a branch's reports take, its ledger of a million movements.

One branch, two years, some hundred visits a day: the totals by day against reading the movements themselves.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.stores import Rows, Store, new_postgres, new_sqlite, postgres_server, settings_for
from bench.world import _byte_form
from supply import clock
from supply.app import create_app
from supply.database import db, new_id, read_snapshot, write_transaction
from supply.domain.branches.models import Branch
from supply.domain.ledger import chain
from supply.domain.ledger.models import Lot, Movement
from supply.domain.reports import costs, figures, worth
from supply.domain.reports.case_tallying import tally_cases
from supply.domain.reports.cases import Apart, Asked, list_cases
from supply.domain.reports.kinds import Kind
from supply.domain.reports.tallying import tally_branch
from supply.domain.reports.variance import By, variance_of
from supply.permissions import Actor, Role

ITEMS, PROCEDURES, STEPS, PACKAGES, DAYS, LINES = 300, 8, 6, 3, 730, 3
PEOPLE = 10
ROUNDS = 7


class Spa:
    """The rows of a branch of which `movements` lines of completed steps are known."""

    def __init__(self, store: Store, movements: int) -> None:
        self.store, self.random = store, Random(5)
        self.branch, self.location = new_id(), new_id()
        self.people = [new_id() for _ in range(PEOPLE)]
        self.items = [new_id() for _ in range(ITEMS)]
        self.noon = (clock.now() - timedelta(days=1)).astimezone(UTC).replace(hour=5, minute=0, second=0)
        self.lots: dict[tuple[int, int], UUID] = {}
        self.seq, self.hash = 0, chain.GENESIS
        self._reference()
        done = list(self._completions(movements // LINES))
        self._fill("movement", " ".join((*chain.FIELDS, "hash")), self._movements(done))
        self._fill("ledger_head", "branch_id seq hash", [(self.branch, self.seq, self.hash)])
        self._fill(
            "completion_line",
            "completion_id position item_id standard actual shortfall",
            (
                (one[0], line, self.items[item], 5_000, quantity, 0)
                for one in done
                for line, (item, quantity) in enumerate(one[2], 1)
            ),
        )
        store.finish()

    def _fill(self, table: str, columns: str, rows: Rows) -> None:
        self.store.fill(table, columns.split(), rows)

    def _reference(self) -> None:
        """Branch, person, items, lots of a month each, procedures with their recipes and packages."""
        self._fill(
            "branch",
            "id code name timezone currency version",
            [(self.branch, "B", "Branch", "Asia/Ho_Chi_Minh", "VND", 1)],
        )
        self._fill("location", "id branch_id name position", [(self.location, self.branch, "Shelf", 0)])
        self._fill(
            "person",
            "id login name language theme password_hash active session_epoch version created_at",
            [
                (id_, f"m{n}", f"M{n}", "en", "auto", "-", True, 1, 1, self.noon)
                for n, id_ in enumerate(self.people)
            ],
        )
        self._fill(
            "item",
            "id code name_en name_vi category dimension stock_unit usage_unit natural_step lot_required"
            " expiry_required assumed active search_key sort_key version",
            [
                (id_, *[code] * 3, "herb", "mass", "g", "g", 1000, True, True, False, True, *[code] * 2, 1)
                for id_, code in ((id_, f"herb-{n:03}") for n, id_ in enumerate(self.items))
            ],
        )
        months = range(-1, DAYS // 30 + 1)
        self.lots = {(item, month): new_id() for item in range(ITEMS) for month in months}
        self._fill(
            "lot",
            "id branch_id item_id kind number created_at cost_minor cost_quantity currency",
            [
                (id_, self.branch, self.items[item], "supplier", f"L{month}", self.noon,
                 self.random.randrange(1, 90), self.random.choice((7, 8, 40, 125, 1000)), "VND")
                for (item, month), id_ in self.lots.items()
            ],
        )  # fmt: skip
        self.procedures = [new_id() for _ in range(PROCEDURES)]
        self.recipes = [new_id() for _ in range(PROCEDURES)]
        self.steps = {(p, n): new_id() for p in range(PROCEDURES) for n in range(1, STEPS + 1)}
        self.packages = {(p, n): new_id() for p in range(PROCEDURES) for n in range(PACKAGES)}
        numbered = list(enumerate(self.procedures))
        self._fill(
            "procedure",
            "id code name_en name_vi active search_key version",
            [(id_, f"p{n}", f"P{n}", f"P{n}", True, f"p{n}", 1) for n, id_ in numbered],
        )
        self._fill(
            "recipe_version",
            "id procedure_id number published_at version",
            [(self.recipes[n], id_, 1, self.noon, 1) for n, id_ in numbered],
        )
        self._fill(
            "step",
            "id recipe_version_id position name_en name_vi",
            [(id_, self.recipes[p], n, f"S{n}", f"S{n}") for (p, n), id_ in self.steps.items()],
        )
        self._fill(
            "package",
            "id procedure_id code name_en name_vi active",
            [(id_, self.procedures[p], *[f"k{p}-{n}"] * 3, True) for (p, n), id_ in self.packages.items()],
        )  # fmt: skip

    def _completions(self, count: int) -> Iterator[tuple[UUID, datetime, list[tuple[int, int]]]]:
        """Day by day; writes the visits on the way."""
        visits, visit_steps, completions = [], [], []
        told = []
        for number in range(-(-count // STEPS)):
            at = self.noon - timedelta(days=DAYS - 1 - number * STEPS * DAYS // count, minutes=number % 300)
            procedure, visit = self.random.randrange(PROCEDURES), new_id()
            package = self.packages.get((procedure, self.random.randrange(PACKAGES + 1)))
            visits.append(
                (visit, self.branch, self.procedures[procedure], self.recipes[procedure], package, 1, at, at,
                 "finished", False, 1)
            )  # fmt: skip
            for position in range(1, STEPS + 1):
                step, done = new_id(), new_id()
                visit_steps.append(
                    (step, self.branch, visit, self.steps[procedure, position], position, "completed")
                )
                completions.append((done, self.branch, step, self.random.choice(self.people), at, at))
                first = (procedure * STEPS + position) * LINES
                lines = [
                    ((first + line) % ITEMS, self.random.choice((4_000, 5_000, 5_000, 6_000)))
                    for line in range(LINES)
                ]
                told.append((done, at, lines))
        self._fill(
            "visit",
            "id branch_id procedure_id recipe_version_id package_id party_size planned_at recorded_at status"
            " has_conditions version",
            visits,
        )
        self._fill("visit_step", "id branch_id visit_id step_id position status", visit_steps)
        self._fill("completion", "id branch_id visit_step_id person_id happened_at recorded_at", completions)
        yield from told

    def _movements(self, done: Sequence[Any]) -> Iterator[Sequence[Any]]:
        for (item, month), lot in self.lots.items():
            at = self.noon - timedelta(days=DAYS - 1 - month * 30)
            yield self._movement("receipt", item, lot, 10**9, min(at, self.noon), "delivery", new_id(), 1)
        for source, at, lines in done:
            month = (at - self.noon + timedelta(days=DAYS - 1)).days // 30
            for line, (item, quantity) in enumerate(lines, 1):
                lot = self.lots[item, month]
                yield self._movement("usage", item, lot, -quantity, at, "completion", source, line)

    def _movement(self, kind: str, item: int, lot: UUID, quantity: int, at: datetime, *source: Any) -> Any:
        self.seq += 1
        row = (
            chain.VERSION, self.branch, self.seq, kind, self.items[item], lot, self.location, None,
            quantity, at, at, self.people[0], None, *source, None,
        )  # fmt: skip
        self.hash = chain.sha256(self.hash + _byte_form(row)).digest()
        return (*row, self.hash)


def scanned(session: Session, branch_id: UUID, since: datetime) -> Any:
    """What a report costs that reads the movements: each day's value of a year, without what is undone."""
    query = (
        select(
            func.date(Movement.happened_at), Lot.cost_quantity, func.sum(Movement.quantity * Lot.cost_minor)
        )
        .join(Lot, Lot.id == Movement.lot_id)
        .where(Movement.branch_id == branch_id, Movement.happened_at >= since)
        .group_by(func.date(Movement.happened_at), Lot.cost_quantity)
    )
    return session.execute(query).all()


def timed(work: Callable[[Session], Any]) -> str:
    spent = []
    for _round in range(ROUNDS):
        began = time.perf_counter()
        read_snapshot(work)
        spent.append((time.perf_counter() - began) * 1000)
    return f"{statistics.median(spent):.0f} ms"


def measure(store: Store, movements: int) -> None:
    spa = Spa(store, movements)
    app = create_app(settings_for(store.url))
    with app.app_context():
        began, left, longest = time.perf_counter(), 1, 0.0
        while left:
            portion = time.perf_counter()
            left = write_transaction(
                lambda session: tally_branch(session, session.get_one(Branch, spa.branch))
            )
            longest = max(longest, time.perf_counter() - portion)
        spent = time.perf_counter() - began
        began = time.perf_counter()
        while write_transaction(lambda session: tally_cases(session, session.get_one(Branch, spa.branch))):
            pass
        print(f"  their completions as cases in {time.perf_counter() - began:.0f} s")
        actor = Actor(spa.people[0], "m0", frozenset({(Role.MANAGER, spa.branch)}))
        last = clock.day_of(spa.noon, "Asia/Ho_Chi_Minh")
        print(f"{store.name}: {spa.seq:,} movements added up in {spent:.0f} s, a portion in {longest:.1f} s")

        asked = Asked(spa.branch, last - timedelta(days=364), last)

        def told(
            work: Callable[[Session, figures.Books], Any], days: int = 366, ago: int = 0
        ) -> Callable[[Session], Any]:
            until = last - timedelta(days=ago)
            return lambda session: work(
                session,
                figures.open_books(session, actor, spa.branch, until - timedelta(days=days - 1), until),
            )

        for name, work in {
            "a year's value by day, from the movements": lambda s: scanned(
                s, spa.branch, spa.noon - timedelta(days=366)
            ),
            "a year's value by day": told(worth.worth_by_day),
            "the year's before": told(worth.worth_by_day, 363, 366),
            "the items of a day a year ago": told(lambda s, b: worth.items_at(s, b, b.first)),
            "use by item, a year": told(
                lambda s, b: figures.by_item(s, b, "item_id", "kind", kinds=[Kind.USE])
            ),
            **{
                f"costs by {by}, a year": told(
                    lambda s, b, by=by: costs.costs_of(s, figures.whole_months(b), by)
                )
                for by in costs.CostsBy
            },
            **{
                f"recipe and use by {by}, a year of days": lambda s, by=by: variance_of(s, actor, asked, by)
                for by in By
            },
            "the completions behind": lambda s: list_cases(s, actor, asked),
            "the completions with an incident (none)": lambda s: list_cases(
                s, actor, asked, apart=Apart.INCIDENT
            ),
        }.items():
            print(f"  {name}: {timed(work)}")
        db.engine.dispose()


def main() -> None:
    movements = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        measure(new_sqlite(Path(folder)), movements)
    with postgres_server() as server:
        measure(new_postgres(server), movements)


if __name__ == "__main__":
    main()
