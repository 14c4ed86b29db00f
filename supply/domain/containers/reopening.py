"""Undoing that a container was finished: it is in use again, and holds what was taken off then."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from supply.domain.audit import service as audit
from supply.domain.containers.finishing import EMPTY
from supply.domain.containers.models import CheckKind, ContainerCheck, FinishReason
from supply.domain.containers.service import get_container, place_of_container
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import Container, Lot, Movement, MovementType
from supply.domain.ledger.moment import happened
from supply.domain.ledger.writer import Writer
from supply.domain.waste import service as waste
from supply.domain.waste.models import WasteEntry
from supply.errors import Conflict
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


def reopen_container(
    session: Session,
    actor: Actor,
    container_id: UUID,
    *,
    branch_id: UUID,
    happened_at: datetime | None = None,
) -> Container:
    """Take a finished container back into use. Its rest returns: the difference, or what was thrown away.

    The latter needs the right to log waste. Raises Conflict "not_finished".
    """
    require(actor, Permission.CONTAINER_HANDLE, branch_id)
    when = happened(happened_at)
    writer = ledger.lock(session, actor, branch_id)
    container = get_container(session, branch_id, container_id)
    session.refresh(container)
    if container.finished_at is None:
        raise Conflict("not_finished", lazy("This container is in use."))
    reason, finished_at = container.finish_reason, container.finished_at
    container.finished_at = container.finished_by = container.finish_reason = None
    session.flush()
    if reason == FinishReason.EMPTY:
        _put_back(session, writer, container, when)
    else:
        _unwaste(session, actor, container, finished_at, when)
    changes = {"reason": [reason, None]}
    audit.record(
        session,
        actor,
        action="container.reopen",
        entity="container",
        entity_id=container.id,
        branch_id=branch_id,
        changes=changes,
    )
    return container


def _put_back(session: Session, writer: Writer, container: Container, when: datetime) -> None:
    """The difference that was posted as it was found empty is posted back; that look no longer counts."""
    check = session.scalars(
        select(ContainerCheck)
        .where(
            ContainerCheck.container_id == container.id,
            ContainerCheck.kind == CheckKind.EMPTIED,
            ContainerCheck.undone_at.is_(None),
        )
        .order_by(ContainerCheck.id.desc())
        .limit(1)
    ).one()
    lot = session.get_one(Lot, container.lot_id)
    place = place_of_container(session, container)
    back = ledger.Change(lot.id, place, container.id, check.expected, EMPTY)
    ledger.adjust(
        writer, lot.item_id, [back], source_type="container", source_id=container.id, happened_at=when
    )
    session.execute(
        update(ContainerCheck).where(ContainerCheck.id == check.id).values(undone_at=writer.recorded_at)
    )


def _unwaste(
    session: Session, actor: Actor, container: Container, finished_at: datetime, when: datetime
) -> None:
    """What was thrown away with it is not waste any more, unless that was reversed already."""
    entries = session.scalars(
        select(WasteEntry.id)
        .join(Movement, Movement.source_id == WasteEntry.id)
        .where(
            Movement.branch_id == container.branch_id,
            Movement.container_id == container.id,
            Movement.source_type == waste.SOURCE,
            Movement.type == MovementType.WASTE,
            WasteEntry.happened_at == finished_at,
            WasteEntry.reversed_at.is_(None),
        )
        .order_by(WasteEntry.id.desc())
        .limit(1)
    )
    for entry_id in entries.all():
        waste.reverse_waste(session, actor, entry_id, happened_at=when)
