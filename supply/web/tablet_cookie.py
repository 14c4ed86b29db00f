"""What a shared tablet keeps by itself: which one it is, with the secret that proves it, and its room.

Sessions come and go over it (session.py); it stays until it is revoked.
"""

from __future__ import annotations

from uuid import UUID

from flask import Response, after_this_request, current_app, g, request
from sqlalchemy.orm import Session

from supply.domain.people import tablets
from supply.domain.people.models import Tablet

# As long as browsers keep anything.
_LONG = 400 * 24 * 3600
_TABLET, _ROOM = "supply-tablet", "supply-room"


def find_here(session: Session) -> Tablet | None:
    """The tablet that asks; None on a device that is none, or none any more."""
    number, _dot, secret = request.cookies.get(_name(_TABLET), "").partition(".")
    try:
        return tablets.find_tablet(session, UUID(hex=number), secret)
    except ValueError:
        return None


def claims() -> bool:
    """Whether the device says that it is one: enough to choose a page, proof of nothing."""
    return _name(_TABLET) in request.cookies


def keep(tablet_id: UUID, secret: str) -> None:
    """Make the device that asks this tablet."""
    _set(_TABLET, f"{tablet_id.hex}.{secret}")


def stay() -> None:
    """The tablet is in use: its cookie starts to age anew."""
    _set(_TABLET, request.cookies.get(_name(_TABLET), ""))


def keep_room(room_id: UUID) -> None:
    _set(_ROOM, room_id.hex)


def told_room() -> UUID | None:
    """The room that was chosen on this device, wherever it stands now."""
    try:
        return UUID(hex=request.cookies.get(_name(_ROOM), ""))
    except ValueError:
        return None


def _name(name: str) -> str:
    return f"__Host-{name}" if current_app.config["SESSION_COOKIE_SECURE"] else name


def _set(name: str, value: str) -> None:
    """With the answer, once: a transaction that runs again has the last word."""
    kept: dict[str, str] = g.setdefault("kept_on_tablet", {})
    if not kept:
        after_this_request(_answer)
    kept[name] = value


def _answer(response: Response) -> Response:
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    for name, value in g.kept_on_tablet.items():
        response.set_cookie(_name(name), value, _LONG, secure=secure, httponly=True, samesite="Lax")
    return response
