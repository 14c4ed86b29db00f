"""A purchase order as its supplier reads it: in their language, in their packs, under their article numbers.

One paper serves the printed page, the mail and the CSV. Changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from supply import clock
from supply.domain.branches.models import Branch
from supply.domain.catalog.units import stock_amount
from supply.domain.purchasing.models import PurchaseOrder, PurchaseOrderLine
from supply.i18n import _, locale_now, speaking
from supply.presenting import (
    NO_BREAK,
    Measured,
    format_amount,
    format_day,
    format_money,
    format_number,
    format_quantity,
    unit_symbol,
)
from supply.quantity import MINOR_DIGITS, Dimension
from supply.tabular import csv_text


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One line: "8" of "carton (5 kg)", or "3 kg" where the supplier has no pack.

    `number` of `unit` is the same for a spreadsheet: 8 of "carton (5 kg)", 3 of "kg".
    """

    position: int
    code: str
    item: str
    amount: str
    pack: str
    number: Decimal
    unit: str
    price: str
    price_minor: int | None
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
    currency: str
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
            currency=branch.currency,
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
        number, code = stock_amount(line.item, line.ordered)
        amount, pack, unit = format_amount(number, code), "", unit_symbol(code)
        packs = None
    else:
        packs = line.ordered // line.pack_quantity
        number = Decimal(packs)
        amount, pack = format_number(number), pack_words(line.pack_name or "", line.pack_quantity, line.item)
        unit = pack
    total = None if packs is None or line.price_minor is None else packs * line.price_minor
    return PaperLine(
        line.position,
        line.supplier_code or line.item.code,
        name,
        amount,
        pack,
        number,
        unit,
        format_money(line.price_minor, currency),
        line.price_minor,
        total,
    )


def pack_words(name: str, quantity: int, of: Measured | Dimension) -> str:
    """What a pack is called and how much it holds: "carton (5 kg)"; "500 g bag" says it itself."""
    size = format_quantity(quantity, of)
    said = re.escape(size.replace(NO_BREAK, " "))
    return name if re.search(rf"(?<![\d.,]){said}(?!\w)", name) else f"{name} ({size})".strip()


def csv_of(paper: Paper) -> str:
    """The lines as CSV, with headings and marks of the supplier's language; no cell can be a formula."""
    with speaking(paper.language):
        heading = [
            _("Line"),
            _("Article number"),
            _("Item"),
            _("Amount"),
            _("Pack"),
            _("Price per pack"),
            _("Currency"),
        ]
    rows = [[*_cells(line, paper.currency), paper.currency] for line in paper.lines]
    return csv_text([heading, *rows], paper.language)


def _cells(line: PaperLine, currency: str) -> list[object]:
    price = None if line.price_minor is None else Decimal(line.price_minor).scaleb(-MINOR_DIGITS[currency])
    return [line.position, line.code, line.item, line.number, line.unit, price]


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
