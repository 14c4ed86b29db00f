"""What keeps work alive without a connection: a sign of life, the service worker, which pages it keeps.

What was tapped meanwhile is sent to the forms' own addresses (web/kept.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Response, current_app, json, url_for
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.visits import service as visits
from supply.permissions import Actor, Permission
from supply.web.files import files_of, stamp
from supply.web.gate import Access
from supply.web.pages import Pages, render
from supply.web.session import current_branch

bp = Pages("offline", __name__)

WORKER = "js/worker.js"
DRAWN_WITH = (".css", ".js", ".svg")
# A tablet is at hand for a day's work of one branch; more is looked at with a connection.
MOST_VISITS = 40
MOST_STEPS = 40


@bp.page("/sign-of-life", permission=Access.SIGNED_IN)
def tell_life(session: Session, actor: Actor) -> dict[str, Any]:
    """Who is signed in here, and the proof of origin that forms need now: a kept form's own may be old."""
    return {"person": str(actor.person_id), "csrf_token": generate_csrf()}


@bp.page("/kept-pages", permission=Permission.STOCK_SEE)
def list_kept_pages(session: Session, actor: Actor) -> dict[str, Any]:
    """Today's pages of this person: the visits that are not over, and what is done in their own."""
    branch = current_branch()
    today = clock.today(branch.timezone)
    rows = visits.list_visits(session, actor, branch.id, from_day=today, until_day=today, limit=MOST_VISITS)
    open_now = [row for row in rows if row.steps_open]
    own = [row.id for row in open_now if row.therapist_id in (None, actor.person_id)]
    steps = visits.list_open_steps(session, own, limit=MOST_STEPS)
    lists = ("today.show_today", "visits.list_visits", "offline.show_lost")
    pages = [url_for(name) for name in lists]
    pages += [url_for("visits.show_visit", visit_id=row.id) for row in open_now]
    if actor.may(Permission.VISIT_COMPLETE_OWN, branch.id):
        pages.append(url_for("rooms.show_room"))
        pages += [
            url_for(f"visits.{name}", visit_id=visit_id, position=position)
            for visit_id, position in steps
            for name in ("adjust_step", "skip_step")
        ]
    return {"pages": pages}


@bp.page("/no-connection", permission=Access.ANYBODY)
def show_lost(session: Session, actor: Actor | None) -> str:
    return render("offline/lost.html")


@bp.page("/service-worker", permission=Access.ANYBODY)
def serve_worker(session: Session, actor: Actor | None) -> Response:
    """The script of the service worker, of the whole site since it stands at its root."""
    folder = Path(str(current_app.static_folder))
    names = [path.relative_to(folder).as_posix() for path in files_of(folder) if path.suffix in DRAWN_WITH]
    files = [url_for("static", filename=name) for name in names]
    files.append(url_for("bootstrap.static", filename="css/bootstrap.min.css"))
    head = f"const VERSION = {json.dumps(stamp(folder))};\nconst FILES = {json.dumps(files)};\n"
    return Response(head + (folder / WORKER).read_text(encoding="utf-8"), mimetype="text/javascript")
