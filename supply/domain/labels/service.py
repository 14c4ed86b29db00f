"""Labels: giving a lot or an opened container its tag, and what stands on the label. Nothing moves by it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id
from supply.domain.catalog.models import Item
from supply.domain.containers.service import last_day
from supply.domain.labels.models import Label
from supply.domain.labels.tags import new_tag
from supply.domain.ledger.models import Container, Lot
from supply.errors import NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

MOST = 200
Wanted = tuple[UUID, UUID | None]
"""A lot and, where it is the label of one, its opened container."""


@dataclass(frozen=True, slots=True)
class Sticker:
    """What stands on a label."""

    label: Label
    lot: Lot
    item: Item
    container: Container | None

    @property
    def expires_on(self) -> date | None:
        """The last day of use; of what is opened the earlier of its own and the lot's."""
        return self.lot.expires_on if self.container is None else last_day(self.lot, self.container)


def make_labels(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    lot_ids: Collection[UUID] = (),
    container_ids: Collection[UUID] = (),
) -> list[Sticker]:
    """The labels of lots and opened containers, lots first, each in the order named; new ones get their tag.

    Raises NotFound for what is not in the branch.
    """
    require(actor, Permission.LABEL_PRINT, branch_id)
    opened = _containers(session, branch_id, container_ids)
    wanted: set[Wanted] = {(lot_id, None) for lot_id in _lots(session, branch_id, lot_ids)}
    wanted |= {(lot_id, container_id) for container_id, lot_id in opened}
    known = {(one.label.lot_id, one.label.container_id) for one in _stickers(session, branch_id, wanted)}
    for lot_id, container_id in sorted(wanted - known, key=str):
        session.add(
            Label(
                id=new_id(),
                tag=new_tag(),
                branch_id=branch_id,
                lot_id=lot_id,
                container_id=container_id,
                created_at=clock.now(),
                person_id=actor.person_id,
            )
        )
    session.flush()
    made = {one.label.container_id or one.lot.id: one for one in _stickers(session, branch_id, wanted)}
    return [made[one] for one in dict.fromkeys([*lot_ids, *container_ids])]


def _lots(session: Session, branch_id: UUID, ids: Collection[UUID]) -> Sequence[UUID]:
    """The lots named, all of the branch."""
    if not ids:
        return []
    # Whoever labels the same lot meanwhile waits here, and then finds the tag; who posts does not wait.
    query = select(Lot.id).where(Lot.branch_id == branch_id, Lot.id.in_(sorted(set(ids))))
    found = session.scalars(query.order_by(Lot.id).with_for_update(key_share=True)).all()
    if len(found) != len(set(ids)):
        raise NotFound("lot_not_found", lazy("There is no such lot in this branch."))
    return found


def _containers(session: Session, branch_id: UUID, ids: Collection[UUID]) -> Sequence[Row[UUID, UUID]]:
    """(container, its lot) of those named, all of the branch."""
    if not ids:
        return []
    query = select(Container.id, Container.lot_id).where(
        Container.branch_id == branch_id, Container.id.in_(sorted(set(ids)))
    )
    found = session.execute(query.order_by(Container.id).with_for_update(key_share=True)).all()
    if len(found) != len(set(ids)):
        raise NotFound("container_not_found", lazy("There is no such container in this branch."))
    return found


def _stickers(session: Session, branch_id: UUID, wanted: Collection[Wanted]) -> list[Sticker]:
    ids = {lot_id for lot_id, _container in wanted}
    query = _query().where(Label.branch_id == branch_id, Label.lot_id.in_(sorted(ids)))
    found = [Sticker(*row) for row in session.execute(query)]
    return [one for one in found if (one.label.lot_id, one.label.container_id) in wanted]


def _query() -> Select[Label, Lot, Item, Container]:
    return (
        select(Label, Lot, Item, Container)
        .join(Lot, Lot.id == Label.lot_id)
        .join(Item, Item.id == Lot.item_id)
        .outerjoin(Container, Container.id == Label.container_id)
    )


def list_stickers(session: Session, actor: Actor, branch_id: UUID, tags: Collection[str]) -> list[Sticker]:
    """The labels of tags in their order, to be printed again. Raises NotFound."""
    require(actor, Permission.LABEL_PRINT, branch_id)
    query = _query().where(Label.branch_id == branch_id, Label.tag.in_(sorted(set(tags))))
    found = {row.Label.tag: Sticker(*row) for row in session.execute(query)}
    if set(tags) - found.keys():
        raise not_found()
    return [found[tag] for tag in tags]


def get_sticker(session: Session, actor: Actor, label_id: UUID) -> Sticker:
    """One label. Raises NotFound, also for another branch's."""
    row = session.execute(_query().where(Label.id == label_id)).first()
    if row is None or not actor.belongs_to(row.Label.branch_id):
        raise not_found()
    require(actor, Permission.STOCK_SEE, row.Label.branch_id)
    return Sticker(*row)


def find_sticker(session: Session, actor: Actor, tag: str) -> Sticker | None:
    """The label that bears a tag, in whichever of the person's branches; None also for another's."""
    row = session.execute(_query().where(Label.tag == tag)).first()
    if row is None or not actor.may(Permission.STOCK_SEE, row.Label.branch_id):
        return None
    return Sticker(*row)


def find_arrived(session: Session, branch_id: UUID, tag: str) -> Lot | None:
    """The lot of a branch that was sent from the lot of a label: the label came along on the package."""
    query = select(Lot).join(Label, Label.lot_id == Lot.origin_lot_id)
    query = query.where(Label.tag == tag, Lot.branch_id == branch_id)
    return session.scalar(query.order_by(Lot.id.desc()).limit(1))


def not_found() -> NotFound:
    return NotFound("label_not_found", lazy("There is no such label in your branches."))
