"""Signatures of the Standard Webhooks specification (https://www.standardwebhooks.com), pure."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

PREFIX = "whsec_"


def secret_of(key: str, webhook_id: UUID, number: int) -> str:
    """The secret of a webhook, made of the program's own key: whoever reads the database finds none."""
    told = f"webhook:{webhook_id}:{number}".encode()
    return PREFIX + b64encode(hmac.new(key.encode(), told, hashlib.sha256).digest()).decode()


def signed(message_id: UUID, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers; one signature for each secret, so that a secret can be changed without a gap."""
    stamp = str(int(at.timestamp()))
    signatures = [f"v1,{_signature(secret, message_id, stamp, body)}" for secret in secrets]
    return {
        "webhook-id": str(message_id),
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, message_id: UUID, stamp: str, body: bytes) -> str:
    key = b64decode(secret.removeprefix(PREFIX))
    return b64encode(
        hmac.new(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    ).decode()
