"""The page on which a step that is recorded is recorded anew, as it was: a guest more, a guest less."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.visits import service as visits
from supply.domain.visits.schemas import CorrectStep
from supply.errors import Conflict
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission
from supply.web import amount_rows, offline_rows, visit_rows
from supply.web.pages import Pages, Target, current_form, render, say

bp = Pages("corrections", __name__)
_STEP = "/visits/<uuid:visit_id>/steps/<int(min=1, max=50):position>"


@bp.page(f"{_STEP}/correction", permission=Permission.VISIT_COMPLETE_OWN)
def show_correction(session: Session, actor: Actor, visit_id: UUID, position: int) -> str:
    view = visits.get_visit(session, actor, visit_id)
    step = view.step(position)
    done = step.completion
    if done is None:
        raise Conflict(
            "already_reversed", lazy("This is undone already. Open the visit again and record the step.")
        )
    lots = amount_rows.lots_at_hand(session, view.visit.branch_id, done.lines)
    form = current_form()
    return render(
        "visits/correct.html",
        schema=CorrectStep,
        done=done,
        rows=amount_rows.correction_rows(done, view.visit.party_size, lots),
        short=visit_rows.short_rows(form.details["short"]) if form.code == "stock_short" else [],
        **offline_rows.page_of_step(view, step),
    )


@bp.action(
    f"{_STEP}/correction",
    permission=Permission.VISIT_COMPLETE_OWN,
    schema=CorrectStep,
    back="corrections.show_correction",
)
def correct_step(
    session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, position: int
) -> Target:
    visits.correct_step(session, actor, visit_id=visit_id, position=position, **data)
    say(_("Step %(number)s is recorded anew.", number=position))
    return "visits.show_visit", {"visit_id": visit_id, "_anchor": f"step-{position}"}
