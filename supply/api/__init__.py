"""The API `/api/v1`: status codes, problem details, cursors, ETags, OpenAPI. Decides nothing."""

from __future__ import annotations

from importlib import import_module

from flask import Blueprint, Flask, Response, render_template
from flask_wtf import CSRFProtect

from supply.api.endpoint import ApiBlueprint
from supply.api.openapi import chapters, document, init_openapi, ticked

# One module per capability, each with its `blp`.
MODULES = (
    "branches",
    "catalog",
    "suppliers",
    "treatments",
    "conditions",
    "substitutes",
    "stock",
    "containers",
    "labels",
    "scans",
    "variance",
    "reports",
    "counts",
    "adjustments",
    "stocktakes",
    "stocktake_ends",
    "waste",
    "transfers",
    "preparations",
    "tracing",
    "recalls",
    "visits",
    "corrections",
    "safety",
    "tasks",
    "readiness",
    "flags",
    "calendar",
    "plans",
    "requisitions",
    "inbox",
    "purchase_orders",
    "deliveries",
    "people",
    "tokens",
    "webhooks",
    "imports",
    "audit",
    "finding",
)


def init_api(app: Flask, csrf: CSRFProtect) -> None:
    """Give the app its API. It takes tokens and never the session cookie, so CSRF has no hold on it."""
    api = init_openapi(app)
    for name in MODULES:
        blp: ApiBlueprint = import_module(f"supply.api.{name}").blp
        csrf.exempt(blp)
        api.register_blueprint(blp)
    about = Blueprint("api-about", __name__, url_prefix="/api/v1")

    @about.get("/openapi.json")
    def openapi_document() -> Response:
        return document(api)

    @about.get("/reference")
    def reference() -> str:
        info = api.written()["info"]
        return render_template("reference.html", info=info, chapters=chapters(api), ticked=ticked)

    app.register_blueprint(about)
