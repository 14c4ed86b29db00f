"""Pages of recalls: what one would concern, recalling, the sheet with its paper and CSV, lifting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, stream_with_context, url_for
from sqlalchemy.orm import Session

from supply import recalling
from supply.database import read_snapshot
from supply.domain.recalls import service as recalls
from supply.domain.recalls.schemas import LiftRecall, RecallLot
from supply.domain.recalls.sheet import Sheet, sheet_of, sheet_of_lot, steps_of
from supply.domain.reports.servings import StepUse
from supply.i18n import _, locale_now
from supply.permissions import Actor, Permission, require
from supply.tabular import csv_text
from supply.web import recall_rows
from supply.web.pages import Pages, render, say
from supply.web.session import current_branch

bp = Pages("recalls", __name__)
_DECIDE, _SEE = Permission.RECALL_DECIDE, Permission.STOCK_SEE
Target = tuple[str, dict[str, Any]]
# The completion and the lot of the step before.
Place = tuple[UUID, UUID]
# As many steps are read at once for the CSV.
PORTION = 20_000


@bp.page("/recalls", permission=_SEE)
def list_recalls(session: Session, actor: Actor) -> str:
    found = recalls.list_recalls(session, actor, current_branch().id)
    return render("recalls/list.html", recalls=[recall_rows.recall_row(recall) for recall in found])


@bp.page("/stock/lots/<uuid:lot_id>/recall", permission=_DECIDE)
def new_recall(session: Session, actor: Actor, lot_id: UUID) -> str:
    sheet = sheet_of_lot(session, actor, current_branch().id, lot_id)
    return render(
        "recalls/new.html",
        **_shown(sheet),
        facts=recall_rows.number_facts(sheet),
        lot_id=lot_id,
        schema=RecallLot,
    )


def _shown(sheet: Sheet) -> dict[str, Any]:
    branches = sheet.branches
    return {
        "item": sheet.item,
        "number": sheet.number,
        "figures": recall_rows.figures(sheet),
        "lots": [recall_rows.lot_row(line) for line in sheet.lots],
        "batches": [recall_rows.lot_row(line) for line in sheet.batches],
        "steps": [recall_rows.step_row(step, sheet) for step in sheet.steps],
        "more": sheet.step_count - len(sheet.steps),
        "elsewhere": recall_rows.elsewhere(sheet),
        "sent": [recall_rows.sent_row(one, branches) for one in sheet.departures],
    }


@bp.action(
    "/stock/lots/<uuid:lot_id>/recall", permission=_DECIDE, schema=RecallLot, back="recalls.new_recall"
)
def open_recall(session: Session, actor: Actor, data: dict[str, Any], lot_id: UUID) -> Target:
    recall = recalls.open_recall(session, actor, lot_id=lot_id, **data)
    recalling.settle_soon()
    say(_("Recalled: it is blocked everywhere, also where it comes later."))
    return "recalls.show_recall", {"recall_id": recall.id}


@bp.page("/recalls/<uuid:recall_id>", permission=_SEE)
def show_recall(session: Session, actor: Actor, recall_id: UUID) -> str:
    recall = recalls.get_recall(session, actor, recall_id)
    sheet = sheet_of(session, actor, recall)
    own = [one for one in recall.branches if actor.belongs_to(one.branch_id)]
    return render(
        "recalls/show.html",
        **_shown(sheet),
        recall=recall,
        facts=recall_rows.facts(recall, sheet),
        following=[one.branch.name for one in own if one.settled_at is None],
        loose=recall_rows.loose(sheet) if recall.lifted_at is None else [],
        may_lift=recall.lifted_at is None
        and all(actor.may(_DECIDE, one.branch_id) for one in recall.branches),
    )


@bp.page("/recalls/<uuid:recall_id>/csv", permission=_SEE)
def download_recall(session: Session, actor: Actor, recall_id: UUID) -> Response:
    """Sent while it is read, its first byte at once: a lot may have a hundred thousand steps behind it."""
    recalls.get_recall(session, actor, recall_id)
    asked: dict[str, Any] = {"actor": actor, "recall_id": recall_id, "language": locale_now()}

    def parts() -> Iterator[bytes]:
        yield csv_text([recall_rows.headings()], asked["language"]).encode("utf-8-sig")
        text, names, before = read_snapshot(partial(_beginning, **asked))
        yield text.encode()
        while before is not None:
            text, before = read_snapshot(partial(_portion, **asked, names=names, before=before))
            yield text.encode()

    response = Response(stream_with_context(parts()), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="recall-{recall_id}.csv"'
    return response


def _beginning(
    session: Session, actor: Actor, recall_id: UUID, language: str
) -> tuple[str, Mapping[UUID, str], Place | None]:
    """The lots and the last steps as CSV, the names of the branches, and where the next portion begins."""
    sheet = sheet_of(session, actor, recalls.get_recall(session, actor, recall_id))
    names = {id_: branch.name for id_, branch in sheet.branches.items()}
    lines = [*recall_rows.lots_list(sheet), *recall_rows.steps_list(sheet.steps, names)]
    more = sheet.step_count > len(sheet.steps)
    return csv_text(recall_rows.cells(lines), language), names, _place(sheet.steps) if more else None


def _portion(
    session: Session, actor: Actor, recall_id: UUID, language: str, names: Mapping[UUID, str], before: Place
) -> tuple[str, Place | None]:
    """A portion of the steps as CSV, and where the next one begins."""
    recall = recalls.get_recall(session, actor, recall_id)
    steps = steps_of(session, actor, recall, limit=PORTION, before=before)
    text = csv_text(recall_rows.cells(recall_rows.steps_list(steps, names)), language)
    return text, _place(steps) if len(steps) == PORTION else None


def _place(steps: Sequence[StepUse]) -> Place:
    return steps[-1].completion_id, steps[-1].lot_id


@bp.page("/recalls/<uuid:recall_id>/paper", permission=_SEE)
def print_recall(session: Session, actor: Actor, recall_id: UUID) -> str:
    recall = recalls.get_recall(session, actor, recall_id)
    sheet = sheet_of(session, actor, recall)
    steps = sheet.steps
    if sheet.step_count > len(steps):
        steps = steps_of(session, actor, recall, limit=recall_rows.ON_PAPER)
    names = {id_: branch.name for id_, branch in sheet.branches.items()}
    lines = [*recall_rows.lots_list(sheet), *recall_rows.steps_list(steps, names)]
    return render(
        "recalls/paper.html",
        title=_("Recall of %(item)s", item=recall_rows.recall_row(recall)["title"]),
        facts=[*recall_rows.facts(recall, sheet), *recall_rows.figures(sheet)],
        rows=list(recall_rows.paper_lines(lines, sheet)),
        more=sheet.step_count - len(steps),
        elsewhere=recall_rows.elsewhere(sheet),
    )


@bp.page("/recalls/<uuid:recall_id>/lifting", permission=_DECIDE)
def confirm_lifting(session: Session, actor: Actor, recall_id: UUID) -> str:
    recall = recalls.get_recall(session, actor, recall_id)
    for one in recall.branches:
        require(actor, _DECIDE, one.branch_id)
    title = recall_rows.recall_row(recall)["title"]
    return render("recalls/lift.html", recall=recall, title=title, schema=LiftRecall)


@bp.action(
    "/recalls/<uuid:recall_id>/lifting",
    permission=_DECIDE,
    schema=LiftRecall,
    back="recalls.confirm_lifting",
)
def lift_recall(session: Session, actor: Actor, data: dict[str, Any], recall_id: UUID) -> str:
    recalls.lift_recall(session, actor, recall_id, **data)
    recalling.settle_soon()
    say(_("Lifted: what no other recall holds may be used again."))
    return url_for("recalls.show_recall", recall_id=recall_id)
