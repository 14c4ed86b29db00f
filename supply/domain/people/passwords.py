"""Hashing of what people know (passwords, PINs) and of what programs hold (tokens, session secrets)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's second choice: 19 MiB, two passes, one lane; about 0.1 s on a small machine.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that somebody is to have, hashed already: that takes a tenth of a second, in which nobody
    should hold the writer's lock. So services take this, and the edge makes it before their transaction."""

    told: str = field(repr=False)
    hashed: str = field(repr=False)

    @classmethod
    def of(cls, told: str) -> NewPassword:
        return cls(told, _HASHER.hash(_octets(told)))


@dataclass(frozen=True, slots=True)
class NewPin:
    """A PIN that somebody is to have, hashed like a password and as early."""

    told: str = field(repr=False)
    hashed: str = field(repr=False)

    @classmethod
    def of(cls, told: str) -> NewPin:
        return cls(told, _HASHER.hash(_octets(told)))


def password_fits(stored: str | None, secret: str) -> bool:
    """Whether it is the password, or the PIN. An unknown person (None) costs as much time as a known one."""
    try:
        _HASHER.verify(stored or _nobody(), _octets(secret))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def _octets(secret: str) -> bytes:
    """Whatever somebody typed, also half a character: a wrong password, never a fault."""
    return secret.encode("utf-8", "surrogatepass")


def new_secret() -> str:
    """256 random bits, safe in cookies and headers."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """The stored form of a random secret: SHA-256 is enough, since it cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(stored: str, secret: str) -> bool:
    return hmac.compare_digest(stored, digest(secret))


@cache
def _nobody() -> str:
    return _HASHER.hash(secrets.token_hex(16))
