"""Carrying a large import one step on after the answer to who asked, in one transaction. For the pages.

Refuses to decide what is done and what a refusal means; that is the domain's.
"""

from __future__ import annotations

from supply import pacing
from supply.afterwards import once_answered
from supply.database import write_transaction
from supply.domain.imports import running
from supply.domain.imports.running import Begun
from supply.errors import SupplyError
from supply.i18n import speaking


def go_on_soon(begun: Begun) -> None:
    """Once this request has been answered, carry a new run through; the answer does not wait for it."""
    if begun.new:
        once_answered(lambda: carry_through(begun), file=str(begun.import_id))


def carry_through(begun: Begun) -> None:
    """Do it, or keep why not. As the person reads numbers, so does the work."""
    with speaking(begun.language), pacing.telling(begun.import_id) as ours:
        if not ours:
            return
        try:
            write_transaction(lambda session: running.carry_out(session, begun))
        except SupplyError as error:
            why = error
            write_transaction(lambda session: running.give_up(session, begun, why))
        except Exception:
            write_transaction(lambda session: running.give_up(session, begun, None))
            raise
