"""Taking the draft of an imported recipe back. What somebody wrote on, or published, is left to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session

from supply.domain.audit import service as audit
from supply.domain.treatments import drafting
from supply.domain.treatments import service as treatments
from supply.domain.treatments.models import Procedure, RecipeVersion
from supply.permissions import Actor
from supply.references import referred_to


def left_as_it_was(
    session: Session,
    actor: Actor,
    procedure: Procedure | None,
    *,
    untouched: bool,
    made: bool,
    facts: Mapping[str, Any] | None,
) -> str:
    """What became of it: kept, hidden, removed or restored. `facts`: the draft that was open before."""
    if procedure is None:
        return "kept"
    if not untouched:
        if made and procedure.active and not treatments.find_draft(session, procedure.id):
            return _hide(session, actor, procedure)
        return "kept"
    draft = treatments.get_draft(session, procedure.id)
    if facts is not None and not made:
        drafting.save_draft(session, actor, procedure.id, version=draft.version, **facts)
        return "restored"
    table = Procedure.__table__
    assert isinstance(table, Table)
    used = referred_to(session, table, [procedure.id], own=(RecipeVersion.__tablename__,))
    if made and used:
        return _hide(session, actor, procedure)
    drafting.discard_draft(session, actor, procedure.id, version=draft.version)
    if not made:
        return "restored"
    audit.record(
        session,
        actor,
        action="procedure.remove",
        entity="procedure",
        entity_id=procedure.id,
        changes={"code": [procedure.code, None]},
    )
    session.delete(procedure)
    session.flush()
    return "removed"


def _hide(session: Session, actor: Actor, procedure: Procedure) -> str:
    names = {"name_en": procedure.name_en, "name_vi": procedure.name_vi}
    treatments.update_procedure(
        session, actor, procedure.id, version=procedure.version, active=False, **names
    )
    return "hidden"
