"""The byte form of a movement and the hash that ties it to the one before. Pure.

Version 1: the fields of `FIELDS` in that order, each as ASCII/UTF-8 text, joined by "|": UUIDs in their
canonical form, integers in decimal, instants in UTC as 2026-11-22T09:30:00.000000Z, nothing as the empty
string. No field can hold a "|" (codes and ids only), so the form is unambiguous, and it is the same on
every database. hash = SHA-256(hash of the movement before + byte form); before the first it is 32 zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

VERSION = 1
GENESIS = bytes(32)
FIELDS = (
    "hash_version",
    "branch_id",
    "seq",
    "type",
    "item_id",
    "lot_id",
    "location_id",
    "container_id",
    "quantity",
    "happened_at",
    "recorded_at",
    "person_id",
    "reason",
    "source_type",
    "source_id",
    "source_line",
    "reverses_seq",
)


def byte_form(movement: Mapping[str, Any]) -> bytes:
    """The bytes of a movement that its hash covers; `movement` has every name of FIELDS."""
    return "|".join([_text(movement[name]) for name in FIELDS]).encode()


def next_hash(previous: bytes, movement: Mapping[str, Any]) -> bytes:
    """32 bytes: the hash of a movement that follows the one with hash `previous`."""
    return sha256(previous + byte_form(movement)).digest()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return _instant(value)
    return str(value)


@lru_cache(1000)
def _instant(value: datetime) -> str:
    """What is posted together bears the same few instants."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
