"""Looking keys up, storing them with their answer, forgetting old ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.idempotency.models import IdempotencyKey
from supply.errors import Invalid
from supply.i18n import lazy
from supply.statements import Prepared
from supply.writing import ask, write_later

LIFE = timedelta(days=90)
_FIND = Prepared(
    select(
        IdempotencyKey.person_id,
        IdempotencyKey.fingerprint,
        IdempotencyKey.status,
        IdempotencyKey.body,
        IdempotencyKey.headers,
    ).where(IdempotencyKey.key == bindparam("key"))
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write answered: status, body, headers. `replayed` where it comes from the store."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    replayed: bool = False


def find_answer(session: Session, key: str, person_id: UUID, fingerprint: str) -> Answer | None:
    """The answer that this key got, or None. Raises Invalid where the key was spent otherwise."""
    rows = ask(session, _FIND, {"key": key})
    if not rows:
        return None
    row = rows[0]
    if row.person_id != person_id or row.fingerprint != fingerprint:
        raise Invalid(
            "idempotency_key_reused",
            lazy("This key was used for another request. Take a new key for a new request."),
            field="Idempotency-Key",
        )
    return Answer(row.status, row.body, row.headers, replayed=True)


def store_answer(session: Session, key: str, person_id: UUID, fingerprint: str, answer: Answer) -> None:
    """Keep the answer under its key, in the transaction of its effect."""
    row = {
        "key": key,
        "person_id": person_id,
        "fingerprint": fingerprint,
        "status": answer.status,
        "body": answer.body,
        "headers": dict(answer.headers),
        "created_at": clock.now(),
    }
    write_later(session, IdempotencyKey, [row])


def forget_old(session: Session) -> int:
    """Delete keys older than their life. Returns how many."""
    old = delete(IdempotencyKey).where(IdempotencyKey.created_at < clock.now() - LIFE)
    result = session.execute(old)
    return int(getattr(result, "rowcount", 0))
