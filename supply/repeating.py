"""Doing a keyed write once, however often and however simultaneously it is asked for.

Used by the API and by the pages. See docs/decisions/0003-repeating-a-write.md.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from supply.database import confirm_what_is_seen, read_snapshot, write_transaction
from supply.domain.idempotency import service as idempotency
from supply.domain.idempotency.service import Answer
from supply.errors import SupplyError, Unavailable

__all__ = ["Answer", "fingerprint", "run_once"]


def fingerprint(*parts: Any) -> str:
    """What a request is, as an HMAC: a stored row does not help to guess a password that was in it."""
    # ASCII: a lone surrogate in a body is a fault of the caller, never one of encoding.
    told = json.dumps(parts, sort_keys=True, default=str).encode()
    key: str = current_app.config["SECRET_KEY"]
    return hmac.new(key.encode(), told, hashlib.sha256).hexdigest()


def run_once(
    key: str,
    person_id: UUID,
    told: str,
    work: Callable[[Session], Answer],
    *,
    stored: Callable[[Answer], Answer] = lambda answer: answer,
) -> Answer:
    """Run `work` in a write transaction under a key, or give the answer that the key got before.

    `stored` makes the copy that is kept (without secrets). Raises Invalid("idempotency_key_reused") for a key
    that was spent on something else or by somebody else, and whatever the work raises.
    """

    def do(session: Session) -> Answer:
        answer = work(session)
        idempotency.store_answer(session, key, person_id, told, stored(answer))
        return answer

    def look(session: Session) -> Answer | None:
        return idempotency.find_answer(session, key, person_id, told)

    def look_and_do(session: Session) -> Answer:
        known = look(session)
        if known is None:
            return do(session)
        confirm_what_is_seen(session)
        return known

    try:
        try:
            # Nearly every key is new, so it is not looked up: the key itself refuses a second writing.
            return write_transaction(do)
        except IntegrityError:
            # The key was spent, or somebody was quicker with the same unique fact. A second look sees it: the
            # stored answer, or the service's own words for the conflict.
            return write_transaction(look_and_do)
    except Unavailable:
        raise
    except (SupplyError, IntegrityError):
        # A copy of this request may have been carried out: then its answer is the answer, and our refusal
        # ("done already", "key taken") is only the echo of its effect.
        known = read_snapshot(look)
        if known is None:
            raise
        write_transaction(confirm_what_is_seen)
        return known
