"""A form sent twice has one effect: the page's answer (where to go, what to say) beside its key."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.idempotency.models import IdempotencyKey
from supply.errors import Invalid
from supply.i18n import lazy
from supply.permissions import Actor

# Codes of refusals that say "this key has done its work": sending again on purpose takes a new key.
SPENT = frozenset({"idempotency_key_reused"})


@dataclass(frozen=True)
class Stored:
    """An answer as it is kept. `unstored` is a page that is shown once and kept nowhere."""

    body: Mapping[str, Any]
    unstored: str = ""


def once(
    session: Session, actor: Actor, key: str, fingerprint: Mapping[str, Any], work: Callable[[], Stored]
) -> Stored:
    """Do the work, or give the answer that this key got before."""
    told = _told(fingerprint)
    known = session.get(IdempotencyKey, key)
    if known is not None:
        if known.person_id != actor.person_id or known.fingerprint != told:
            raise Invalid(
                "idempotency_key_reused",
                lazy("This form was sent already. If you mean it once more, send it again."),
            )
        return Stored(json.loads(known.body))
    done = work()
    session.flush()
    session.add(
        IdempotencyKey(
            key=key,
            person_id=actor.person_id,
            fingerprint=told,
            status=303,
            body=json.dumps(done.body),
            headers={},
            created_at=clock.now(),
        )
    )
    session.flush()
    return done


def _told(fingerprint: Mapping[str, Any]) -> str:
    secret = str(current_app.config["SECRET_KEY"]).encode()
    said = json.dumps(fingerprint, sort_keys=True).encode()
    return hmac.new(secret, said, "sha256").hexdigest()
