"""Which items may stand in for an item, and what of them a visit can be offered. Owns those lists.

Refuses to decide what a guest must not have (that is told) and to change a visit. A list of substitutes is a
fact of its item: saving it makes a new version of the item.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from supply import clock
from supply.domain.audit import service as audit
from supply.domain.branches.models import Branch
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.ledger.allocate import At
from supply.domain.ledger.standing import Standing, list_standing
from supply.domain.treatments.models import Substitute
from supply.domain.treatments.substitution import Offer, Shelf, weigh_substitutes
from supply.errors import Invalid
from supply.i18n import lazy
from supply.permissions import Actor
from supply.quantity import to_base


@dataclass(frozen=True, slots=True)
class SubstituteRow:
    """One substitute with both items, for whoever shows or changes the list."""

    item: Item
    substitute: Item
    position: int
    numerator: int
    denominator: int
    note: str | None
    assumed: bool


@dataclass(frozen=True, slots=True)
class SubstituteList:
    """An item's substitutes in order of preference, under the item's version."""

    item: Item
    substitutes: list[SubstituteRow]

    @property
    def version(self) -> int:
        return self.item.version


@dataclass(frozen=True, slots=True)
class Wish:
    """Something to be replaced: `quantity` base units of an item, in a branch, at an instant (UTC).

    `forbidden` are the items that the guests concerned must not have.
    """

    branch_id: UUID
    at: datetime
    item_id: UUID
    quantity: int
    forbidden: frozenset[UUID] = field(default_factory=frozenset)


def list_substitutes(session: Session, item_id: UUID) -> SubstituteList:
    """What may stand in for an item, most wanted first. Raises NotFound for the item."""
    item = catalog.get_item(session, item_id)
    query = select(Substitute).where(Substitute.item_id == item_id).order_by(Substitute.position)
    found = list(session.scalars(query))
    items = catalog.items_by_id(session, [row.substitute_id for row in found])
    return SubstituteList(item, [_row(row, item, items[row.substitute_id]) for row in found])


def _row(row: Substitute, item: Item, substitute: Item) -> SubstituteRow:
    return SubstituteRow(
        item, substitute, row.position, row.numerator, row.denominator, row.note, row.assumed
    )


def save_substitutes(
    session: Session,
    actor: Actor,
    item_id: UUID,
    *,
    version: int,
    substitutes: Sequence[Mapping[str, Any]],
) -> SubstituteList:
    """Replace an item's substitutes, in the order given.

    substitutes: substitute_id, amount + unit (of the substitute) standing in for for_amount + for_unit (of
    the item), note, assumed. Raises Invalid naming the field, Stale where the item was changed meanwhile.
    """
    item = catalog.item_to_change(session, actor, item_id, version)
    before = _wording(list_substitutes(session, item_id).substitutes)
    items = catalog.items_by_id(session, [told["substitute_id"] for told in substitutes])
    rows = [_drawn(item, told, index, items) for index, told in enumerate(substitutes)]
    _require_each_once(rows)
    # The old rows go first: the new ones take their positions.
    session.execute(delete(Substitute).where(Substitute.item_id == item_id))
    session.add_all(rows)
    flag_modified(item, "search_key")
    session.flush()
    saved = SubstituteList(item, [_row(row, item, items[row.substitute_id]) for row in rows])
    changes = {"substitutes": [before, _wording(saved.substitutes)]}
    audit.record(session, actor, action="item.substitutes", entity="item", entity_id=item_id, changes=changes)
    return saved


def _drawn(item: Item, told: Mapping[str, Any], index: int, items: Mapping[UUID, Item]) -> Substitute:
    path = f"substitutes.{index}."
    substitute = items.get(told["substitute_id"])
    if substitute is None:
        raise Invalid("item_unknown", lazy("Choose an item of the catalogue."), field=f"{path}substitute_id")
    if substitute.id == item.id:
        raise Invalid(
            "substitute_itself", lazy("An item cannot stand in for itself."), field=f"{path}substitute_id"
        )
    for_factor = catalog.unit_factor(item, told["for_unit"], field=f"{path}for_unit")
    return Substitute(
        item_id=item.id,
        position=index + 1,
        substitute_id=substitute.id,
        numerator=catalog.base_quantity(substitute, told["amount"], told["unit"], field=f"{path}amount"),
        denominator=to_base(told["for_amount"], for_factor, field=f"{path}for_amount"),
        note=told.get("note"),
        assumed=told.get("assumed", False),
    )


def _require_each_once(rows: Iterable[Substitute]) -> None:
    seen: set[UUID] = set()
    for index, row in enumerate(rows):
        if row.substitute_id in seen:
            raise Invalid(
                "substitute_twice",
                lazy("This substitute is named twice."),
                field=f"substitutes.{index}.substitute_id",
            )
        seen.add(row.substitute_id)


def _wording(rows: Iterable[SubstituteRow]) -> list[str]:
    """The list as the audit keeps it: "oil-peppermint 1 ml : 2 ml"."""
    return [
        f"{row.substitute.code} {_amount(row.substitute, row.numerator)}"
        f" : {_amount(row.item, row.denominator)}"
        for row in rows
    ]


def _amount(item: Item, base: int) -> str:
    amount, unit = catalog.told_amount(item, base)
    return f"{amount:f} {unit}"


def offers_for(session: Session, wishes: Sequence[Wish]) -> list[list[Offer]]:
    """What may stand in for each of the wishes: one list per wish, in order; three statements however many.

    Each list has every active substitute of the wish's item in order of preference: an `Offer` of `item_id`,
    `quantity` (base units of the substitute) and `available`; `refusal` is None where it may be taken, else
    the reason why not (`substitution.REFUSAL_WORDS` has it in words). Usable is what stands in the branch
    at the wish's instant, not expired and not quarantined, less all that is reserved for planned visits.
    The wishes are weighed each by itself: two that could take the same bottle are both offered it. Whether
    somebody may see the branch is asked by the caller.
    """
    substitutes = _substitutes_of(session, {wish.item_id for wish in wishes})
    if not substitutes:
        return [[] for _wish in wishes]
    zones = _zones(session, {wish.branch_id for wish in wishes})
    shelves = _Shelves(session, zones, {row.substitute_id for rows in substitutes.values() for row in rows})
    offers = []
    for wish in wishes:
        rows = substitutes.get(wish.item_id, [])
        at = At(wish.at, clock.day_of(wish.at, zones[wish.branch_id]))
        seen = {row.substitute_id: shelves.of(wish.branch_id, row.substitute_id, at) for row in rows}
        offers.append(weigh_substitutes(wish.quantity, rows, seen, wish.forbidden))
    return offers


def _substitutes_of(session: Session, item_ids: Collection[UUID]) -> dict[UUID, list[Substitute]]:
    """The substitutes in use of each item. One statement."""
    query = (
        select(Substitute)
        .join(Item, Item.id == Substitute.substitute_id)
        .where(Substitute.item_id.in_(sorted(item_ids)), Item.active.is_(True))
        .order_by(Substitute.item_id, Substitute.position)
    )
    found: dict[UUID, list[Substitute]] = defaultdict(list)
    for row in session.scalars(query):
        found[row.item_id].append(row)
    return found


def _zones(session: Session, branch_ids: Collection[UUID]) -> dict[UUID, str]:
    query = select(Branch.id, Branch.timezone).where(Branch.id.in_(sorted(branch_ids)))
    return {branch_id: timezone for branch_id, timezone in session.execute(query)}


class _Shelves:
    """What stands of some items in some branches, read once and asked for many instants."""

    def __init__(self, session: Session, branch_ids: Collection[UUID], item_ids: Collection[UUID]) -> None:
        self._standing: dict[tuple[UUID, UUID], list[Standing]] = defaultdict(list)
        for standing in list_standing(session, branch_ids, item_ids):
            self._standing[standing.branch_id, standing.item_id].append(standing)

    def of(self, branch_id: UUID, item_id: UUID, at: At) -> Shelf:
        rows = self._standing.get((branch_id, item_id), ())
        return Shelf(
            standing=sum(row.quantity for row in rows),
            expired=sum(row.quantity for row in rows if not row.quarantined and row.expired(at)),
            quarantined=sum(row.quantity for row in rows if row.quarantined),
            reserved=rows[0].reserved if rows else 0,
        )
