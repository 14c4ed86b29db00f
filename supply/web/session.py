"""Who is at the screen: the one module that touches Flask-Login and the session cookie.

The cookie holds a sign-in's id and secret; what counts is the sign-in's row. Ending the row kills every copy
of the cookie. Owns also the choices of a device: language, appearance, the branch one works in.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask, Request, Response, after_this_request, current_app, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_login import LoginManager, current_user, login_user, logout_user
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from supply.config import Settings
from supply.database import read_snapshot, write_transaction
from supply.domain.branches import service as branches
from supply.domain.branches.models import Branch
from supply.domain.people import service as people
from supply.errors import NotFound, SupplyError, Unauthenticated
from supply.i18n import LOCALES, lazy
from supply.permissions import Actor
from supply.presenting import initials
from supply.web.files import is_file

THEMES = ("auto", "light", "dark")
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class BranchChoice:
    """A branch that the person may work in."""

    id: UUID
    code: str
    name: str
    timezone: str
    currency: str
    demo: bool = False


@dataclass(frozen=True)
class Pass:
    """What the cookie holds: which sign-in, and the secret that proves it."""

    sign_in_id: UUID
    secret: str

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return f"{self.sign_in_id.hex}.{self.secret}"


@dataclass(frozen=True)
class Viewer(Pass):
    """The person at the screen, as Flask-Login holds them for one request."""

    actor: Actor
    language: str
    theme: str
    single_keys: bool
    branches: tuple[BranchChoice, ...]
    tablet_id: UUID | None

    @property
    def id(self) -> UUID:
        return self.actor.person_id

    @property
    def name(self) -> str:
        return self.actor.name

    @property
    def initials(self) -> str:
        return initials(self.actor.name)


def init_session(app: Flask, settings: Settings) -> None:
    """Cookies and the login manager. A cookie is of one host, hidden from scripts, sent to no other site."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-supply" if settings.secure_cookies else "supply",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    app.extensions["supply_session_limits"] = people.Limits(
        timedelta(hours=settings.session_hours),
        timedelta(minutes=settings.session_idle_minutes),
        timedelta(minutes=settings.tablet_idle_minutes),
    )
    app.session_interface = _Cookies()
    manager = LoginManager()
    # Flask-Login's own check binds to the address, which changes on a phone; the secret is what we check.
    manager.session_protection = None
    manager.user_loader(_load)
    manager.init_app(app, add_context_processor=False)


class _Cookies(SecureCookieSessionInterface):
    """Flask's, but a request without a cookie, as every call of a program, costs nothing."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) in request.cookies:
            return super().open_session(app, request)
        return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        # Flask-Login looks into it at the end of every request: what is drawn with would vary by the cookie.
        if (session.accessed or session.modified) and not is_file():
            super().save_session(app, session, response)


def limits() -> people.Limits:
    """How long sessions live here."""
    told: people.Limits = current_app.extensions["supply_session_limits"]
    return told


def _load(told: str) -> Viewer | None:
    """The viewer of a cookie, or None where its sign-in has ended, was revoked, or never was."""
    number, _, secret = told.partition(".")
    try:
        sign_in_id = UUID(hex=number)
    except ValueError:
        return None

    def look(store: Session) -> tuple[Viewer, bool]:
        known = people.actor_of_sign_in(store, sign_in_id, secret, limits())
        rows = branches.list_branches(store, known.actor)
        own = tuple(_choice(row) for row in rows)
        chosen = (known.language, known.theme, known.single_keys)
        viewer = Viewer(sign_in_id, secret, known.actor, *chosen, own, known.tablet_id)
        return viewer, known.unseen

    try:
        person, unseen = read_snapshot(look)
    except Unauthenticated:
        return None
    if unseen:
        _note_seen(sign_in_id)
    return person


def _choice(row: Branch) -> BranchChoice:
    return BranchChoice(row.id, row.code, row.name, row.timezone, row.currency, row.demo)


def _note_seen(sign_in_id: UUID) -> None:
    """At most once a minute, apart from the request, which does not fail over it."""
    with suppress(SQLAlchemyError, SupplyError):
        write_transaction(lambda store: people.note_seen(store, sign_in_id))


def viewer() -> Viewer | None:
    """The person at the screen; None where nobody is signed in."""
    person: Viewer | None = current_user._get_current_object()
    return person if person is not None and person.is_authenticated else None


def begin(sign_in_id: UUID, secret: str) -> None:
    """Sign in on a fresh session: nothing that the anonymous one held survives, so none can be planted."""
    choose_locale()  # what this request still says, it says in the language it began in
    branch = session.get("branch") if viewer() else None
    session.clear()
    login_user(Pass(sign_in_id, secret))
    if branch is not None:
        session["branch"] = branch


def end() -> None:
    """Forget the person on this device. Ending the sign-in's row is the caller's."""
    logout_user()
    session.clear()


def find_current_branch() -> BranchChoice | None:
    """The branch one works in: the form's own, else the chosen one, else the first; None without any."""
    person = viewer()
    if person is None or not person.branches:
        return None
    wanted = g.get("form_branch") or session.get("branch")
    return next((branch for branch in person.branches if str(branch.id) == str(wanted)), person.branches[0])


def current_branch() -> BranchChoice:
    """The branch one works in. Raises NotFound for a person of no branch."""
    branch = find_current_branch()
    if branch is None:
        raise NotFound(
            "no_branch", lazy("You do not belong to a branch yet. Ask an admin to add you to one.")
        )
    return branch


def choose_branch(branch_id: UUID) -> None:
    """Work in another of one's branches from now on. Raises NotFound."""
    person = viewer()
    if person is None or all(branch.id != branch_id for branch in person.branches):
        raise NotFound("branch_not_found", lazy("There is no such branch, or it is not one of yours."))
    session["branch"] = str(branch_id)


def work_in_branch(branch_id: UUID) -> None:
    """For this request only: the branch of the form that was sent. Another person's has no effect."""
    g.form_branch = branch_id


def choose_locale() -> str:
    """The language of a page: the person's, the device's choice, the browser's wish, the house's default."""
    if "locale" not in g:
        person = viewer()
        told = g.get("chosen_locale") or (person.language if person else request.cookies.get("supply-locale"))
        g.locale = told if told in LOCALES else request.accept_languages.best_match(LOCALES) or house_locale()
    return str(g.locale)


def ask_language(locale: str) -> None:
    """Until somebody signs in from this page, or the browser is closed."""
    session["language"] = locale


def asked_language() -> str | None:
    """What was chosen before anybody signed in."""
    told = session.get("language")
    return told if told in LOCALES else None


def house_locale() -> str:
    return str(current_app.config.get("SUPPLY_DEFAULT_LOCALE", "vi"))


def choose_theme() -> str:
    """The appearance of a page: the person's, else the device's choice."""
    person = viewer()
    told = person.theme if person else request.cookies.get("supply-theme")
    return told if told in THEMES else "auto"


def remember(name: str, value: str) -> None:
    """Keep a choice ("locale", "theme") on the device, for the sign-in page too."""

    @after_this_request
    def _keep(response: Response) -> Response:
        secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        response.set_cookie(f"supply-{name}", value, _YEAR, secure=secure, httponly=True, samesite="Lax")
        return response


def safe_next(target: str | None, otherwise: str) -> str:
    """A place inside the program to go to next. Anything with a host, a scheme or tricks is not one."""
    if not target or len(target) > 2000 or not target.isprintable() or "\\" in target:
        return otherwise
    if not target.startswith("/") or target.startswith("//"):
        return otherwise
    parts = urlsplit(target)
    return otherwise if parts.scheme or parts.netloc else target.removesuffix("?")
