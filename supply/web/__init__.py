"""The pages: sessions, forms, frame, one module per capability. Knows the services; never the API."""

from __future__ import annotations

from importlib import import_module

from flask import Flask, Response, request
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect

from supply.config import Settings
from supply.web.files import init_files
from supply.web.frame import init_frame
from supply.web.own_actions import init_own_actions
from supply.web.pages import Pages
from supply.web.session import init_session

csrf = CSRFProtect()

# One module per capability, each with its `bp`.
MODULES = (
    "today",
    "beginning",
    "account",
    "offline",
    "demo",
    "people",
    "pins",
    "tablets",
    "tokens",
    "branches",
    "catalog",
    "suppliers",
    "comparison",
    "treatments",
    "recipe_drafts",
    "conditions",
    "contraindications",
    "substitutes",
    "stock",
    "stock_lists",
    "recalls",
    "containers",
    "scanning",
    "item_codes",
    "labels",
    "reports",
    "report_files",
    "behind",
    "variance",
    "counts",
    "adjustments",
    "stocktakes",
    "stocktake_ends",
    "waste",
    "transfers",
    "moves",
    "preparations",
    "brew_recipes",
    "tasks",
    "visits",
    "corrections",
    "rooms",
    "visit_plans",
    "readiness",
    "safety",
    "receiving",
    "purchasing",
    "plan",
    "orders",
    "calendar",
    "inbox",
    "webhooks",
    "imports",
    "audit",
    "finding",
    "sheets",
)


def init_web(app: Flask, settings: Settings) -> None:
    """Give the app its pages. CSRF protection covers every route that is not exempted by name."""
    # A form may stay open for a shift; the proof is bound to the session, not to an hour.
    app.config.update(WTF_CSRF_TIME_LIMIT=None, BOOTSTRAP_SERVE_LOCAL=True)
    csrf.init_app(app)
    Bootstrap5(app)
    init_files(app)
    init_session(app, settings)
    blueprints: list[Pages] = [import_module(f"supply.web.{name}").bp for name in MODULES]
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    init_frame(app, [entry for blueprint in blueprints for entry in blueprint.entries])
    init_own_actions(app)
    own = {blueprint.name for blueprint in blueprints}

    @app.after_request
    def _private(response: Response) -> Response:
        """What a person saw stays out of every cache, also of the browser's after signing out."""
        if request.blueprint in own:
            response.headers["Cache-Control"] = "no-store"
        return response
