"""Puts everything together: settings, database, languages, API, pages, commands. Holds no rule."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Any

from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from supply import cli, clock, languages
from supply.api import init_api, problems
from supply.ceiling import CallCounts  # noqa: F401 - importing it declares memory://
from supply.config import Settings
from supply.database import init_database
from supply.errors import SupplyError
from supply.health import init_health
from supply.i18n import LOCALES
from supply.mailing import init_mailing
from supply.observing import init_observing, log_fault
from supply.security import init_security
from supply.web import csrf, init_web
from supply.web.errors import html_error
from supply.web.session import choose_locale


def create_app(settings: Settings | None = None) -> Flask:
    """The application. Without settings they come from the environment (docs/settings.md)."""
    settings = settings or Settings.from_environment(os.environ)
    app = Flask("supply")
    app.config["SECRET_KEY"] = settings.secret_key
    app.config["SUPPLY_DEFAULT_LOCALE"] = settings.default_locale
    init_observing(app, settings)
    init_security(app, settings)
    init_database(app, settings)
    _init_languages(app, settings)
    _init_limits(app, settings)
    init_health(app, settings)
    init_mailing(app, settings)
    init_web(app, settings)
    init_api(app, csrf)
    cli.init_app(app)
    app.register_error_handler(Exception, _answer)
    return app


def _init_languages(app: Flask, settings: Settings) -> None:
    languages.compile_catalogues()
    Babel(
        app,
        default_locale=settings.default_locale,
        default_translation_directories=str(languages.FOLDER),
        locale_selector=_locale,
    )


def _locale() -> str:
    """A page speaks the person's language; the API what the caller asks for, else the token's person's."""
    if not has_request_context():
        return "en"
    if request.path.startswith("/api/") and request.endpoint != "api-about.reference":
        return request.accept_languages.best_match(LOCALES) or g.get("api_language") or "en"
    return choose_locale()


def _init_limits(app: Flask, settings: Settings) -> None:
    """A ceiling per caller, so that one loud client does not take the others' place."""
    limiter = Limiter(
        _caller,
        app=app,
        default_limits=[f"{settings.rate_limit_per_minute} per minute"],
        storage_uri=settings.rate_limit_storage,
        default_limits_exempt_when=lambda: (
            request.endpoint in ("static", "bootstrap.static", "health.healthz")
        ),
        strategy="fixed-window",
    )

    @app.after_request
    def _tell(response: Response) -> Response:
        """The fields of the IETF draft: how many in which window, how many are left, until when."""
        window = limiter.current_limit
        if window is not None:
            seconds = max(0, round(window.reset_at - clock.now().timestamp()))
            response.headers["RateLimit-Policy"] = f'"caller";q={settings.rate_limit_per_minute};w=60'
            response.headers["RateLimit"] = f'"caller";r={max(0, window.remaining)};t={seconds}'
            if response.status_code == 429:
                response.headers.setdefault("Retry-After", str(seconds))
        return response


def _caller() -> str:
    """A token's calls count together; without one, an address's. A page takes no token, whatever is sent."""
    token = request.headers.get("Authorization", "") if request.path.startswith("/api/") else ""
    return f"token:{sha256(token.encode()).hexdigest()[:32]}" if token else get_remote_address()


def _answer(error: Exception) -> BaseResponse | Any:
    """One shape for everything that went wrong: problem details under /api, a page elsewhere."""
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return error
    # By kind: the database's own errors bear a `code` too, and they are faults to be logged.
    if not isinstance(error, HTTPException | SupplyError):
        log_fault(error)
    return problems.respond(error) if request.path.startswith("/api/") else html_error(error)
