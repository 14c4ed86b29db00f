"""What becomes known late, and what is changed by hand: a guest's condition, a line of a step.

Both change what an open step uses, and what is reserved for it, under the branch's lock.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.ledger.service import Writer
from supply.domain.treatments import conditions as known_conditions
from supply.domain.treatments.substitutes import offers_for
from supply.domain.treatments.substitution import Offer
from supply.domain.visits.hindsight import judge_done
from supply.domain.visits.models import Visit, VisitGuest
from supply.domain.visits.noting import note, require_not_cancelled, require_under_way
from supply.domain.visits.safety import to_replace
from supply.domain.visits.steps import UNDER_WAY, lock_branch_of, read_step, require_hand_on
from supply.domain.visits.substituting import (
    BY_HAND,
    PlannedStep,
    amounts,
    give_way,
    put,
    put_back,
    read_open_steps,
    save_lines,
    wish,
)
from supply.domain.visits.warnings import Grounds, read_grounds
from supply.errors import Conflict, Invalid, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


@dataclass(frozen=True, slots=True)
class LineOffers:
    """A line of an open step and what may be put in its place, most wanted first."""

    position: int
    item: Item
    guest_position: int | None
    quantity: int
    replaces: Item | None
    replaces_quantity: int | None
    replaces_because: str | None
    # Whether its guests may have what the recipe wanted.
    may_go_back: bool
    offers: Sequence[ItemOffer]


@dataclass(frozen=True, slots=True)
class ItemOffer:
    """A substitute that is there and allowed, and how much of it stands in for the line."""

    item: Item
    quantity: int


def disclose(
    session: Session, actor: Actor, visit_id: uuid.UUID, *, guest_position: int, conditions: Sequence[str]
) -> list[int]:
    """Add conditions to a guest, also of a visit that is over; what is still to be done gives way at once.

    What was done already stays, and is an incident on record where it went against a rule: the positions of
    those steps. Anybody who plans visits may, whoever's visit it is. Told twice, it is known once. Raises
    Invalid "condition_unknown", "guest_unknown", Conflict "visit_closed" of one that was cancelled.
    """
    writer = lock_branch_of(session, actor, visit_id)
    require(actor, Permission.VISIT_PLAN, writer.branch_id)
    visit = require_not_cancelled(session, visit_id)
    guest = session.get(VisitGuest, (visit_id, guest_position), populate_existing=True)
    if guest is None:
        raise Invalid("guest_unknown", lazy("The visit has no guest of this number."), field="guest_position")
    unknown = sorted(set(conditions) - known_conditions.known_codes(session, conditions))
    if unknown:
        message = lazy("There is no such condition: %(codes)s.", codes=", ".join(unknown))
        raise Invalid("condition_unknown", message, field="conditions")
    before, after = guest.conditions, sorted({*guest.conditions, *conditions})
    if before == after:
        return []
    guest.conditions = after
    session.flush()
    changes = {f"guest {guest_position}": [before, after]}
    note(session, actor, visit, "visit.disclose", changes, has_conditions=True)
    if visit.status in UNDER_WAY:
        _give_way(session, writer, visit_id)
    return judge_done(session, writer, visit_id, guest_position, set(after) - set(before))


def _give_way(session: Session, writer: Writer, visit_id: uuid.UUID) -> None:
    steps = read_open_steps(session, visit_id)
    before = {(line["visit_step_id"], line["position"]): dict(line) for step in steps for line in step.lines}
    grounds = read_grounds(session, [visit_id])
    changed = give_way(session, writer.branch_id, grounds, steps)
    old = amounts([before[line["visit_step_id"], line["position"]] for line in changed])
    save_lines(session, writer, old, changed)


def list_offers(session: Session, actor: Actor, visit_id: uuid.UUID, position: int) -> list[LineOffers]:
    """Every line of an open step with what may stand in for it: there, not expired, fit for its guests."""
    branch_id = session.scalar(select(Visit.branch_id).where(Visit.id == visit_id))
    if branch_id is None or not actor.belongs_to(branch_id):
        raise NotFound("visit_not_found", lazy("There is no such visit, or it is not in your branch."))
    require(actor, Permission.STOCK_SEE, branch_id)
    step = _open_step(session, visit_id, position)
    grounds = read_grounds(session, [visit_id])
    offers = _offers(session, branch_id, grounds, step)
    ids = {line[name] for line in step.lines for name in ("item_id", "replaces_item_id") if line[name]}
    items = catalog.items_by_id(session, ids | {one.item_id for some in offers for one in some})
    return [
        LineOffers(
            line["position"],
            items[line["item_id"]],
            line["guest_position"],
            line["quantity"],
            items.get(line["replaces_item_id"]),
            line["replaces_quantity"],
            line["replaces_because"],
            line["replaces_item_id"] not in grounds.forbidden(visit_id, position, line["guest_position"]),
            [ItemOffer(items[one.item_id], one.quantity or 0) for one in some],
        )
        for line, some in zip(step.lines, offers, strict=True)
    ]


def _offers(session: Session, branch_id: uuid.UUID, grounds: Grounds, step: PlannedStep) -> list[list[Offer]]:
    found = offers_for(session, [wish(branch_id, grounds, step, line) for line in step.lines])
    return [
        [one for one in some if one.refusal is None and one.item_id != line["item_id"]]
        for line, some in zip(step.lines, found, strict=True)
    ]


def replace_line(
    session: Session,
    actor: Actor,
    visit_id: uuid.UUID,
    position: int,
    line_position: int,
    *,
    item_id: uuid.UUID | None,
) -> None:
    """Let a line of an open step use a substitute that is offered, nothing (None), or what the recipe wanted.

    Raises Conflict "visit_closed", "step_not_open", "substitute_not_offered" (details: what is offered).
    """
    writer = lock_branch_of(session, actor, visit_id)
    facts = read_step(session, visit_id, position)
    if facts is None:
        raise NotFound("step_not_found", lazy("The visit has no such step."))
    require_hand_on(actor, facts)
    visit = require_under_way(session, visit_id)
    step = _open_step(session, visit_id, position)
    line = next((one for one in step.lines if one["position"] == line_position), None)
    if line is None:
        raise NotFound("line_not_found", lazy("The step has no such line."))
    before = dict(line)
    grounds = read_grounds(session, [visit_id]) if facts.has_conditions else Grounds({})
    because = to_replace(grounds.findings(visit_id, position, step.used())).get(line_position, BY_HAND)
    if item_id is None:
        put(line, line["item_id"], 0, because)
    elif item_id == line["replaces_item_id"]:
        put_back(line)
    else:
        put(line, item_id, _offered(session, writer, grounds, step, line, item_id), because)
    save_lines(session, writer, amounts([before]), [line])
    changes = {f"step {position}": [_words(session, before), _words(session, line)]}
    note(session, actor, visit, "visit.substitute", changes, reason=because)


def _offered(
    session: Session,
    writer: Writer,
    grounds: Grounds,
    step: PlannedStep,
    line: Mapping[str, Any],
    item_id: uuid.UUID,
) -> int:
    """How much of a substitute stands in for a line. Raises Conflict where it is not offered."""
    offers = _offers(session, writer.branch_id, grounds, step)[step.lines.index(line)]  # type: ignore[arg-type]
    for offer in offers:
        if offer.item_id == item_id and offer.quantity is not None:
            return offer.quantity
    raise Conflict(
        "substitute_not_offered",
        lazy("This cannot stand in here: it is not in stock, has expired, or the guest must not have it."),
        details={"offered": [str(offer.item_id) for offer in offers]},
    )


def _open_step(session: Session, visit_id: uuid.UUID, position: int) -> PlannedStep:
    for step in read_open_steps(session, visit_id):
        if step.position == position:
            return step
    raise Conflict("step_not_open", lazy("This step is already done or skipped."))


def _words(session: Session, line: Mapping[str, Any]) -> str:
    """A line for the audit: "wormwood 100 g"."""
    item = catalog.get_item(session, line["item_id"])
    amount, unit = catalog.told_amount(item, line["quantity"])
    return f"{item.code} {amount:f} {unit}"
