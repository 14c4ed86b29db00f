"""What a branch's manager decides about counting: from which value on a stocktake takes an approval."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.audit import service as audit
from supply.domain.stocktake.models import CountingRules
from supply.errors import Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

# About what a treatment brings in, in đồng.
APPROVAL_MINOR = 500_000


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a branch as they stand; version 0 says that they are the defaults."""

    approval_minor: int | None = APPROVAL_MINOR
    version: int = 0

    def wants_approval(self, gross_minor: int, *, all_known: bool) -> bool:
        """Whether differences worth so much take a manager; without a cost they may be worth more."""
        if self.approval_minor is None:
            return False
        return gross_minor > self.approval_minor or not all_known


def get_rules(session: Session, branch_id: UUID) -> Rules:
    """The branch's rules, or the defaults. For whoever has been let through."""
    row = session.get(CountingRules, branch_id)
    return Rules() if row is None else Rules(row.approval_minor, row.version)


def set_rules(
    session: Session, actor: Actor, branch_id: UUID, *, version: int, approval_minor: int | None = None
) -> Rules:
    """Change the rules of a branch; None: no stocktake takes an approval. Raises Stale."""
    require(actor, Permission.CATALOG_MANAGE, branch_id)
    before = get_rules(session, branch_id)
    if before.version != version:
        raise Stale("stale", lazy("Somebody changed this meanwhile. Look at it again before you save."))
    row = session.get(CountingRules, branch_id) or CountingRules(branch_id=branch_id)
    row.approval_minor = approval_minor
    session.add(row)
    session.flush()
    after = get_rules(session, branch_id)
    audit.record(
        session,
        actor,
        action="counting-rules.set",
        entity="branch",
        entity_id=branch_id,
        branch_id=branch_id,
        changes={"approval_minor": [before.approval_minor, after.approval_minor]},
    )
    return after
