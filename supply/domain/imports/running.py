"""A large import that is applied after the answer to who asked: begun, how far it is, why it was refused.

Applying itself stays one transaction (applying.py), so a process that dies leaves nothing of it; then it may
be begun again. An import has one such run at a time; whoever asks meanwhile joins it. What carries it through
is supply/importing.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock, pacing
from supply.domain.imports.applying import DONE, apply_import, require_ready
from supply.domain.imports.models import ImportFile, ImportState
from supply.domain.imports.service import get_import, import_to_change
from supply.errors import SupplyError
from supply.i18n import LOCALES, locale_now, speaking
from supply.permissions import Actor

# What is no larger is applied while the page waits: less than two seconds.
SMALL = 1_000
# Where another machine carries it through, it is known only when it was begun.
LONGEST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Begun:
    """Whose run of which import, since when, and whether it is new: then somebody carries it through."""

    actor: Actor
    import_id: UUID
    at: datetime
    version: int
    language: str
    new: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of the work is through. `under_way` is False where whoever was at it is gone."""

    done: int
    total: int
    under_way: bool


def begin_applying(session: Session, actor: Actor, import_id: UUID, *, version: int) -> Begun:
    """Begin to apply an import, or join who does. Raises what apply_import does, if that is known by now."""
    file = get_import(session, actor, import_id)
    under_way = _is_under_way(file)
    if not under_way:
        file = import_to_change(session, actor, import_id, version)
        require_ready(file)
        file.begun_at, file.refusal = clock.now(), None
        session.flush()
    assert file.begun_at is not None
    return Begun(actor, file.id, file.begun_at, file.version, locale_now(), new=not under_way)


def _work(file: ImportFile) -> int:
    """Each row is planned, and those that do something are done."""
    return file.row_count + sum(file.counts[outcome.value] for outcome in DONE)


def carry_out(session: Session, begun: Begun) -> None:
    """Apply what was begun, unless that has been done or somebody went on with it. All or nothing."""
    if _is_ours(session.get(ImportFile, begun.import_id), begun):
        pacing.anew()
        apply_import(session, begun.actor, begun.import_id, version=begun.version)


def give_up(session: Session, begun: Begun, why: SupplyError | None) -> None:
    """Say that nothing of it is in, and why; in every language, since anybody may look."""
    file = session.get(ImportFile, begun.import_id, with_for_update={"of": ImportFile})
    if file is None or not _is_ours(file, begun):
        return
    file.begun_at = None
    file.refusal = {} if why is None else _in_all_languages(why)


def _in_all_languages(why: SupplyError) -> dict[str, str]:
    told = {}
    for language in LOCALES:
        with speaking(language):
            told[language] = str(why.message)
    return told


def _is_ours(file: ImportFile | None, begun: Begun) -> bool:
    return file is not None and (file.begun_at, file.version) == (begun.at, begun.version)


def progress_of(file: ImportFile) -> Progress | None:
    """How far its applying is; None where nobody has begun, or it has come to its end."""
    if file.begun_at is None or file.state is not ImportState.PREVIEWED:
        return None
    pace = pacing.seen(file.id)
    total = _work(file)
    return Progress(min(pace.done, total) if pace else 0, total, _is_under_way(file))


def _is_under_way(file: ImportFile) -> bool:
    if file.begun_at is None or file.state is not ImportState.PREVIEWED:
        return False
    pace = pacing.seen(file.id)
    return pace.alive if pace else clock.now() - file.begun_at < LONGEST
