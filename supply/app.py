"""Puts everything together: settings, database, languages, API, pages, commands. Holds no rule."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, g, has_request_context, request
from flask_babel import Babel
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from supply import cli, languages
from supply.api import init_api, problems
from supply.ceiling import init_ceiling
from supply.config import Settings
from supply.database import init_database
from supply.errors import SupplyError
from supply.health import init_health
from supply.i18n import LOCALES
from supply.mailing import init_mailing
from supply.observing import init_observing, log_fault
from supply.security import init_security
from supply.web import csrf, files, init_web
from supply.web.errors import html_error
from supply.web.session import choose_locale


def create_app(settings: Settings | None = None) -> Flask:
    """The application. Without settings they come from the environment (docs/settings.md)."""
    settings = settings or Settings.from_environment(os.environ)
    app = Flask("supply", static_url_path=files.ADDRESS)
    app.extensions["supply_settings"] = settings
    app.config["SECRET_KEY"] = settings.secret_key
    app.config["SUPPLY_DEFAULT_LOCALE"] = settings.default_locale
    init_observing(app, settings)
    init_security(app, settings)
    init_database(app, settings)
    _init_languages(app, settings)
    init_ceiling(app, settings)
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


def _answer(error: Exception) -> BaseResponse | Any:
    """One shape for everything that went wrong: problem details under /api, a page elsewhere."""
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return error
    # By kind: the database's own errors bear a `code` too, and they are faults to be logged.
    if not isinstance(error, HTTPException | SupplyError):
        log_fault(error)
    return problems.respond(error) if request.path.startswith("/api/") else html_error(error)
