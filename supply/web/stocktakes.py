"""Pages of stocktakes: what to count and why, walking the shelves with a phone, what is left to be said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.ledger import reading
from supply.domain.stocktake import adding, opening, progress, suggesting, tallying, telling, walking
from supply.domain.stocktake.models import Stocktake, StocktakeStatus
from supply.domain.stocktake.stocktake_schemas import AddFoundLot, CountLineOfList, OpenStocktake, SettleRest
from supply.domain.stocktake.tallying import Rest
from supply.domain.stocktake.telling import LineState
from supply.errors import Invalid
from supply.fields import BaseSchema, Id, Text, Tick, Whole
from supply.i18n import _, lazy, plural
from supply.permissions import Actor, Permission, require
from supply.web.count_rows import when_counted
from supply.web.frame import named
from supply.web.pages import Pages, Target, current_form, query, render, say, tried
from supply.web.scanning import MOST_BYTES, scanned
from supply.web.session import current_branch
from supply.web.shelf_scan import ShelfScan, find_on_shelf
from supply.web.stock_rows import until
from supply.web.stocktake_rows import (
    opened_words,
    shelf_row,
    stocktake_row,
    suggestion_row,
    title_of,
    waiting_row,
)
from supply.web.units import echo_unit, unit_options

bp = Pages("stocktakes", __name__)
PAGE = 20
# So many of the suggested items are ticked: about what one person counts in half an hour.
TICKED = 12
MOST_OTHERS = 200


class ListQuery(BaseSchema):
    before = Id(load_default=None)


class FoundQuery(BaseSchema):
    item_id = Id(load_default=None)
    location_id = Id(load_default=None)
    q = Text(max_length=100, load_default="")


class RestQuery(BaseSchema):
    after = Whole(minimum=0, maximum=2**31, load_default=0)


@bp.page("/stocktakes", permission=Permission.STOCK_SEE)
def list_stocktakes(session: Session, actor: Actor) -> str:
    before = query(ListQuery)["before"]
    found = progress.list_stocktakes(session, actor, current_branch().id, limit=PAGE + 1, before=before)
    following = found[PAGE - 1].Stocktake.id if len(found) > PAGE else None
    return render(
        "stocktakes/list.html",
        stocktakes=[stocktake_row(row) for row in found[:PAGE]],
        next_url=following and url_for("stocktakes.list_stocktakes", before=following),
        first_url=url_for("stocktakes.list_stocktakes") if before else None,
    )


@bp.page("/stocktakes/new", permission=Permission.COUNT_LOG)
def new_stocktake(session: Session, actor: Actor) -> str:
    branch = current_branch()
    suggested = suggesting.suggest_items(session, actor, branch.id)
    known = {item.id for item, _one in suggested} | progress.items_counted(session, branch.id)
    today = clock.today(branch.timezone)
    levels = reading.list_levels(session, branch.id, today=today, limit=MOST_OTHERS)
    return render(
        "stocktakes/new.html",
        schema=OpenStocktake,
        suggested=[suggestion_row(item, one) for item, one in suggested],
        ticked=[str(item.id) for item, _one in suggested[:TICKED]],
        others=[(str(row.Item.id), named(row.Item)) for row in levels if row.Item.id not in known],
    )


@bp.action(
    "/stocktakes/new",
    permission=Permission.COUNT_LOG,
    schema=OpenStocktake,
    back="stocktakes.new_stocktake",
)
def open_stocktake(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    stocktake = opening.open_stocktake(session, actor, **data)
    return "stocktake_ends.show_stocktake", {"stocktake_id": stocktake.id}


@bp.page("/stocktakes/<uuid:stocktake_id>/shelves/<uuid:location_id>", permission=Permission.COUNT_LOG)
def walk_shelf(session: Session, actor: Actor, stocktake_id: UUID, location_id: UUID) -> str:
    """Where one goes on: the first line of the shelf that waits, else that it is done."""
    stocktake = _counting(session, actor, stocktake_id)
    texts: list[str] = tried() or []
    scan = find_on_shelf(session, actor, stocktake, location_id, texts[0]) if texts else None
    line_id = (scan and scan.line_id) or walking.next_waiting(session, stocktake.id, location_id)
    if line_id is None:
        return _shelf_done(session, stocktake, location_id)
    return _line_page(session, stocktake, line_id, scan)


@bp.look(
    "/stocktakes/<uuid:stocktake_id>/shelves/<uuid:location_id>/scan",
    permission=Permission.COUNT_LOG,
    back="stocktakes.walk_shelf",
    most_bytes=MOST_BYTES,
)
def scan_shelf(typed: Mapping[str, str], files: Mapping[str, FileStorage]) -> list[str]:
    return scanned(typed, files)


def _counting(session: Session, actor: Actor, stocktake_id: UUID) -> Stocktake:
    stocktake = _of_counter(session, actor, stocktake_id)
    progress.require_status(stocktake, StocktakeStatus.COUNTING)
    return stocktake


def _of_counter(session: Session, actor: Actor, stocktake_id: UUID) -> Stocktake:
    """Also one that was closed while somebody stood at a shelf: then the page keeps what they typed."""
    stocktake = progress.get_stocktake(session, actor, stocktake_id)
    require(actor, Permission.COUNT_LOG, stocktake.branch_id)
    return stocktake


def _shelf_done(session: Session, stocktake: Stocktake, location_id: UUID) -> str:
    shelves = progress.shelves_of(session, stocktake)
    return render(
        "stocktakes/shelf_done.html",
        stocktake=stocktake,
        title=title_of(stocktake),
        place=branches.get_location(session, stocktake.branch_id, location_id).name,
        shelves=[shelf_row(stocktake, shelf) for shelf in shelves if shelf.waiting],
        found_url=_found_url(stocktake, location_id),
    )


def _found_url(stocktake: Stocktake, location_id: UUID | None) -> str:
    return url_for("stocktakes.choose_found", stocktake_id=stocktake.id, location_id=location_id)


@bp.page("/stocktakes/<uuid:stocktake_id>/lines/<uuid:line_id>", permission=Permission.COUNT_LOG)
def show_line(session: Session, actor: Actor, stocktake_id: UUID, line_id: UUID) -> str:
    return _line_page(session, _of_counter(session, actor, stocktake_id), line_id)


def _line_page(session: Session, stocktake: Stocktake, line_id: UUID, scan: ShelfScan | None = None) -> str:
    told = telling.get_line(session, stocktake, line_id)
    walk = walking.walk_from(session, told.line)

    def way(other: UUID | None) -> str:
        return url_for("stocktakes.show_line", stocktake_id=stocktake.id, line_id=other) if other else ""

    return render(
        "stocktakes/line.html",
        stocktake=stocktake,
        title=title_of(stocktake),
        told=told,
        item=told.item,
        until=until(told.lot.expires_on, told.lot.use_by_at),
        opened=opened_words(told),
        walk=walk,
        scan=scan,
        previous_url=way(walk.previous_id),
        next_url=way(walk.next_id),
        found_url=_found_url(stocktake, told.location.id),
        schema=CountLineOfList,
        looked_at=clock.now().isoformat(),
        when=when_counted(current_form()),
        units=unit_options(told.item),
        echo=echo_unit(told.item),
        offline={
            "place": f"{way(told.line.id)}#count",
            "label": f"{title_of(stocktake)} · {told.location.name} · {named(told.item)} {told.lot.number}",
        },
    )


@bp.action(
    "/stocktakes/<uuid:stocktake_id>/lines/<uuid:line_id>",
    permission=Permission.COUNT_LOG,
    schema=CountLineOfList,
    versioned=True,
    back="stocktakes.show_line",
)
def count_line(
    session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID, line_id: UUID, version: int
) -> Target:
    line = tallying.count_line(session, actor, stocktake_id, line_id, version=version, **data)
    following = walking.next_waiting(session, stocktake_id, line.location_id, after=line.position)
    if following is None:
        where = {"stocktake_id": stocktake_id, "location_id": line.location_id}
        return "stocktakes.walk_shelf", where
    return "stocktakes.show_line", {"stocktake_id": stocktake_id, "line_id": following}


@bp.page("/stocktakes/<uuid:stocktake_id>/found", permission=Permission.COUNT_LOG)
def choose_found(session: Session, actor: Actor, stocktake_id: UUID) -> str:
    """A lot that is not on the list: of which item, and then what is written on it."""
    stocktake = _of_counter(session, actor, stocktake_id)
    asked = query(FoundQuery)
    locations = branches.list_locations(session, stocktake.branch_id)
    about = {"stocktake": stocktake, "title": title_of(stocktake), "location_id": asked["location_id"]}
    if asked["item_id"] is None:
        items = catalog.list_items(session, search=asked["q"], limit=60)
        rows = [
            {
                "title": named(item),
                "category": item.category.value,
                "url": url_for(
                    "stocktakes.choose_found",
                    stocktake_id=stocktake.id,
                    location_id=asked["location_id"],
                    item_id=item.id,
                ),
            }
            for item in items
        ]
        return render("stocktakes/choose_found.html", items=rows, text=asked["q"], **about)
    item = catalog.get_item(session, asked["item_id"])
    return render(
        "stocktakes/found.html",
        item=item,
        schema=AddFoundLot,
        places=[(str(place.id), place.name) for place in locations],
        units=unit_options(item),
        echo=echo_unit(item),
        **about,
    )


@bp.action(
    "/stocktakes/<uuid:stocktake_id>/found",
    permission=Permission.COUNT_LOG,
    schema=AddFoundLot,
    back="stocktakes.choose_found",
)
def add_found(session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID) -> Target:
    line = adding.add_found(session, actor, stocktake_id, **data)
    say(_("Added and counted."))
    return "stocktakes.walk_shelf", {"stocktake_id": stocktake_id, "location_id": line.location_id}


class SettleOnPage(SettleRest):
    """As the page sends it: the ticked lines, or with `all` every line that waits."""

    all = Tick(load_default=False)


@bp.page("/stocktakes/<uuid:stocktake_id>/rest", permission=Permission.COUNT_LOG)
def show_rest(session: Session, actor: Actor, stocktake_id: UUID) -> str:
    """Before the count is closed: what nobody counted is asked about, never taken for granted."""
    stocktake = _counting(session, actor, stocktake_id)
    after = query(RestQuery)["after"]
    lines = telling.list_lines(session, stocktake, state=LineState.WAITING, after=after, limit=PAGE + 1)
    following = lines[PAGE - 1].line.position if len(lines) > PAGE else None
    here = url_for("stocktakes.show_rest", stocktake_id=stocktake.id)
    return render(
        "stocktakes/rest.html",
        stocktake=stocktake,
        title=title_of(stocktake),
        lines=[waiting_row(line) for line in lines[:PAGE]],
        waiting=sum(shelf.waiting for shelf in progress.shelves_of(session, stocktake)),
        next_url=f"{here}?after={following}" if following else None,
        first_url=here if after else None,
    )


@bp.action(
    "/stocktakes/<uuid:stocktake_id>/rest",
    permission=Permission.COUNT_LOG,
    schema=SettleOnPage,
    back="stocktakes.show_rest",
)
def settle_rest(session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID) -> Target:
    if not data.pop("all") and not data["line_ids"]:
        raise Invalid("nothing_ticked", lazy("Tick the lines that you mean."), field="line_ids")
    done = tallying.settle_rest(session, actor, stocktake_id, **data)
    if data["rest"] is Rest.ZERO:
        say(plural("%(num)s line: nothing is there.", "%(num)s lines: nothing is there.", done))
    else:
        say(plural("%(num)s line stays as the book has it.", "%(num)s lines stay as the book has it.", done))
    return "stocktakes.show_rest", {"stocktake_id": stocktake_id}
