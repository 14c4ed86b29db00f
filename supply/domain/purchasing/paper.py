"""A purchase order as its supplier reads it: in their language, in their packs, under their article numbers.

One paper serves the printed page, the mail and the CSV. Changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from supply import clock
from supply.domain.branches.models import Branch
from supply.domain.catalog.units import stock_amount
from supply.domain.purchasing.models import PurchaseOrder, PurchaseOrderLine
from supply.i18n import _, locale_now, speaking
from supply.presenting import format_amount, format_day, format_money, format_number
from supply.tabular import csv_text


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One line: "8" of "carton (5 kg)", or "3 kg" where the supplier has no pack."""

    position: int
    code: str
    item: str
    amount: str
    pack: str
    price: str
    total_minor: int | None


@dataclass(frozen=True, slots=True)
class Paper:
    """The order in words, in `language`; `total` is empty where a price is not known."""

    language: str
    number: str
    title: str
    branch: str
    supplier: str
    ordered_on: str
    expected_on: str
    lines: tuple[PaperLine, ...]
    total: str


def paper_of(order: PurchaseOrder, branch: Branch) -> Paper:
    """The paper of an order of this branch. Lines with items and the supplier must be loaded."""
    with speaking(order.supplier.language):
        lines = tuple(_line(line, branch.currency) for line in order.lines)
        number = order_number(branch.code, order.number)
        prices = [line.total_minor for line in lines]
        known = [price for price in prices if price is not None]
        return Paper(
            language=order.supplier.language,
            number=number,
            title=_("Purchase order %(number)s", number=number),
            branch=branch.name,
            supplier=order.supplier.name,
            ordered_on=format_day(_day(order, branch)),
            expected_on=format_day(clock.day_of(order.expected_at, branch.timezone)),
            lines=lines,
            total=format_money(sum(known), branch.currency) if len(known) == len(prices) else "",
        )


def order_number(branch_code: str, number: int) -> str:
    """What both sides call it: "HN-00012"."""
    return f"{branch_code}-{number:05d}"


def _day(order: PurchaseOrder, branch: Branch) -> date:
    return clock.day_of(order.ordered_at or order.approved_at, branch.timezone)


def _line(line: PurchaseOrderLine, currency: str) -> PaperLine:
    name = line.item.name_vi if locale_now() == "vi" else line.item.name_en
    if line.pack_quantity is None or line.ordered % line.pack_quantity:
        amount, pack = format_amount(*stock_amount(line.item, line.ordered)), ""
        packs = None
    else:
        packs = line.ordered // line.pack_quantity
        size = format_amount(*stock_amount(line.item, line.pack_quantity))
        amount, pack = format_number(Decimal(packs)), f"{line.pack_name or ''} ({size})".strip()
    total = None if packs is None or line.price_minor is None else packs * line.price_minor
    return PaperLine(
        line.position,
        line.supplier_code or line.item.code,
        name,
        amount,
        pack,
        format_money(line.price_minor, currency),
        total,
    )


def csv_of(paper: Paper) -> str:
    """The lines as CSV, with a heading in the supplier's language; no cell can be a formula."""
    with speaking(paper.language):
        heading = [
            _("Line"),
            _("Article number"),
            _("Item"),
            _("Amount"),
            _("Pack"),
            _("Price per pack"),
        ]
    rows = [[line.position, line.code, line.item, line.amount, line.pack, line.price] for line in paper.lines]
    return csv_text([heading, *rows])


def letter_of(paper: Paper) -> tuple[str, str]:
    """Subject and body of the mail that brings the order."""
    with speaking(paper.language):
        subject = _("%(branch)s: purchase order %(number)s", branch=paper.branch, number=paper.number)
        lines = [f"{line.position}. {line.item}: {line.amount} {line.pack}".rstrip() for line in paper.lines]
        body = [
            _("Dear %(supplier)s,", supplier=paper.supplier),
            "",
            _("please deliver to %(branch)s by %(day)s:", branch=paper.branch, day=paper.expected_on),
            "",
            *lines,
            "",
            *([_("Total at your prices: %(total)s", total=paper.total), ""] if paper.total else []),
            _("Please put the number %(number)s on the delivery note.", number=paper.number),
            "",
            paper.branch,
        ]
    return subject, "\n".join(body)
