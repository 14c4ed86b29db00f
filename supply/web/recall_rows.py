"""Recalls in words for people: the sheet of a number as rows of its page, its paper and its CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import url_for

from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.catalog.units import stock_amount
from supply.domain.ledger.models import Lot, LotKind, MovementType
from supply.domain.ledger.recall_models import Recall
from supply.domain.recalls.sheet import LotLine, Sheet
from supply.domain.reports.carried import Departure
from supply.domain.reports.servings import StepUse
from supply.domain.transfers.models import TransferStatus
from supply.i18n import _, plural
from supply.presenting import NO_BREAK, format_instant, format_number, format_quantity, unit_symbol
from supply.web.frame import named
from supply.web.session import current_branch
from supply.web.stock_rows import until
from supply.web.words import word

# As many steps of visits stand on paper; the CSV has all of them.
ON_PAPER = 2_000


def recall_row(recall: Recall) -> dict[str, Any]:
    """A recall in a list."""
    return {
        "title": f"{named(recall.item)} {recall.number}",
        "url": url_for("recalls.show_recall", recall_id=recall.id),
        "detail": recall.reason,
        "side": _when(recall.opened_at),
        "side_note": recall.opener.name,
        "status": ("danger", _("recalled")) if recall.lifted_at is None else ("neutral", _("lifted")),
    }


def facts(recall: Recall, sheet: Sheet) -> list[tuple[str, str]]:
    """What is known of a recall."""
    told = [
        *number_facts(sheet),
        (_("Why"), recall.reason),
        (_("Recalled"), f"{_when(recall.opened_at)} · {recall.opener.name}"),
    ]
    if recall.lifted_at is not None and recall.lifter is not None:
        told.append((_("Lifted"), f"{_when(recall.lifted_at)} · {recall.lifter.name}"))
        told.append((_("Why it is safe to use"), recall.lift_reason or "–"))
    return told


def number_facts(sheet: Sheet) -> list[tuple[str, str]]:
    """What a recall of the number is about."""
    supplier = sheet.supplier.name if sheet.supplier else _("not known: lots of every supplier")
    return [(_("Item"), named(sheet.item)), (_("Lot"), sheet.number), (_("Supplier"), supplier)]


def figures(sheet: Sheet) -> list[tuple[str, str]]:
    """The four numbers at the top."""
    elsewhere = sum(sheet.visits_elsewhere.values())
    under_way = sum(one.quantity for one in sheet.on_the_way)
    return [
        (_("Visits that had it"), str(sheet.visit_count + elsewhere)),
        (_("Still stands"), format_quantity(sheet.standing, sheet.item)),
        (_("On the way"), format_quantity(under_way, sheet.item)),
        (_("Batches brewed of it"), str(len(sheet.batches))),
    ]


def lot_row(line: LotLine) -> dict[str, Any]:
    """A lot or batch with what became of it."""
    # Opening stock and what a count found came, too; what it missed is gone.
    corrected = line.moved.get(MovementType.ADJUSTMENT, 0)
    amounts = {
        "came": line.came + max(corrected, 0),
        "used": line.out(MovementType.USAGE),
        "brewed": line.out(MovementType.PREPARATION_OUT),
        "sent": line.out(MovementType.TRANSFER_OUT),
        "gone": line.out(MovementType.WASTE) + max(-corrected, 0),
        "stands": line.standing,
    }
    return {
        "name": f"{named(line.item)} {line.lot.number}",
        "where": " · ".join(part for part in (line.branch.name, _ends(line.lot)) if part),
        "url": url_for("stock.show_lot", lot_id=line.lot.id) if _here(line.branch) else "",
        **{name: format_quantity(amount, line.item) if amount else "–" for name, amount in amounts.items()},
        "status": _state(line.lot, line.standing),
    }


def _ends(lot: Lot) -> str:
    if lot.expires_on is None and lot.use_by_at is None:
        return ""
    return _("until %(when)s", when=until(lot.expires_on, lot.use_by_at))


def _state(lot: Lot, standing: int) -> tuple[str, str]:
    if lot.quarantined_at is not None:
        return "danger", _("quarantined")
    return ("warning", _("may be used")) if standing else ("neutral", _("used up"))


def loose(sheet: Sheet) -> list[str]:
    """Branches where some of it stands and may be used: nobody who recalled it manages them."""
    found = [line for line in [*sheet.lots, *sheet.batches] if line.standing]
    names = [line.branch.name for line in found if line.lot.quarantined_at is None]
    return list(dict.fromkeys(names))


def step_row(step: StepUse, sheet: Sheet) -> dict[str, Any]:
    """A step that used of it; its visit is a tap away where it is of the branch one works in."""
    here = step.branch_id == current_branch().id
    address = url_for("visits.show_visit", visit_id=step.visit_id, _anchor=f"step-{step.position}")
    told = [_when(step.happened_at), _("Step %(number)s", number=step.position)]
    if not here:
        told.append(sheet.branches[step.branch_id].name)
    if step.item.id != sheet.item.id:
        told.append(f"{named(step.item)} {step.lot_number}")
    return {
        "title": step.booking_reference or _when(step.planned_at),
        "url": address if here else "",
        "detail": " · ".join(told),
        "side": format_quantity(step.quantity, step.item),
    }


def sent_row(one: Departure, branches: dict[Any, Branch]) -> dict[str, Any]:
    """A transfer that took some of it along."""
    way = {"from": branches[one.lot.branch_id].name, "to": one.to_branch.name}
    return {
        "title": format_quantity(one.quantity, one.item),
        "detail": _("from %(from)s to %(to)s", **way),
        "side": word(TransferStatus(one.transfer.status)),
        "side_note": one.lot.number,
        "url": url_for("transfers.show_transfer", transfer_id=one.transfer.id),
        "symbol": "truck",
    }


def elsewhere(sheet: Sheet) -> list[str]:
    """Of branches that are not the reader's: how many visits."""
    return [
        _(
            "%(branch)s: %(visits)s",
            branch=sheet.branches[branch_id].name,
            visits=plural("%(num)s visit", "%(num)s visits", visits),
        )
        for branch_id, visits in sheet.visits_elsewhere.items()
        if branch_id in sheet.branches
    ]


@dataclass(frozen=True, slots=True)
class ListLine:
    """A line of the whole list, as paper and CSV have it."""

    kind: str
    branch: str
    item: str
    lot: str
    when: str
    reference: str
    amount: Decimal
    unit: str
    state: str


def headings() -> tuple[str, ...]:
    return (
        *(_("Kind"), _("Branch"), _("Item"), _("Lot"), _("When"), _("Reference")),
        *(_("Amount"), _("Unit"), _("Status")),
    )


def lots_list(sheet: Sheet) -> Iterator[ListLine]:
    """The list line by line: what stands where and what is on its way."""
    for line in [*sheet.lots, *sheet.batches]:
        kind = _("Batch") if line.lot.kind is LotKind.PREPARED else _("Lot")
        ends = until(line.lot.expires_on, line.lot.use_by_at)
        state = _state(line.lot, line.standing)[1]
        yield _told(kind, line.branch.name, line.item, line.lot.number, ends, "", line.standing, state)
    for one in sheet.departures:
        sent = _when(one.transfer.dispatched_at) if one.transfer.dispatched_at else ""
        sender = sheet.branches[one.lot.branch_id].name
        state = word(TransferStatus(one.transfer.status))
        reference = f"→ {one.to_branch.name}"
        yield _told(_("Transfer"), sender, one.item, one.lot.number, sent, reference, one.quantity, state)


def steps_list(steps: Sequence[StepUse], branches: Mapping[UUID, str]) -> Iterator[ListLine]:
    """The rest of it: steps of visits. `branches`: their names."""
    for step in steps:
        reference = f"{step.booking_reference or _when(step.planned_at)} · {step.position}"
        branch, when = branches[step.branch_id], _when(step.happened_at)
        yield _told(_("Visit"), branch, step.item, step.lot_number, when, reference, step.quantity, _("used"))


def _told(
    kind: str, branch: str, item: Item, lot: str, when: str, reference: str, quantity: int, state: str
) -> ListLine:
    amount, unit = stock_amount(item, quantity)
    return ListLine(kind, branch, named(item), lot, when, reference, amount, unit_symbol(unit), state)


def cells(lines: Iterable[ListLine]) -> Iterator[tuple[object, ...]]:
    """Lines of the list as a spreadsheet has them: every fact in a column of its own."""
    for line in lines:
        yield tuple(getattr(line, name) for name in ListLine.__slots__)


def paper_lines(lines: Iterable[ListLine], sheet: Sheet) -> Iterator[tuple[str, ...]]:
    """Lines of the list as paper has them, in few columns: what, when, where, whose, how much.

    The item and lot that the paper is about are not said again in each.
    """
    own = {(named(sheet.item), line.lot.number) for line in sheet.lots}
    for line in lines:
        what = line.kind if (line.item, line.lot) in own else f"{line.kind}: {line.item} {line.lot}"
        amount = f"{format_number(line.amount)}{NO_BREAK}{line.unit}"
        yield what, line.when, line.branch, line.reference or line.state, amount


def _here(branch: Branch) -> bool:
    return branch.id == current_branch().id


def _when(instant: Any) -> str:
    return format_instant(instant, current_branch().timezone)
