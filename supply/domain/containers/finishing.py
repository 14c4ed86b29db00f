"""Finishing a container: its rest is taken off as a difference, or thrown away with its reason and cost."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.database import new_id
from supply.domain.catalog import service as catalog
from supply.domain.containers.models import CheckKind, ContainerCheck, FinishReason
from supply.domain.containers.service import get_in_use, standing
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import Container, Lot
from supply.domain.ledger.moment import happened
from supply.domain.ledger.writer import Writer
from supply.domain.waste import service as waste
from supply.domain.waste.models import WasteReason
from supply.permissions import Actor, Permission, require

# What an adjustment says that took off what the book still held in an empty container.
EMPTY = "container-empty"


def finish_container(
    session: Session,
    actor: Actor,
    container_id: UUID,
    *,
    branch_id: UUID,
    reason: FinishReason = FinishReason.EMPTY,
    happened_at: datetime | None = None,
) -> Container:
    """The container is done with. Empty: what the book still holds in it is adjusted and counts as variance.

    For any other reason the rest is thrown away with its cost, which needs the right to log waste.
    """
    require(actor, Permission.CONTAINER_HANDLE, branch_id)
    when = happened(happened_at)
    writer = ledger.lock(session, actor, branch_id)
    container = get_in_use(session, branch_id, container_id)
    lot = ledger.get_lot(session, branch_id, container.lot_id)
    if reason is FinishReason.EMPTY:
        _take_off(session, writer, container, lot, when)
    else:
        _throw_away(session, actor, container, lot, WasteReason(reason.value), when)
    container.finished_at, container.finished_by = when, actor.person_id
    container.finish_reason = reason.value
    session.flush()
    return container


def _take_off(session: Session, writer: Writer, container: Container, lot: Lot, when: datetime) -> None:
    places = standing(session, container)
    rest = sum(place.quantity for place in places)
    changes = [
        ledger.Change(lot.id, place.location_id, container.id, -place.quantity, EMPTY) for place in places
    ]
    ledger.adjust(
        writer, lot.item_id, changes, source_type="container", source_id=container.id, happened_at=when
    )
    session.add(
        ContainerCheck(
            id=new_id(),
            branch_id=container.branch_id,
            container_id=container.id,
            item_id=lot.item_id,
            lot_id=lot.id,
            kind=CheckKind.EMPTIED,
            expected=rest,
            found=0,
            happened_at=when,
            recorded_at=writer.recorded_at,
            person_id=writer.actor.person_id,
        )
    )


def _throw_away(
    session: Session, actor: Actor, container: Container, lot: Lot, reason: WasteReason, when: datetime
) -> None:
    rest = sum(place.quantity for place in standing(session, container))
    if not rest:
        return
    amount, unit = catalog.stock_amount(catalog.get_item(session, lot.item_id), rest)
    facts: dict[str, Any] = {"branch_id": container.branch_id, "lot_id": lot.id, "happened_at": when}
    waste.log_waste(
        session, actor, container_id=container.id, amount=amount, unit=unit, reason=reason, **facts
    )
