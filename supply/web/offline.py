"""What scripts ask for to keep work alive without a connection. What was kept goes to the very forms."""

from __future__ import annotations

from typing import Any

from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session

from supply.permissions import Actor
from supply.web.gate import Access
from supply.web.pages import Pages

bp = Pages("offline", __name__)


@bp.page("/sign-of-life", permission=Access.SIGNED_IN)
def tell_life(session: Session, actor: Actor) -> dict[str, Any]:
    """Who is signed in here, and the proof of origin that forms need now: a kept form's own may be old."""
    return {"person": str(actor.person_id), "csrf_token": generate_csrf()}
