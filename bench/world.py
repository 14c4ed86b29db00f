"""Twenty branches with five hundred items, loaded in bulk: whole books with a chain that `check` accepts.

Every ledger size has the same shelf, flags and visits, and an item (HOT) with the same days of use and more
than a page of movements, so that what is slower at ten million is slower because of the ledger.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bench.stores import Store
from supply import clock
from supply.database import new_id
from supply.domain.ledger import chain
from supply.domain.people.passwords import digest

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BRANCHES, ITEMS, STOCKED = 20, 500, 100
# Of the stocked items the last twenty are flagged; steps use the others.
USED, LOW = 80, 10
HOT, HOT_USES = 0, 200
STEPS, DAYS = 6, 90
LOT_QUANTITY, STANDARD = 10**9, 5_000


@dataclass(frozen=True, slots=True)
class Step:
    """A visit step that waits to be done, with its three items."""

    branch: int
    visit_id: UUID
    id: UUID
    position: int
    items: tuple[UUID, ...]


@dataclass(slots=True)
class Place:
    """A lot on the shelf of its branch."""

    lot: UUID
    item: UUID
    expires_on: date
    quantity: int = LOT_QUANTITY
    id: UUID = field(default_factory=new_id)


@dataclass(slots=True)
class Branch:
    id: UUID = field(default_factory=new_id)
    location: UUID = field(default_factory=new_id)
    therapist: UUID = field(default_factory=new_id)
    secret: str = field(default_factory=lambda: f"spl_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}")
    places: list[Place] = field(default_factory=list)
    seq: int = 0
    hash: bytes = chain.GENESIS


class World:
    """What was loaded. `take_steps` hands out each waiting step once, branch by branch."""

    def __init__(self, store: Store, movements: int, steps: int, *, visits_today: int = 0) -> None:
        self.store = store
        self.random = Random(1)
        # Noon in the branches' time zone, so that an hour more or less is the same day.
        yesterday = clock.now().astimezone(ZONE) - timedelta(days=1)
        self.noon = yesterday.replace(hour=12, minute=0, second=0, microsecond=0).astimezone(UTC)
        self.branches = [Branch() for _ in range(BRANCHES)]
        self.items = [new_id() for _ in range(ITEMS)]
        self.supplier, self.procedure, self.recipe = new_id(), new_id(), new_id()
        self.recipe_steps = [new_id() for _ in range(STEPS)]
        self.reserved: Counter[tuple[UUID, UUID]] = Counter()
        self.demand: Counter[tuple[UUID, UUID, date]] = Counter()
        self.movements = movements
        self._reference()
        self._people()
        self._steps = self._visits(-(-steps // STEPS), self.noon)
        # Neighbours in the line belong to different branches, as they do on a busy day.
        self._steps.sort(key=lambda step: step.position)
        # Visits of the first branch's day, for whoever looks ahead; nobody completes them.
        self._visits(visits_today, self.noon + timedelta(days=1), branches=1)
        self._shelf()
        store.finish()

    def take_steps(self, count: int) -> list[Step]:
        taken, self._steps = self._steps[:count], self._steps[count:]
        assert len(taken) == count, "the world was loaded with too few steps"
        return taken

    def take_steps_of_one_branch(self, count: int) -> list[Step]:
        """Of the branch that has most steps left."""
        return self.take_steps_of(Counter(step.branch for step in self._steps).most_common(1)[0][0], count)

    def take_steps_of(self, branch: int, count: int) -> list[Step]:
        taken = [step for step in self._steps if step.branch == branch][:count]
        assert len(taken) == count, "the world was loaded with too few steps"
        gone = {step.id for step in taken}
        self._steps = [step for step in self._steps if step.id not in gone]
        return taken

    def secret_of(self, step: Step) -> str:
        return self.branches[step.branch].secret

    def _fill(self, table: str, columns: str, rows: Iterator[Sequence[Any]] | list[Sequence[Any]]) -> None:
        self.store.fill(table, columns.split(), rows)

    def _reference(self) -> None:
        self._fill(
            "branch",
            "id code name timezone currency version",
            [
                (branch.id, f"B{n:02}", f"Branch {n}", ZONE.key, "VND", 1)
                for n, branch in enumerate(self.branches)
            ],
        )
        self._fill(
            "location",
            "id branch_id name position",
            [(branch.location, branch.id, "Storeroom", 0) for branch in self.branches],
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
        self._fill(
            "supplier",
            "id code name language order_days lead_time_days order_fee_minor active search_key version",
            [(self.supplier, "LS", "Lang Sen", "vi", 127, 3, 0, True, "lang sen", 1)],
        )
        self._fill(
            "procedure",
            "id code name_en name_vi active search_key version",
            [(self.procedure, "massage", "Massage", "Massage", True, "massage", 1)],
        )
        self._fill(
            "recipe_version",
            "id procedure_id number published_at version",
            [(self.recipe, self.procedure, 1, self.noon, 1)],
        )
        self._fill(
            "step",
            "id recipe_version_id position name_en name_vi",
            [(id_, self.recipe, n, f"Step {n}", f"Step {n}") for n, id_ in enumerate(self.recipe_steps, 1)],
        )

    def _people(self) -> None:
        """A therapist for each branch who may also take deliveries in, with a token for exactly that."""
        people = list(enumerate(self.branches))
        self._fill(
            "person",
            "id login name language theme password_hash active session_epoch version created_at",
            [(b.therapist, f"t{n}", f"T {n}", "en", "auto", "-", True, 1, 1, self.noon) for n, b in people],
        )
        self._fill(
            "role_grant",
            "id person_id branch_id role",
            [(new_id(), b.therapist, b.id, role) for _n, b in people for role in ("therapist", "storeroom")],
        )
        scopes = ["visit:complete-own", "stock:see", "delivery:log"]
        until = self.noon + timedelta(days=300)
        self._fill(
            "api_token",
            "id person_id name prefix secret_hash scopes created_at expires_at seen_at",
            [
                (new_id(), b.therapist, "bench", b.secret[4:12], digest(b.secret), scopes, self.noon, until,
                 clock.now())
                for _n, b in people
            ],
        )  # fmt: skip

    def _visits(self, count: int, planned_at: datetime, branches: int = BRANCHES) -> list[Step]:
        steps = []
        for n in range(count):
            visit = new_id()
            for position in range(1, STEPS + 1):
                first = self.random.randrange(USED // 3)
                items = tuple(self.items[first + third * (USED // 3)] for third in range(3))
                steps.append(Step(n % branches, visit, new_id(), position, items))
        visits = {step.visit_id: self.branches[step.branch].id for step in steps}
        self._fill(
            "visit",
            "id branch_id procedure_id recipe_version_id party_size planned_at recorded_at status"
            " has_conditions version",
            [
                (visit, branch, self.procedure, self.recipe, 1, planned_at, self.noon, "planned", False, 1)
                for visit, branch in visits.items()
            ],
        )
        self._fill(
            "visit_guest", "visit_id position conditions factors", [(visit, 1, [], []) for visit in visits]
        )
        self._fill(
            "visit_step",
            "id branch_id visit_id step_id position status",
            [
                (s.id, self.branches[s.branch].id, s.visit_id, self.recipe_steps[s.position - 1], s.position,
                 "planned")
                for s in steps
            ],
        )  # fmt: skip
        self._fill("visit_line", "visit_step_id position item_id quantity rule", self._visit_lines(steps))
        return steps

    def _visit_lines(self, steps: list[Step]) -> Iterator[Sequence[Any]]:
        for step in steps:
            for position, item in enumerate(step.items, 1):
                self.reserved[self.branches[step.branch].id, item] += STANDARD
                yield step.id, position, item, STANDARD, "5 g × 1"

    def _shelf(self) -> None:
        """Two lots of each stocked item; the first of the last items is past its day."""
        today = self.noon.date()
        for branch in self.branches:
            for n in range(STOCKED):
                past = n >= STOCKED - LOW
                first = today - timedelta(days=30) if past else today + timedelta(days=200)
                for day in (first, today + timedelta(days=400)):
                    branch.places.append(Place(new_id(), self.items[n], day))
        self._fill(
            "lot",
            "id branch_id item_id kind number supplier_id expires_on created_at",
            [
                (p.lot, b.id, p.item, "supplier", f"L{n}", self.supplier, p.expires_on, self.noon)
                for b in self.branches
                for n, p in enumerate(b.places)
            ],
        )
        self._fill("movement", " ".join((*chain.FIELDS, "hash")), self._all_movements())
        self._fill("ledger_head", "branch_id seq hash", [(b.id, b.seq, b.hash) for b in self.branches])
        self._fill(
            "holding",
            "id branch_id item_id lot_id location_id expires_on quantity",
            [
                (p.id, b.id, p.item, p.lot, b.location, p.expires_on, p.quantity)
                for b in self.branches
                for p in b.places
            ],
        )
        self._fill(
            "demand_day",
            "branch_id item_id day_on used short",
            [(branch, item, day, used, 0) for (branch, item, day), used in self.demand.items()],
        )
        self._fill(
            "stock_level",
            "branch_id item_id on_hand quarantined reserved on_order reorder_point par_level policy_version",
            self._levels(),
        )

    def _levels(self) -> Iterator[Sequence[Any]]:
        for branch in self.branches:
            on_hand: Counter[UUID] = Counter()
            for place in branch.places:
                on_hand[place.item] += place.quantity
            for n, item in enumerate(self.items):
                reserved = self.reserved[branch.id, item]
                point = _reorder_point(n)
                yield branch.id, item, on_hand[item], 0, reserved, 0, point, point and 2 * point, 1

    def _all_movements(self) -> Iterator[Sequence[Any]]:
        for branch in self.branches:
            delivery = new_id()
            for line, place in enumerate(branch.places, 1):
                came = self.noon - timedelta(days=DAYS + 1)
                yield self._movement(
                    branch, place, "receipt", place.quantity, came, "delivery", delivery, line
                )
            completion = new_id()
            for n in range(self.movements // BRANCHES - len(branch.places)):
                item = HOT if n < HOT_USES else n % USED
                # From the lot that expires first.
                place = branch.places[2 * item]
                day = self.noon - timedelta(days=n % DAYS)
                place.quantity -= 1
                self.demand[branch.id, place.item, day.date()] += 1
                if n % 3 == 0:
                    completion = new_id()
                yield self._movement(branch, place, "usage", -1, day, "completion", completion, n % 3 + 1)

    def _movement(
        self, branch: Branch, place: Place, kind: str, quantity: int, when: datetime, *source: Any
    ) -> Sequence[Any]:
        branch.seq += 1
        type_, source_id, line = source
        row = (
            chain.VERSION, branch.id, branch.seq, kind, place.item, place.lot, branch.location, None,
            quantity, when, when, branch.therapist, None, type_, source_id, line, None,
        )  # fmt: skip
        branch.hash = sha256(branch.hash + _byte_form(row)).digest()
        return (*row, branch.hash)


def _reorder_point(n: int) -> int | None:
    """Used items are never low; ten are low by themselves, ten because a lot is past its day."""
    if n < USED:
        return 0
    if n < STOCKED - LOW:
        return 3 * LOT_QUANTITY
    return LOT_QUANTITY + 1 if n < STOCKED else None


_text: dict[Any, str] = {None: ""}


def _byte_form(row: Sequence[Any]) -> bytes:
    """What chain.byte_form gives, with the texts of ids and instants kept: ten million take minutes."""
    if len(_text) > 50_000:
        _text.clear()
    parts = []
    for value in row:
        if value.__class__ is int or value.__class__ is str:
            parts.append(str(value))
        else:
            text = _text.get(value)
            if text is None:
                text = _text[value] = chain._text(value)
            parts.append(text)
    return "|".join(parts).encode()
