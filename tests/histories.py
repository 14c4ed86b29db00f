"""A spa to which everything happens, one verb each: amounts are grams, `pick` chooses among what there is.

Refusals are Conflicts and change nothing. What can be taken back is, in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.database import read_snapshot, write_transaction
from supply.domain.branches import service as branches
from supply.domain.containers import finishing
from supply.domain.containers import service as containers
from supply.domain.containers.models import FinishReason
from supply.domain.ledger import reading
from supply.domain.ledger.shelf import quarantine_lot
from supply.domain.recalls import service as recalls
from supply.domain.stocktake import counting, opening, posting, reviewing, tallying, telling
from supply.domain.stocktake import service as correcting
from supply.domain.stocktake.differing import add_up, weigh
from supply.domain.stocktake.models import AdjustmentReason, DifferenceReason, Stocktake, StocktakeKind
from supply.domain.stocktake.tallying import Holds, Rest
from supply.domain.transfers import moving
from supply.domain.transfers.models import BrokenReason, MissingReason, Transfer
from supply.domain.visits import service as visits
from supply.domain.waste import service as waste
from supply.domain.waste.models import WasteReason
from supply.recalling import settle
from tests import brewing, carriers, shelves, treatments
from tests.brewing import Brewery
from tests.cast import Cast

BATH = 2


@dataclass
class Spa:
    """The wood of the bath comes, is used, brewed, carried about, counted and thrown away."""

    cast: Cast
    brewery: Brewery
    cellar: UUID
    undos: list[Callable[[], Any]] = field(default_factory=list)
    under_way: list[UUID] = field(default_factory=list)
    arrived: list[UUID] = field(default_factory=list)
    opened: list[UUID] = field(default_factory=list)
    blocked: list[UUID] = field(default_factory=list)
    recalled: list[UUID] = field(default_factory=list)
    stocktake: UUID | None = None

    @property
    def item_id(self) -> UUID:
        return self.brewery.perilla

    def do(self, work: Callable[..., Any], actor: Any = None, **told: Any) -> Any:
        """Do something in the branch as the storekeeper, and commit."""
        who = actor or self.cast.storekeeper
        return write_transaction(lambda session: work(session, who, branch_id=self.cast.branch_id, **told))

    def on(self, work: Callable[..., Any], own_id: UUID, actor: Any = None, **told: Any) -> Any:
        """Do something to what has this id, as the manager, and commit."""
        return write_transaction(lambda session: work(session, actor or self.cast.manager, own_id, **told))

    def standing(self, item_id: UUID | None = None) -> list[Any]:
        """(lot, location, container, quantity) of each place."""
        return read_snapshot(
            lambda session: [
                (row.Lot.id, row.Location.id, row.Holding.container_id, row.Holding.quantity)
                for row in reading.list_holdings(session, self.cast.branch_id, item_id or self.item_id)
            ]
        )

    def receive(self, grams: int, pick: int) -> None:
        expires_on = date(2030 + pick, 1, 1)
        made, _lot = shelves.stock(
            self.cast, self.item_id, grams * 1_000, number=f"L{pick}", expires_on=expires_on
        )
        self.undos.append(lambda: shelves.undo(self.cast, "delivery", made))

    def use(self, grams: int, pick: int) -> None:
        wanted = [(self.item_id, grams * 1_000), (self.brewery.bark, pick)]
        used, _deducted = shelves.use(self.cast, wanted, consent=True)
        self.undos.append(lambda: shelves.undo(self.cast, "completion", used))

    def step(self, _grams: int, _pick: int) -> None:
        visit_id = treatments.plan(self.cast).visit.id
        treatments.complete(self.cast, visit_id, BATH, consent_to_shortage=True)
        self.undos.append(lambda: treatments.do(visits.reverse_completion, self.cast, visit_id, BATH))

    def brew(self, _grams: int, pick: int) -> None:
        batch = brewing.brew(self.cast, self.brewery.recipe, str(pick + 1), consent_to_shortage=True)
        self.undos.append(lambda: brewing.cancel(self.cast, batch.id))

    def pour(self, grams: int, _pick: int) -> None:
        used, _deducted = shelves.use(self.cast, [(self.brewery.water, grams * 10_000)])
        self.undos.append(lambda: shelves.undo(self.cast, "completion", used))

    def throw_away(self, grams: int, pick: int) -> None:
        if standing := self.standing():
            lot_id = standing[pick % len(standing)][0]
            told = {"amount": Decimal(grams), "unit": "g", "reason": WasteReason.OTHER}
            entry = self.do(waste.log_waste, lot_id=lot_id, **told).id
            self.undos.append(lambda: self.on(waste.reverse_waste, entry))

    def adjust(self, grams: int, pick: int) -> None:
        if standing := self.standing():
            lot_id, location_id, container_id, _quantity = standing[pick % len(standing)]
            place = {"lot_id": lot_id, "location_id": location_id, "container_id": container_id}
            told = {"amount": Decimal(grams), "unit": "g", "reason": AdjustmentReason.ENTRY_ERROR}
            way = correcting.Direction.IN if grams % 2 else correcting.Direction.OUT
            made = self.do(correcting.adjust_stock, direction=way, **place, **told).id
            self.undos.append(lambda: self.on(correcting.reverse_adjustment, made))

    def count(self, grams: int, _pick: int) -> None:
        lines = [
            {"lot_id": lot, "location_id": location, "container_id": container}
            | {"amount": Decimal(grams), "unit": "g"}
            for lot, location, container, _quantity in self.standing()
        ]
        self.do(counting.log_count, item_id=self.item_id, lines=lines)

    def begin_stocktake(self, _grams: int, _pick: int) -> None:
        if self.stocktake is None:
            self.stocktake = self.do(
                opening.open_stocktake, kind=StocktakeKind.CYCLE, item_ids=[self.item_id]
            ).id

    def tally(self, grams: int, pick: int) -> None:
        if self.stocktake is None:
            return
        lines = read_snapshot(lambda s: telling.list_lines(s, s.get_one(Stocktake, self.stocktake)))
        if lines:
            line = lines[pick % len(lines)].line
            told = {"amount": Decimal(grams), "unit": "g", "holds": Holds.THIS, "version": line.version}
            self.on(tallying.count_line, self.stocktake, self.cast.storekeeper, line_id=line.id, **told)

    def post_stocktake(self, _grams: int, _pick: int) -> None:
        if self.stocktake is None:
            return
        own_id = self.stocktake
        self.on(tallying.settle_rest, own_id, self.cast.storekeeper, rest=Rest.SKIP)

        def end(session: Session, *_who: Any) -> None:
            who, version = self.cast.manager, session.get_one(Stocktake, own_id).version
            seen = add_up(weigh(session, reviewing.close_count(session, who, own_id, version=version)))
            rest, version = DifferenceReason.UNKNOWN, session.get_one(Stocktake, own_id).version
            version = reviewing.give_reasons(session, who, own_id, version=version, rest=rest).version
            posting.hand_in(session, who, own_id, version=version, digest=seen.digest)

        self.on(end, own_id)
        self.stocktake = None

    def open_bottle(self, grams: int, _pick: int) -> None:
        told = {"item_id": self.item_id, "amount": Decimal(grams), "unit": "g"}
        self.opened.append(self.do(containers.open_container, **told).id)

    def finish_bottle(self, grams: int, pick: int) -> None:
        if self.opened:
            told = {"reason": FinishReason.EMPTY if grams % 2 else FinishReason.SPILLED}
            self.do(finishing.finish_container, container_id=self.opened.pop(pick % len(self.opened)), **told)

    def move(self, grams: int, pick: int) -> None:
        closed = [place for place in self.standing() if place[2] is None]
        if closed:
            lot_id, location_id, _container, _quantity = closed[pick % len(closed)]
            to = self.cellar if location_id == self.cast.location_id else self.cast.location_id
            told = {"from_location_id": location_id, "to_location_id": to}
            amount = {"amount": Decimal(grams), "unit": "g"} if grams % 2 else {}
            move = self.do(moving.move_stock, lot_id=lot_id, **told, **amount).id
            self.undos.append(lambda: self.on(moving.reverse_move, move))

    def quarantine(self, _grams: int, pick: int) -> None:
        if standing := self.standing():
            lot_id = standing[pick % len(standing)][0]
            self.do(quarantine_lot, lot_id=lot_id, reason="Smells")
            self.blocked.append(lot_id)

    def release(self, _grams: int, pick: int) -> None:
        if self.blocked:
            lot_id = self.blocked.pop(pick % len(self.blocked))
            self.do(recalls.release_lot, self.cast.manager, lot_id=lot_id, reason="Is well")

    def recall(self, _grams: int, pick: int) -> None:
        if standing := self.standing():
            lot_id = standing[pick % len(standing)][0]
            opened = self.do(recalls.open_recall, self.cast.manager, lot_id=lot_id, reason="Damp")
            self.recalled.append(opened.id)
            settle()

    def lift(self, _grams: int, pick: int) -> None:
        if self.recalled:
            recall_id = self.recalled.pop(pick % len(self.recalled))
            self.on(recalls.lift_recall, recall_id, reason="Was dry")
            settle()

    def send(self, grams: int, pick: int) -> None:
        """The second leg is left out now and then, as by a crash."""
        asked = carriers.ask(self.cast, (self.item_id, f"0.{grams:03}"))
        carriers.send(self.cast, asked, note=pick > 0)
        self.under_way.append(asked)

    def arrive(self, grams: int, pick: int) -> None:
        """Whole, or its first parcel in part: the rest broken, missing, or both."""
        if not self.under_way:
            return
        leaving = self.under_way.pop(pick % len(self.under_way))
        first = read_snapshot(lambda session: session.get_one(Transfer, leaving).parcels[0])
        good, broken = first.quantity // (1 + pick), first.quantity // (1 + pick) * pick // 3
        line = {
            "position": first.position,
            "amount": Decimal(good) / 1_000_000,
            "broken": Decimal(broken) / 1_000_000,
            "unit": "kg",
            "broken_reason": BrokenReason.SPILLED,
            "missing_reason": MissingReason.LOST,
        }
        carriers.take_in(self.cast, leaving, [line] if grams % 3 else [])
        self.arrived.append(leaving)

    def call_back(self, grams: int, pick: int) -> None:
        if self.under_way:
            leaving = self.under_way.pop(pick % len(self.under_way))
            carriers.recall(self.cast, leaving, never_left=grams % 2 == 0)

    def take_back(self, _grams: int, pick: int) -> None:
        if self.arrived:
            back = self.arrived[pick % len(self.arrived)]
            carriers.take_back(self.cast, back)
            self.arrived.remove(back)
            self.under_way.append(back)

    def undo(self, _grams: int, pick: int) -> None:
        if self.undos:
            self.undos.pop(pick % len(self.undos))()

    def rest(self) -> None:
        """Leave nothing open in which the next history would get caught."""
        if self.stocktake is not None:
            version = read_snapshot(lambda session: session.get_one(Stocktake, self.stocktake).version)
            self.on(opening.cancel_stocktake, self.stocktake, version=version, reason="Over")
        while self.recalled:
            self.lift(0, 0)


VERBS = (
    *("receive", "use", "step", "brew", "pour", "throw_away", "adjust", "count"),
    *("begin_stocktake", "tally", "post_stocktake", "open_bottle", "finish_bottle", "move"),
    *("quarantine", "release", "recall", "lift", "send", "arrive", "call_back", "take_back", "undo"),
)


def open_spa(cast: Cast) -> Spa:
    """The starter catalogue with empty shelves, a brew of the bath's wood, some bark, and a cellar."""
    wood = treatments.open_spa(cast, quantity=0)["dao-wood"]
    brewery = brewing.open_brewery(cast, perilla=wood)
    shelves.stock(cast, brewery.bark, 60_000)
    place = {"branch_id": cast.branch_id, "name": "Cellar", "position": 2}
    cellar = write_transaction(lambda session: branches.create_location(session, cast.admin, **place).id)
    return Spa(cast, brewery, cellar)
