"""Where a form belongs and what it is called, for a tap that waits; which pages are today's."""

from __future__ import annotations

from typing import Any

from flask import url_for

from supply import clock
from supply.domain.visits.views import StepView, VisitView
from supply.i18n import _
from supply.presenting import format_clock
from supply.web.frame import named
from supply.web.session import current_branch


def of_step(view: VisitView, step: StepView) -> dict[str, str]:
    """As `offline` of components/form.html."""
    begins = format_clock(view.visit.planned_at, current_branch().timezone)
    return {
        "place": url_for("visits.show_visit", visit_id=view.visit.id, _anchor=f"step-{step.position}"),
        "label": f"{begins} · {named(view.procedure)} · {step.position}. {named(step)}",
    }


def of_undo(view: VisitView, step: StepView) -> dict[str, str]:
    told = of_step(view, step)
    return told | {"label": _("Undo: %(what)s", what=told["label"])}


def of_part(view: VisitView, step: StepView, part: str, what: str) -> dict[str, str]:
    """What is tapped in the banner before a step: at a place of its own, so that the step is tapped too."""
    told = of_step(view, step)
    return {"place": f"{told['place']}-{part}", "label": f"{told['label']}: {what}"}


def page_of_step(view: VisitView, step: StepView) -> dict[str, Any]:
    """What a page about one step needs."""
    return {"view": view, "step": step, "offline": of_step(view, step), "is_today": is_today(view)}


def is_today(view: VisitView) -> bool:
    zone = current_branch().timezone
    return clock.day_of(view.visit.planned_at, zone) == clock.today(zone)
