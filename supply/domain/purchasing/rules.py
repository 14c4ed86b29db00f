"""What a branch's manager decides about buying: what a blocked step costs, from where two must approve."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ScalarSelect, select
from sqlalchemy.orm import Session

from supply.domain.audit import service as audit
from supply.domain.purchasing.models import BuyingRules
from supply.errors import Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

# About what a guest pays for one step of a herbal treatment, in đồng.
BLOCKED_STEP_MINOR = 200_000


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a branch as they stand; version 0 says that they are the defaults."""

    blocked_step_minor: int = BLOCKED_STEP_MINOR
    second_approval_minor: int | None = None
    version: int = 0


def get_rules(session: Session, branch_id: UUID) -> Rules:
    """The branch's rules, or the defaults. For whoever has been let through."""
    row = session.get(BuyingRules, branch_id)
    if row is None:
        return Rules()
    return Rules(row.blocked_step_minor, row.second_approval_minor, row.version)


def second_approval_of(branch_id: UUID) -> ScalarSelect[int | None]:
    """From which amount two must approve, as a part of a larger question; NULL where one is enough."""
    query = select(BuyingRules.second_approval_minor).where(BuyingRules.branch_id == branch_id)
    return query.scalar_subquery()


def set_rules(
    session: Session,
    actor: Actor,
    branch_id: UUID,
    *,
    version: int,
    blocked_step_minor: int,
    second_approval_minor: int | None = None,
) -> Rules:
    """Change the rules of a branch. Raises Stale."""
    require(actor, Permission.CATALOG_MANAGE, branch_id)
    before = get_rules(session, branch_id)
    if before.version != version:
        raise Stale("stale", lazy("Somebody changed this meanwhile. Look at it again before you save."))
    row = session.get(BuyingRules, branch_id) or BuyingRules(branch_id=branch_id)
    row.blocked_step_minor, row.second_approval_minor = blocked_step_minor, second_approval_minor
    session.add(row)
    session.flush()
    after = get_rules(session, branch_id)
    names = ("blocked_step_minor", "second_approval_minor")
    audit.record(
        session,
        actor,
        action="buying-rules.set",
        entity="branch",
        entity_id=branch_id,
        branch_id=branch_id,
        changes={name: [getattr(before, name), getattr(after, name)] for name in names},
    )
    return after
