"""Weighing a container: gross minus tare gives the remainder, the difference to the book is posted."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.containers.models import CheckKind, ContainerCheck
from supply.domain.containers.reading import filled_of, tare_of
from supply.domain.containers.service import get_in_use, place_of_container, standing
from supply.domain.containers.weighing import measured, remainder, too_full
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import Container, Movement
from supply.domain.ledger.moment import happened
from supply.errors import Conflict, Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require
from supply.quantity import UNITS, Dimension, to_base

SOURCE = REASON = "weigh-in"


def weigh_in(
    session: Session,
    actor: Actor,
    container_id: UUID,
    *,
    branch_id: UUID,
    gross: Decimal,
    unit: str,
    tare: Decimal | None = None,
    happened_at: datetime | None = None,
) -> ContainerCheck:
    """Bring the book of a container to what the scale says; `unit` is one of mass and holds for the tare too.

    A tare that is told is kept with the container; without one it is the container's, then its unit's. A late
    weighing is judged by its own time. Raises Invalid naming the field, Conflict "weighing_contradicted".
    """
    require(actor, Permission.CONTAINER_HANDLE, branch_id)
    when = happened(happened_at)
    writer = ledger.lock(session, actor, branch_id)
    container = get_in_use(session, branch_id, container_id)
    item = catalog.get_item(session, ledger.get_lot(session, branch_id, container.lot_id).item_id)
    gross_mg = _milligrams(gross, unit, "gross")
    if tare is not None:
        _keep_tare(session, actor, container, _milligrams(tare, unit, "tare"))
    tare_mg = tare_of(container, item)
    found = _found(session, container, item, gross_mg, tare_mg)
    now = sum(place.quantity for place in standing(session, container))
    expected = now - (_moved_since(session, container, when) if happened_at else 0)
    check = ContainerCheck(
        id=new_id(),
        branch_id=branch_id,
        container_id=container.id,
        item_id=item.id,
        lot_id=container.lot_id,
        kind=CheckKind.WEIGHED,
        gross_mg=gross_mg,
        tare_mg=tare_mg,
        density_mg_per_l=item.density_mg_per_l if item.dimension is Dimension.VOLUME else None,
        expected=max(expected, 0),
        found=found,
        happened_at=when,
        recorded_at=writer.recorded_at,
        person_id=actor.person_id,
    )
    if now + check.difference < 0:
        raise Conflict(
            "weighing_contradicted",
            lazy("More was used of it since than the scale says was in it. Weigh it again now."),
        )
    _post(session, writer, container, check)
    session.add(check)
    session.flush()
    return check


def _milligrams(amount: Decimal, unit: str, field: str) -> int:
    known = UNITS.get(unit)
    if known is None or known.dimension is not Dimension.MASS:
        raise Invalid("unit_unknown", lazy("A scale tells mg, g or kg."), field="unit")
    return to_base(amount, known.factor, field=field)


def _keep_tare(session: Session, actor: Actor, container: Container, tare_mg: int) -> None:
    if tare_mg == container.tare_mg:
        return
    audit.record(
        session,
        actor,
        action="container.tare",
        entity="container",
        entity_id=container.id,
        branch_id=container.branch_id,
        changes={"tare_mg": [container.tare_mg, tare_mg]},
    )
    container.tare_mg = tare_mg


def _found(session: Session, container: Container, item: Item, gross_mg: int, tare_mg: int | None) -> int:
    if tare_mg is None:
        raise Invalid(
            "tare_unknown",
            lazy("Say what it weighs empty, or have a manager write the tare into the item's own unit."),
            field="tare",
        )
    if gross_mg < tare_mg:
        raise Invalid("lighter_than_tare", lazy("It cannot weigh less than when it is empty."), field="gross")
    left = remainder(gross_mg, tare_mg, item.dimension, item.density_mg_per_l)
    if left is None:
        words: Any = (
            lazy("Pieces are counted, not weighed.")
            if item.dimension is Dimension.COUNT
            else lazy("A manager must say first what a litre of this item weighs.")
        )
        raise Invalid("not_weighable", words, field="gross")
    if too_full(left, filled_of(session, container)):
        raise Invalid(
            "more_than_filled",
            lazy("That is more than was ever put in. Look at the tare and at which container it is."),
            field="gross",
        )
    return measured(left)


def _moved_since(session: Session, container: Container, when: datetime) -> int:
    """What moved into (positive) or out of a container after an instant. Costs the movements of its lot."""
    query = select(func.coalesce(cast(func.sum(Movement.quantity), BigInteger), 0)).where(
        Movement.branch_id == container.branch_id,
        Movement.lot_id == container.lot_id,
        Movement.container_id == container.id,
        Movement.happened_at > when,
    )
    return session.scalars(query).one()


def _post(session: Session, writer: ledger.Writer, container: Container, check: ContainerCheck) -> None:
    places = standing(session, container)
    left, changes = check.difference, []
    for place in places:
        # A lack is taken from where something stands; a surplus belongs to the first place.
        part = max(left, -place.quantity) if left < 0 else left
        changes.append(ledger.Change(container.lot_id, place.location_id, container.id, part, REASON))
        left -= part
    if left:
        where = place_of_container(session, container)
        changes.append(ledger.Change(container.lot_id, where, container.id, left, REASON))
    told: dict[str, Any] = {"source_type": SOURCE, "source_id": check.id, "happened_at": check.happened_at}
    ledger.adjust(writer, check.item_id, changes, **told)
