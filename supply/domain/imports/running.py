"""A large import that is planned, applied or taken back after the answer to who asked: begun, how far it is,
why it was refused.

Each of the three is one transaction, so a process that dies leaves nothing of it; then it may be begun again.
The state of an import says which of them comes next, so it has one such run at a time; whoever asks meanwhile
joins it. What carries it through is supply/importing.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock, pacing
from supply.domain.imports.applying import DONE, apply_import, require_ready
from supply.domain.imports.models import ImportFile, ImportState
from supply.domain.imports.service import Given, get_import, import_to_change, name_columns, plan_named
from supply.domain.imports.undoing import require_applied, undo_import
from supply.errors import Conflict, SupplyError
from supply.i18n import LOCALES, lazy, locale_now, speaking
from supply.permissions import Actor

# What is no larger is done while the page waits: less than two seconds.
SMALL = 1_000
# What comes next in a state.
_NEXT = {
    ImportState.READ: plan_named,
    ImportState.PREVIEWED: apply_import,
    ImportState.APPLIED: undo_import,
}
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
    """How much of the work is through. `under_way` is False where whoever was at it is gone; `done` None
    where another machine is at it, which nobody sees from here.
    """

    done: int | None
    total: int
    under_way: bool


def begin_previewing(
    session: Session, actor: Actor, import_id: UUID, *, version: int, columns: Given
) -> Begun:
    """Name the columns and begin to plan every row. Raises what preview does, Conflict("import_busy")."""
    if _is_under_way(get_import(session, actor, import_id)):
        raise Conflict("import_busy", lazy("This import is being worked on. Wait until that is through."))
    return _begin(session, actor, name_columns(session, actor, import_id, version=version, columns=columns))


def begin_applying(session: Session, actor: Actor, import_id: UUID, *, version: int) -> Begun:
    """Begin to apply an import, or join who does. Raises what apply_import does, if that is known by now."""
    return _join_or_begin(session, actor, import_id, version, ImportState.PREVIEWED, require_ready)


def begin_undoing(session: Session, actor: Actor, import_id: UUID, *, version: int) -> Begun:
    """Begin to take an import back, or join who does. Raises what undo_import does, if it is known by now."""
    return _join_or_begin(session, actor, import_id, version, ImportState.APPLIED, require_applied)


def _join_or_begin(
    session: Session,
    actor: Actor,
    import_id: UUID,
    version: int,
    state: ImportState,
    require: Callable[[ImportFile], None],
) -> Begun:
    file = get_import(session, actor, import_id)
    if file.state is state and _is_under_way(file):
        return _begun(actor, file, new=False)
    file = import_to_change(session, actor, import_id, version)
    require(file)
    return _begin(session, actor, file)


def _begin(session: Session, actor: Actor, file: ImportFile) -> Begun:
    file.begun_at, file.refusal = clock.now(), None
    session.flush()
    return _begun(actor, file, new=True)


def _begun(actor: Actor, file: ImportFile, *, new: bool) -> Begun:
    assert file.begun_at is not None
    return Begun(actor, file.id, file.begun_at, file.version, locale_now(), new=new)


def _work(file: ImportFile) -> int:
    """Each row is planned, in all languages if one is faulty; is planned and done; or is read and undone."""
    doing = sum(file.counts.get(outcome.value, 0) for outcome in DONE)
    return {
        ImportState.READ: len(LOCALES) * file.row_count,
        ImportState.PREVIEWED: file.row_count + doing,
    }.get(file.state, 2 * doing)


def carry_out(session: Session, begun: Begun) -> None:
    """Do what was begun, unless that has been done or somebody went on with it. All or nothing."""
    file = session.get(ImportFile, begun.import_id)
    if file is not None and _is_ours(file, begun):
        pacing.anew()
        _NEXT[file.state](session, begun.actor, begun.import_id, version=begun.version)


def give_up(session: Session, begun: Begun, why: SupplyError | None) -> None:
    """Say that nothing of it was done, and why; in every language, since anybody may look."""
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
    """How far what was begun is; None where nobody has begun, or it has come to its end."""
    if file.begun_at is None:
        return None
    pace = pacing.seen(file.id)
    total = _work(file)
    return Progress(min(pace.done, total) if pace else None, total, _is_under_way(file))


def _is_under_way(file: ImportFile) -> bool:
    if file.begun_at is None:
        return False
    pace = pacing.seen(file.id)
    return pace.alive if pace else clock.now() - file.begun_at < LONGEST
