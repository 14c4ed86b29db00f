"""Looking at opened containers: which, where, what is left, what was found in them. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, cast, func, select
from sqlalchemy.orm import Session, selectinload

from supply import clock
from supply.domain.branches.models import Room
from supply.domain.catalog.models import Item
from supply.domain.containers.models import ContainerCheck
from supply.domain.ledger.models import Container, Holding, Lot, Movement, MovementType
from supply.domain.people.models import Person
from supply.errors import NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


@dataclass(frozen=True, slots=True)
class Opened:
    """A container with all that is said of it. Base units; `filled` is what was ever put in."""

    container: Container
    lot: Lot
    item: Item
    room: Room | None
    opened_by: str
    remaining: int
    filled: int

    @property
    def expires_on(self) -> date | None:
        days = [day for day in (self.lot.expires_on, self.container.use_by_on) if day is not None]
        return min(days) if days else None

    @property
    def tare_mg(self) -> int | None:
        return tare_of(self.container, self.item)

    def expired(self, today: date) -> bool:
        over = self.lot.use_by_at is not None and self.lot.use_by_at <= clock.now()
        return over or (self.expires_on is not None and self.expires_on < today)


def tare_of(container: Container, item: Item) -> int | None:
    """What a container weighs empty, mg: its own tare, else that of the unit that it was opened as."""
    if container.tare_mg is not None:
        return container.tare_mg
    return next((own.tare_mg for own in item.units if own.code == container.unit_code), None)


_REMAINING = (
    select(func.coalesce(cast(func.sum(Holding.quantity), BigInteger), 0))
    .where(Holding.branch_id == Container.branch_id, Holding.container_id == Container.id)
    .correlate(Container)
    .scalar_subquery()
)
# Poured in at opening and by topping up: movements whose document is the container itself.
FILLED = (
    select(func.coalesce(cast(func.sum(Movement.quantity), BigInteger), 0))
    .where(
        Movement.branch_id == Container.branch_id,
        Movement.source_id == Container.id,
        Movement.type == MovementType.TRANSFER_IN,
    )
    .correlate(Container)
    .scalar_subquery()
)


def _query(branch_id: UUID) -> Select[Any]:
    return (
        select(
            Container,
            Lot,
            Item,
            Room,
            Person.name,
            _REMAINING.label("remaining"),
            FILLED.label("filled"),
        )
        .join(Lot, Lot.id == Container.lot_id)
        .join(Item, Item.id == Lot.item_id)
        .join(Person, Person.id == Container.opened_by)
        .outerjoin(Room, Room.id == Container.room_id)
        .options(selectinload(Item.units))
        .where(Container.branch_id == branch_id)
    )


def list_containers(
    session: Session,
    actor: Actor,
    branch_id: UUID,
    *,
    room_id: UUID | None = None,
    item_id: UUID | None = None,
    finished: bool = False,
    limit: int = 200,
    before: UUID | None = None,
) -> list[Opened]:
    """The containers in use, or those that are finished, the last opened first. Two statements."""
    require(actor, Permission.STOCK_SEE, branch_id)
    ended = Container.finished_at.is_not(None) if finished else Container.finished_at.is_(None)
    query = _query(branch_id).where(ended).order_by(Container.id.desc()).limit(limit)
    if room_id is not None:
        query = query.where(Container.room_id == room_id)
    if item_id is not None:
        query = query.where(Lot.item_id == item_id)
    if before is not None:
        query = query.where(Container.id < before)
    return [Opened(*row) for row in session.execute(query).all()]


def get_opened(session: Session, actor: Actor, branch_id: UUID, container_id: UUID) -> Opened:
    """One container of the branch, finished or not. Raises NotFound."""
    require(actor, Permission.STOCK_SEE, branch_id)
    row = session.execute(_query(branch_id).where(Container.id == container_id)).first()
    if row is None:
        raise NotFound("container_not_found", lazy("There is no such container in this branch."))
    return Opened(*row)


def find_branch(session: Session, actor: Actor, container_id: UUID) -> UUID:
    """The branch of a container, if it is one of the person's. Raises NotFound."""
    branch_id = session.scalar(select(Container.branch_id).where(Container.id == container_id))
    if branch_id is None or not actor.belongs_to(branch_id):
        raise NotFound("container_not_found", lazy("There is no such container in this branch."))
    return branch_id


def filled_of(session: Session, container: Container) -> int:
    """What was ever poured into a container, base units."""
    return int(session.scalar(select(FILLED).where(Container.id == container.id)) or 0)


def list_checks(
    session: Session,
    actor: Actor,
    branch_id: UUID,
    *,
    container_id: UUID | None = None,
    limit: int = 50,
    before: UUID | None = None,
) -> Sequence[Any]:
    """What was found in containers, newest first: (ContainerCheck, Item, Lot, Person)."""
    require(actor, Permission.STOCK_SEE, branch_id)
    query = (
        select(ContainerCheck, Item, Lot, Person)
        .join(Item, Item.id == ContainerCheck.item_id)
        .join(Lot, Lot.id == ContainerCheck.lot_id)
        .join(Person, Person.id == ContainerCheck.person_id)
        .where(ContainerCheck.branch_id == branch_id)
        .order_by(ContainerCheck.id.desc())
        .limit(limit)
    )
    if container_id is not None:
        query = query.where(ContainerCheck.container_id == container_id)
    if before is not None:
        query = query.where(ContainerCheck.id < before)
    return session.execute(query).all()
