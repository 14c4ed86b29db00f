"""A line of the plan in words: why it is flagged or not, what was counted, what to do. Pure.

Words are made when somebody reads them, from the numbers as they were when the line was decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from supply.domain.purchasing.lines import Line
from supply.i18n import Text, lazy, lazy_ngettext

UNUSED_DAYS = 60
Show = Callable[[float], str]


def sentences(line: Line, show: Show) -> list[Text]:
    """The line's reasons in the order in which they are read; `show` writes an amount of the item's unit."""
    return [*_standing(line, show), *_counted(line, show), *_looking_ahead(line, show), *_doing(line, show)]


def _standing(line: Line, show: Show) -> Iterator[Text]:
    stock, days = line.stock, line.timing.cover
    has = {"on_hand": show(stock.on_hand), "on_order": show(stock.on_order)}
    if line.need.mean <= 0 and not line.flagged:
        yield lazy(
            "Enough: %(on_hand)s on hand, %(on_order)s on order; no use is known or expected. "
            "Enter an estimate if it will be used.",
            **has,
        )
    elif line.flagged:
        yield lazy_ngettext(
            "Flagged: %(on_hand)s on hand and %(on_order)s on order cover about %(num)s day.",
            "Flagged: %(on_hand)s on hand and %(on_order)s on order cover about %(num)s days.",
            days,
            **has,
        )
    else:
        yield lazy_ngettext(
            "Enough: %(on_hand)s on hand and %(on_order)s on order cover about %(num)s day.",
            "Enough: %(on_hand)s on hand and %(on_order)s on order cover about %(num)s days.",
            days,
            **has,
        )


def _counted(line: Line, show: Show) -> Iterator[Text]:
    """What the shelf shows and the position does not."""
    stock, timing = line.stock, line.timing
    if stock.pending > 0:
        yield lazy(
            "%(amount)s of finished visits not yet logged is already taken off.", amount=show(stock.pending)
        )
    if stock.expiring > 0:
        yield lazy(
            "%(amount)s will expire before it can be used and is not counted.", amount=show(stock.expiring)
        )
    if stock.on_order > 0 and timing.oldest_open > timing.lead_usual:
        yield lazy(
            "Chase the supplier: its oldest order is %(age)s days old, usually it takes %(usual)s.",
            age=timing.oldest_open,
            usual=timing.lead_usual,
        )
    if stock.overdue > 0:
        yield lazy(
            "%(amount)s on order is so late that it is not counted: what lasts can be ordered again.",
            amount=show(stock.overdue),
        )
    if stock.on_hand > 0 and line.need.last_use is not None and line.need.last_use >= UNUSED_DAYS:
        yield lazy("Nothing of it was used for %(days)s days.", days=line.need.last_use)


def _looking_ahead(line: Line, show: Show) -> Iterator[Text]:
    need, timing = line.need, line.timing
    if need.mean <= 0:
        return
    yield lazy(
        "The next order after this one would be here in %(days)s days (usually %(lead)s days after "
        "ordering); until then visits need %(expected)s (%(booked)s booked), and up to %(most)s in "
        "%(cases)s of 100 cases.",
        days=timing.protection,
        lead=timing.lead_usual,
        expected=show(need.expected),
        booked=show(need.booked),
        most=show(need.reorder_point),
        cases=int(need.service * 100),
    )
    if need.level_before is not None:
        yield lazy(
            "Use has moved from %(before)s to %(now)s a day; the last two weeks are used.",
            before=show(need.level_before),
            now=show(need.level),
        )


def _doing(line: Line, show: Show) -> Iterator[Text]:
    timing = line.timing
    if line.note is not None:
        yield lazy(
            "Not worth the waste: of the smallest order so much would spoil that it costs more than the "
            "shortage. A manager decides."
        )
    elif line.quantity > 0:
        days = int((line.stock.position + line.quantity) / line.need.mean) if line.need.mean > 0 else 0
        values = {
            "quantity": show(line.quantity),
            "packs": line.packs,
            "pack": show(line.pack),
            "days": days,
        }
        if line.joins:
            yield lazy(
                "It joins a delivery that is needed anyway: order %(quantity)s (packs of %(pack)s: "
                "%(packs)s), enough for about %(days)s days.",
                **values,
            )
        else:
            yield lazy(
                "Order %(quantity)s (packs of %(pack)s: %(packs)s): enough for about %(days)s days.", **values
            )
    elif line.waits:
        yield lazy_ngettext(
            "Waiting %(num)s day for the next chance to order costs less than a delivery.",
            "Waiting %(num)s days for the next chance to order costs less than a delivery.",
            timing.next_chance - timing.chance,
        )
    elif line.need.mean > 0 and timing.order_by > timing.chance:
        yield lazy_ngettext(
            "Order in %(num)s day at the latest.", "Order in %(num)s days at the latest.", timing.order_by
        )
