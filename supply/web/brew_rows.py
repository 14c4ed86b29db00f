"""Rows of the brewing pages: needs, batches, leftovers and uses in words. Asks the database nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import url_for

from supply import clock
from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.catalog.units import told_amount
from supply.domain.ledger.cost import cost_of
from supply.domain.preparation.models import BrewRecipe, PreparedLine
from supply.domain.preparation.standing import Brewable
from supply.domain.reports.brewing import Need, Preparing
from supply.domain.reports.tracing import GivenLot, LotUses
from supply.i18n import _, plural
from supply.presenting import format_instant, format_money, format_quantity
from supply.web.frame import named
from supply.web.session import current_branch
from supply.web.units import unit_options

# As many steps stand on the page of a lot; a recall's list has all of them.
STEPS = 100


def hour(instant: datetime | None) -> str:
    """An instant on the branch's clock."""
    return format_instant(instant, current_branch().timezone)


def preparing(one: Preparing) -> dict[str, Any]:
    """A prepared item on the board: today and tomorrow, what stands, one tap to brew."""
    recipe = one.brewable.recipe
    item = recipe.item
    return {
        "name": named(item),
        "recipe_id": recipe.id,
        "yield": format_quantity(recipe.yield_quantity, item),
        "assumed": recipe.assumed or any(line.assumed for line in recipe.lines),
        "most": format_quantity(one.brewable.most, item),
        "days": [_need(_("Today"), one.today, item), _need(_("Tomorrow"), one.tomorrow, item)],
        "standing": [
            {
                "title": format_quantity(row.quantity, item),
                "detail": row.number,
                "side": _("until %(when)s", when=hour(row.use_by_at)),
                "url": url_for("stock.show_lot", lot_id=row.lot_id),
            }
            for row in one.standing
        ],
        # What is to be brewed at once: not what would be over before its visits come.
        "batches": one.batches_now,
        "later": hour(one.good_until) if one.missing_later else "",
    }


def _need(label: str, need: Need, item: Item) -> dict[str, Any]:
    return {
        "label": label,
        "visits": plural("%(visits)s visit", "%(visits)s visits", need.visits, visits=need.visits),
        "needed": format_quantity(need.needed, item),
        "missing": format_quantity(need.missing, item) if need.missing else "",
        "batches": need.batches,
        "quiet": need.visits == 0,
    }


def batch(row: Any, served: Mapping[UUID, int] | None = None) -> dict[str, Any]:
    """A batch in a list."""
    own, item, standing = row.PreparedBatch, row.Item, int(row.standing)
    over = row.Lot.use_by_at <= clock.now()
    visits = (served or {}).get(row.Lot.id, 0)
    return {
        "id": own.id,
        "name": named(item),
        "url": url_for("preparations.show_batch", batch_id=own.id),
        "number": row.Lot.number,
        "when": hour(own.happened_at),
        "until": hour(row.Lot.use_by_at),
        "made": format_quantity(own.quantity, item),
        "left": format_quantity(standing, item),
        "who": row.Person.name,
        "cancelled": own.cancelled_at is not None,
        "leftover": bool(standing) and over,
        "usable": bool(standing) and not over,
        "served": plural("%(visits)s visit", "%(visits)s visits", visits, visits=visits) if visits else "–",
        "lot_url": url_for("stock.show_lot", lot_id=row.Lot.id),
        "label_url": url_for("labels.new_labels", lot_id=row.Lot.id),
    }


def facts(row: Any) -> list[tuple[str, str]]:
    """What is known of a batch."""
    own, item, lot = row.PreparedBatch, row.Item, row.Lot
    told = [
        (_("Brewed at"), hour(own.happened_at)),
        (_("Who"), row.Person.name),
        (_("Came of it"), format_quantity(own.quantity, item)),
        (_("Good until"), hour(lot.use_by_at)),
        (_("Stands"), format_quantity(int(row.standing), item)),
    ]
    if own.quantity != own.expected:
        told.insert(3, (_("The recipe promised"), format_quantity(own.expected, item)))
    cost = cost_of(own.quantity, lot.cost_minor, lot.cost_quantity)
    if cost is not None and lot.currency:
        told.append((_("Cost"), format_money(cost, lot.currency)))
    if own.note:
        told.append((_("Note"), own.note))
    if own.cancelled_at is not None:
        told.append((_("Cancelled"), hour(own.cancelled_at)))
    return told


def line(told: PreparedLine, item: Item) -> dict[str, Any]:
    """A herb of a batch: the recipe beside what was taken."""
    notes = []
    if told.shortfall:
        notes.append(_("%(amount)s missing", amount=format_quantity(told.shortfall, item)))
    if told.incident == "expired-lot":
        notes.append(_("An expired lot was used"))
    elif told.incident:
        notes.append(_("A quarantined lot was used"))
    return {
        "name": named(item),
        "url": url_for("stock.show_item", item_id=item.id),
        "standard": format_quantity(told.standard, item),
        "actual": format_quantity(told.actual, item),
        "note": " · ".join(notes),
    }


def herbs(recipe: BrewRecipe, one: Brewable | None) -> list[dict[str, Any]]:
    """The herbs of the form: what one batch takes, what is there."""
    there = {herb.line.item_id: herb.available for herb in one.herbs} if one else {}
    rows = []
    for told in recipe.lines:
        available = max(there.get(told.item_id, 0), 0)
        rows.append(
            {
                "item_id": told.item_id,
                "name": named(told.item),
                "standard": format_quantity(told.quantity, told.item),
                "available": format_quantity(available, told.item),
                "enough": available >= told.quantity,
                "unit": told_amount(told.item, told.quantity)[1],
                "units": unit_options(told.item),
            }
        )
    return rows


def leftover(row: Any) -> dict[str, Any]:
    """What is left of a batch past its hour, in one sentence."""
    return {
        "batch_id": row.batch_id,
        "name": f"{named(row.Item)} {row.number}",
        "text": _(
            "%(amount)s of %(item)s (%(number)s) became unusable at %(when)s: write it off.",
            amount=format_quantity(int(row.quantity), row.Item),
            item=named(row.Item),
            number=row.number,
            when=hour(row.use_by_at),
        ),
    }


def steps(uses: LotUses) -> list[dict[str, Any]]:
    """The latest steps that used of a lot or of what was brewed from it, each with the way to its visit."""
    return [
        {
            "when": hour(step.happened_at),
            "visit": step.booking_reference or hour(step.planned_at),
            "url": url_for("visits.show_visit", visit_id=step.visit_id, _anchor=f"step-{step.position}"),
            "step": _("Step %(number)s", number=step.position),
            "what": f"{named(step.item)} {step.lot_number}",
            "amount": format_quantity(step.quantity, step.item),
        }
        for step in uses.steps[:STEPS]
    ]


def more_steps(uses: LotUses) -> int:
    """How many there were before."""
    return max(uses.step_count - STEPS, 0)


def brewed(uses: LotUses) -> list[dict[str, Any]]:
    """The batches that hold some of a lot."""
    return [
        {
            "title": named(one.item),
            "detail": one.lot.number if own(one.branch) else f"{one.lot.number} · {one.branch.name}",
            "side": _("until %(when)s", when=hour(one.lot.use_by_at)),
            "url": url_for("stock.show_lot", lot_id=one.lot.id) if own(one.branch) else "",
        }
        for one in uses.brewed
    ]


def own(branch: Branch) -> bool:
    """Whether it is the branch that the page is of: only its lots have pages here."""
    return branch.id == current_branch().id


def travels(uses: LotUses) -> list[dict[str, Any]]:
    """Where some of a lot went by transfers: what is on the way, and what it became in other branches."""
    rows = [
        {
            "title": _("%(amount)s on the way", amount=format_quantity(one.quantity, one.item)),
            "detail": _("to %(branch)s", branch=one.to_branch.name),
            "side": one.lot.number,
            "url": url_for("transfers.show_transfer", transfer_id=one.transfer.id),
            "symbol": "truck",
        }
        for one in uses.on_the_way
    ]
    for one in uses.carried:
        visits = uses.visits_elsewhere.get(one.branch.id, 0)
        used = plural("%(num)s visit", "%(num)s visits", visits) if visits else ""
        rows.append(
            {
                "title": one.branch.name,
                "detail": " · ".join(part for part in (one.lot.number, used) if part),
                "side": _("%(amount)s there", amount=format_quantity(one.standing, one.item)),
                "url": url_for("stock.show_lot", lot_id=one.lot.id) if own(one.branch) else "",
                "symbol": "transfer",
            }
        )
    return rows


def given(lots: list[GivenLot]) -> list[dict[str, Any]]:
    """The lots behind a visit: of a batch, those that it was brewed from come after it."""
    numbers = {one.lot.id: one.lot.number for one in lots}
    return [
        {
            "title": named(one.item),
            "detail": _given_words(one, numbers),
            "side": one.supplier.name if one.supplier else "",
            "url": url_for("stock.show_lot", lot_id=one.lot.id) if own(one.branch) else "",
        }
        for one in lots
    ]


def _given_words(one: GivenLot, numbers: Mapping[UUID, str]) -> str:
    number = one.lot.number
    if one.into is None:
        return number
    if one.carried:
        return _("%(number)s, sent by %(branch)s", number=number, branch=one.branch.name)
    return _("%(number)s, brewed into %(batch)s", number=number, batch=numbers[one.into])
