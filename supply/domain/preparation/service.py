"""Brewing: herbs leave, a prepared batch comes in, in one transaction of the branch's one writer.

Owns batches, their cancelling and their leftovers. Refuses to decide which lots give: that is the ledger's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from supply import clock
from supply.database import new_id
from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.ledger import service as ledger
from supply.domain.ledger import shelf
from supply.domain.ledger.models import Lot, LotKind, MovementType
from supply.domain.ledger.moment import happened
from supply.domain.ledger.recalling import RECALL, any_recalled
from supply.domain.ledger.service import Deducted, Writer
from supply.domain.preparation import recipes
from supply.domain.preparation.actuals import Herb, actual_herbs
from supply.domain.preparation.models import BrewRecipe, PreparedBatch, PreparedLine
from supply.domain.preparation.scaling import cost_share, scaled
from supply.domain.tasks import service as tasks
from supply.domain.tasks.models import TaskKind
from supply.domain.tasks.service import Finding
from supply.errors import Conflict, Invalid, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require
from supply.quantity import to_base

SOURCE = "batch"


def brew(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    recipe_id: UUID,
    batches: Decimal | None = None,
    amount: Decimal | None = None,
    unit: str | None = None,
    lines: Sequence[Mapping[str, Any]] = (),
    made_amount: Decimal | None = None,
    made_unit: str | None = None,
    location_id: UUID | None = None,
    note: str | None = None,
    happened_at: datetime | None = None,
    consent_to_shortage: bool = False,
) -> PreparedBatch:
    """Brew so many batches, or an amount. `lines` say what was really taken where that differed from the
    recipe (item_id, amount, unit, lot_id?), made_amount what really came of it.

    Raises Invalid, NotFound, Conflict("stock_short") naming each herb, the latter only without consent.
    """
    require(actor, Permission.CONTAINER_HANDLE, branch_id)
    when = happened(happened_at)
    recipe = recipes.get_recipe(session, recipe_id)
    if not recipe.active:
        raise Conflict("brew_recipe_retired", lazy("This recipe is no longer used. Ask a manager."))
    wanted = _wanted(recipe, batches, amount, unit)
    standard = scaled(
        [line.quantity for line in recipe.lines],
        recipe.yield_quantity,
        wanted,
        field="batches" if amount is None else "amount",
    )
    herbs = actual_herbs(session, recipe, standard, lines)
    made = wanted if made_amount is None else _made(recipe, made_amount, made_unit)
    writer = ledger.lock(session, actor, branch_id)
    place = _place(session, branch_id, recipe, location_id)
    batch = PreparedBatch(
        id=new_id(),
        branch_id=branch_id,
        recipe_id=recipe.id,
        item_id=recipe.item_id,
        expected=wanted,
        quantity=made,
        happened_at=when,
        recorded_at=writer.recorded_at,
        person_id=actor.person_id,
        note=note,
    )
    deducted = _take(writer, batch, herbs, consent=consent_to_shortage)
    batch.lines = _lines(herbs, deducted)
    batch.lot_id = _put(writer, batch, recipe.use_by_hours, deducted, place)
    session.add(batch)
    session.flush()
    tasks.open_tasks(session, actor, branch_id, _findings(batch))
    return batch


def _wanted(recipe: BrewRecipe, batches: Decimal | None, amount: Decimal | None, unit: str | None) -> int:
    if (batches is None) == (amount is None):
        raise Invalid("batch_size_unclear", lazy("Say how many batches, or how much."), field="batches")
    if amount is not None:
        return catalog.base_quantity(recipe.item, amount, unit or recipe.item.stock_unit, field="amount")
    assert batches is not None
    return to_base(batches, recipe.yield_quantity, field="batches")


def _made(recipe: BrewRecipe, amount: Decimal, unit: str | None) -> int:
    made = catalog.base_quantity(recipe.item, amount, unit or recipe.item.stock_unit, field="made_amount")
    if made <= 0:
        raise Invalid("amount_missing", lazy("Write how much came of it."), field="made_amount")
    return made


def _place(session: Session, branch_id: UUID, recipe: BrewRecipe, location_id: UUID | None) -> UUID:
    places = branches.list_locations(session, branch_id)
    if location_id is not None:
        if all(place.id != location_id for place in places):
            raise Invalid(
                "location_unknown", lazy("There is no such place in this branch."), field="location_id"
            )
        return location_id
    usual = [place.id for place in places if place.name == recipe.storage_place]
    return usual[0] if usual else branches.first_location(session, branch_id).id


def _take(
    writer: Writer, batch: PreparedBatch, herbs: Sequence[Herb], *, consent: bool
) -> dict[int, Deducted]:
    uses = [
        ledger.Use(herb.item_id, herb.actual, SOURCE, batch.id, number, batch.happened_at, lot_id=herb.lot_id)
        for number, herb in enumerate(herbs, start=1)
        if herb.actual
    ]
    gave = ledger.deduct(writer, uses, type=MovementType.PREPARATION_OUT, consent=consent)
    return {deducted.use.source_line or 0: deducted for deducted in gave}


def _lines(herbs: Sequence[Herb], deducted: Mapping[int, Deducted]) -> list[PreparedLine]:
    lines = []
    for number, herb in enumerate(herbs, start=1):
        gave = deducted.get(number)
        short, incident = (gave.short, gave.incident) if gave else (0, None)
        lines.append(
            PreparedLine(
                position=number,
                item_id=herb.item_id,
                standard=herb.standard,
                actual=herb.actual,
                shortfall=short,
                incident=incident,
            )
        )
    return lines


def _put(
    writer: Writer, batch: PreparedBatch, hours: int, deducted: Mapping[int, Deducted], location_id: UUID
) -> UUID:
    """The batch comes in as a lot of its own; blocked, where some of what it is made of is recalled."""
    until = batch.happened_at + timedelta(hours=hours)
    herbs = _herbs(writer, deducted.values())
    minor, size, currency = _cost(writer, batch.quantity, deducted.values(), herbs)
    facts = ledger.LotFacts(
        batch.item_id,
        _number(writer, batch),
        writer.at(until).day,
        kind=LotKind.PREPARED,
        cost_minor=minor,
        cost_quantity=size,
        currency=currency,
        use_by_at=until,
    )
    (lot,) = ledger.obtain_lots(writer, [facts])
    if any_recalled(writer, herbs.values()):
        shelf.block(writer, lot, RECALL)
    came = ledger.Receipt(
        batch.item_id, lot.id, location_id, batch.quantity, SOURCE, batch.id, None, batch.happened_at
    )
    ledger.receive(writer, [came], [lot], type=MovementType.PREPARATION_IN)
    return lot.id


def _herbs(writer: Writer, deducted: Collection[Deducted]) -> dict[UUID, Lot]:
    """The lots that the batch was made of."""
    ids = {part.lot_id for gave in deducted for part in gave.taken}
    query = select(Lot).where(Lot.id.in_(sorted(ids)))
    return {lot.id: lot for lot in writer.session.scalars(query)} if ids else {}


def _number(writer: Writer, batch: PreparedBatch) -> str:
    """B-261122-1: the day, and which batch of the item it was. Nobody else counts: the branch is locked."""
    day = writer.at(batch.happened_at).day
    begins, ends = clock.span_of(day, writer.timezone)
    query = select(func.count()).where(
        PreparedBatch.branch_id == batch.branch_id,
        PreparedBatch.item_id == batch.item_id,
        PreparedBatch.happened_at >= begins,
        PreparedBatch.happened_at < ends,
    )
    return f"B-{day:%y%m%d}-{(writer.session.scalar(query) or 0) + 1}"


def _cost(
    writer: Writer, made: int, deducted: Collection[Deducted], herbs: Mapping[UUID, Lot]
) -> tuple[int | None, int | None, str | None]:
    """What the herbs cost, for what came of them; unknown where a part of it is."""
    taken = [part for gave in deducted for part in gave.taken]
    if any(gave.short for gave in deducted) or not taken:
        return None, None, None
    if {lot.currency for lot in herbs.values()} != {writer.currency}:
        return None, None, None
    parts = [
        (part.quantity, herbs[part.lot_id].cost_minor, herbs[part.lot_id].cost_quantity) for part in taken
    ]
    minor, size = cost_share(parts, made)
    return minor, size, None if minor is None else writer.currency


def _findings(batch: PreparedBatch) -> list[Finding]:
    found = []
    for line in batch.lines:
        if line.shortfall:
            found.append(Finding(TaskKind.COUNT, SOURCE, batch.id, "shortfall", line.item_id, line.shortfall))
        if line.incident:
            found.append(
                Finding(TaskKind.INCIDENT, SOURCE, batch.id, line.incident, line.item_id, line.actual)
            )
    return found


def get_batch(session: Session, actor: Actor, batch_id: UUID) -> PreparedBatch:
    """A batch of one of the person's branches, with its lines. Raises NotFound."""
    query = select(PreparedBatch).where(PreparedBatch.id == batch_id)
    batch = session.scalar(query.options(selectinload(PreparedBatch.lines)))
    if batch is None or not actor.belongs_to(batch.branch_id):
        raise NotFound("batch_not_found", lazy("There is no such batch."))
    require(actor, Permission.STOCK_SEE, batch.branch_id)
    return batch


def cancel_batch(
    session: Session, actor: Actor, batch_id: UUID, *, happened_at: datetime | None = None
) -> PreparedBatch:
    """It was not brewed after all: the herbs return to their lots.

    Raises Conflict("already_cancelled"), and Conflict("already_used") with the uses where some of it is gone.
    """
    batch = get_batch(session, actor, batch_id)
    require(actor, Permission.CONTAINER_HANDLE, batch.branch_id)
    writer = ledger.lock(session, actor, batch.branch_id)
    session.refresh(batch)
    if batch.cancelled_at is not None:
        raise Conflict("already_cancelled", lazy("This batch was cancelled already."))
    shorts = [(line.item_id, batch.happened_at, line.shortfall) for line in batch.lines if line.shortfall]
    ledger.reverse(writer, SOURCE, batch.id, happened_at=happened(happened_at), shorts=shorts)
    tasks.close_tasks(
        session, actor, branch_id=batch.branch_id, outcome="reversed", source=(SOURCE, batch.id)
    )
    batch.cancelled_at, batch.cancelled_by = writer.recorded_at, actor.person_id
    session.flush()
    return batch
