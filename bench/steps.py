"""One completed step, and a hundred in a request, beside the limit: in turns, medians of rounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import clients, limit
from bench.clients import Load
from bench.served import Server, cpu_seconds, served
from bench.stores import PostgresStore, SqliteStore, fsyncs_per_second
from bench.world import BRANCHES, World

BULK, WARM_UP = 100, 400
AnyStore = PostgresStore | SqliteStore


@dataclass(frozen=True, slots=True)
class Plan:
    """How long it is measured: rounds, and operations in each."""

    rounds: int
    by_hand: int
    steps: int
    bulks: int

    @property
    def needed(self) -> int:
        """Waiting steps that the world must hold: at the end still bulks of each branch's."""
        return (
            WARM_UP
            + 2 * BRANCHES * BULK
            + self.rounds * (2 * (self.by_hand + self.steps) + BULK * self.bulks)
        )


@dataclass(slots=True)
class Sides:
    """The product and the limit, one number a round. CPU in milliseconds of an operation, rates a second."""

    rate: list[float] = field(default_factory=list)
    limit: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p95: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    limit_cpu: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        return median(self.rate) / median(self.limit)

    @property
    def spread(self) -> float:
        return median(self.p95) / median(self.p50)

    @property
    def cpu_ratio(self) -> float:
        return median(self.cpu) / median(self.limit_cpu)


@dataclass(slots=True)
class Result:
    """Of one database with one ledger."""

    store: str
    movements: int
    server: str
    single: dict[int, Sides] = field(default_factory=lambda: {1: Sides(), 8: Sides()})
    bulk_rate: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[bytes] = field(default_factory=list)
    fsyncs: list[float] = field(default_factory=list)
    memory: float = 0.0

    @property
    def bulk_share(self) -> float:
        return median(self.bulk_rate) / median(self.single[1].limit)

    @property
    def failed(self) -> int:
        return sum(count for status, count in self.statuses.items() if status >= 400)

    def note(self, load: Load) -> Load:
        self.statuses += load.statuses
        self.faults += load.faults
        return load


def measure(world: World, store: AnyStore, folder: Path, plan: Plan, kind: str = "granian") -> Result:
    """Rounds of: the disk; by hand and the product, with 1 client and with 8; a hundred steps a request."""
    result = Result(store.name, world.movements, kind)
    with served(store.url, folder, kind) as server:
        result.note(clients.run(server.port, _singles(world, WARM_UP), 8))
        for _ in range(plan.rounds):
            result.fsyncs.append(fsyncs_per_second(folder, 0.5))
            for count, sides in result.single.items():
                _by_hand(world, store, plan.by_hand, count, sides)
                _product(world, store, server, _singles(world, plan.steps), count, sides, result)
            load = result.note(clients.run(server.port, _bulks(world, plan.bulks), 1))
            result.bulk_rate.append(load.rate * BULK)
        result.memory = server.most_memory()
    return result


def _by_hand(world: World, store: AnyStore, steps: int, count: int, sides: Sides) -> None:
    todo = world.take_steps(steps)
    before = cpu_seconds(store.pids())
    if isinstance(store, PostgresStore):
        load = limit.on_postgres(world, store, todo, count)
    else:
        load = limit.on_sqlite(world, store, todo)
    sides.limit.append(load.rate)
    sides.limit_cpu.append((cpu_seconds(store.pids()) - before) / steps * 1000)


def _product(
    world: World,
    store: AnyStore,
    server: Server,
    requests: Sequence[bytes],
    count: int,
    sides: Sides,
    result: Result,
) -> None:
    before = cpu_seconds([*server.pids(), *store.pids()])
    load = result.note(clients.run(server.port, requests, count))
    sides.cpu.append((cpu_seconds([*server.pids(), *store.pids()]) - before) / len(requests) * 1000)
    sides.rate.append(load.rate)
    sides.p50.append(load.p50)
    sides.p95.append(load.p95)


def _singles(world: World, count: int) -> list[bytes]:
    return [
        clients.post(f"/visits/{step.visit_id}/steps/{step.position}/completion", world.secret_of(step))
        for step in world.take_steps(count)
    ]


def _bulks(world: World, count: int) -> list[bytes]:
    """Requests of a hundred steps, each of one branch."""
    bodies = []
    for _ in range(count):
        steps = world.take_steps_of_one_branch(BULK)
        body = {
            "branch_id": str(world.branches[steps[0].branch].id),
            "completions": [{"visit_id": str(step.visit_id), "position": step.position} for step in steps],
        }
        bodies.append(clients.post("/step-completions", world.secret_of(steps[0]), body))
    return bodies
