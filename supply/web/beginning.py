"""The first steps on the start page: what is done, what comes next and where. Owns hiding them on a device.

What is done is asked of the data (reports/beginning.py); only that somebody does not want to see it is kept,
in a cookie of the device.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any
from uuid import UUID

from flask import request, url_for
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from supply.domain.preparation import starter
from supply.domain.reports.beginning import Beginning, find_beginning
from supply.fields import BaseSchema
from supply.i18n import Text, _, lazy
from supply.permissions import Actor, Permission
from supply.web import session as device
from supply.web.gate import Access, allowed
from supply.web.pages import Pages, Target, say

bp = Pages("beginning", __name__)
HIDDEN, SHOWN = "hidden", "shown"


@dataclass(frozen=True)
class FirstStep:
    """A step: what it is, why, who may take it, where, and whose it is otherwise."""

    title: Text
    text: Text
    permission: Permission
    endpoint: str
    whose: Text


ADMINS, MANAGERS = lazy("An admin does this."), lazy("A manager of the branch does this.")
STEPS = (
    FirstStep(
        lazy("Found the branch"),
        lazy("Its name, its clock and its currency; its storeroom comes with it."),
        Permission.BRANCH_MANAGE,
        "branches.new_branch",
        ADMINS,
    ),
    FirstStep(
        lazy("Add its rooms"),
        lazy("They say how many guests a visit may have and how many tubs are filled."),
        Permission.BRANCH_MANAGE,
        "branches.show_branch",
        ADMINS,
    ),
    FirstStep(
        lazy("Add the people"),
        lazy("A manager first, then the storeroom and the therapists, each with their own name."),
        Permission.PEOPLE_STAFF,
        "people.new_person",
        ADMINS,
    ),
    FirstStep(
        lazy("Fill the catalogue"),
        lazy("Load the starter catalogue with its six-step back massage, or import your own lists."),
        Permission.CATALOG_MANAGE,
        "catalog.list_items",
        MANAGERS,
    ),
    FirstStep(
        lazy("Write down what stands on the shelves"),
        lazy("Lot by lot, by hand or from a file; from then on the book knows."),
        Permission.COUNT_LOG,
        "adjustments.new_opening",
        MANAGERS,
    ),
    FirstStep(
        lazy("Plan the first visit"),
        lazy("Its steps show what each will use and whether everything is there."),
        Permission.VISIT_PLAN,
        "visit_plans.new_visit",
        MANAGERS,
    ),
)


class ChooseFirstSteps(BaseSchema):
    first_steps = fields.String(required=True, validate=validate.OneOf([HIDDEN, SHOWN]))


def first_steps(session: Session, actor: Actor, branch_id: UUID | None) -> dict[str, Any] | None:
    """What the page shows of them; None when they are done, and for people who do not lead them."""
    beginning = find_beginning(session, actor, branch_id)
    if beginning is None or beginning.whole:
        return None
    return {
        "hidden": request.cookies.get("supply-first-steps") == HIDDEN,
        "done": beginning.done,
        "steps": _rows(actor, beginning, branch_id),
    }


def _rows(actor: Actor, beginning: Beginning, branch_id: UUID | None) -> list[dict[str, Any]]:
    """Each step with its state: done, next (the first that is not) or later; a link where it may be taken."""
    states = astuple(beginning)
    following = states.index(False)
    rows = []
    for number, (step, done) in enumerate(zip(STEPS, states, strict=True)):
        mine = allowed(actor, step.permission)
        # Without a branch there is nowhere to go but to the first step.
        open_now = mine and not done and (branch_id is not None or number == 0)
        path: dict[str, Any] = {"branch_id": branch_id} if step.endpoint == "branches.show_branch" else {}
        rows.append(
            {
                "number": number + 1,
                "title": str(step.title),
                "detail": str(step.text) if mine or done else f"{step.text} {step.whose}",
                "state": "done" if done else "next" if number == following else "later",
                "url": url_for(step.endpoint, **path) if open_now else "",
            }
        )
    return rows


@bp.action(
    "/first-steps",
    permission=Access.SIGNED_IN,
    back="today.show_today",
    schema=ChooseFirstSteps,
    keyed=False,
)
def choose_first_steps(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    device.remember("first-steps", data["first_steps"])
    return "today.show_today", {}


@bp.action("/starter-catalogue", permission=Permission.CATALOG_MANAGE, back="catalog.list_items")
def load_starter(session: Session, actor: Actor) -> Target:
    starter.load(session, actor)
    say(_("The starter catalogue is loaded. Its quantities are assumptions until a manager confirms them."))
    return "catalog.list_items", {}
