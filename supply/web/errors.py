"""Error pages in the program's own frame.

A refused form is not here: actions.show_again shows it again. This is for what has no page to go back to.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, g, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response

from supply.errors import Invalid, SupplyError, Unauthenticated
from supply.i18n import _, lazy
from supply.web import actions, kept, tablet_cookie
from supply.web.session import viewer

_GROWN_OLD = lazy("This form had grown old. Nothing was saved; please send it again.")


def html_error(error: Exception) -> Response:
    """The page for anything that went wrong outside the API; for a script, only the words."""
    try:
        response = _answer_for(error) if kept.wants_json() else _page_for(error)
    except Exception:
        # The frame itself failed (the store is away): say so without store, session or frame.
        current_app.logger.exception("the error page failed")
        response = broken_page()
    response.headers["Cache-Control"] = "no-store"
    return response


def _answer_for(error: Exception) -> Response:
    if isinstance(error, SupplyError):
        response = kept.refused(actions.STATUS.get(type(error), 400), error.code, kept.words_of(error))
        if "retry_after" in error.details:
            response.headers["Retry-After"] = str(error.details["retry_after"])
        return response
    if isinstance(error, CSRFError):
        return kept.refused(400, "form_expired", [str(_GROWN_OLD)])
    status = (error.code or 500) if isinstance(error, HTTPException) else 500
    return kept.refused(status, "http_error", [_("Something broke on our side. Nothing was saved.")])


def _page_for(error: Exception) -> Response:
    if isinstance(error, Unauthenticated):
        return _to_sign_in()
    if isinstance(error, SupplyError):
        response = _page(actions.STATUS.get(type(error), 400), text=str(error.message))
        if "retry_after" in error.details:
            response.headers["Retry-After"] = str(error.details["retry_after"])
        return response
    if isinstance(error, CSRFError):
        return _unproven()
    if isinstance(error, HTTPException) and not isinstance(error, InternalServerError):
        if error.code is None or error.code < 400:
            return make_response(error.get_response())
        response = _page(error.code)
        response.headers.extend(
            [pair for pair in error.get_headers() if pair[0] not in ("Content-Type", "Content-Length")]
        )
        return response
    return broken_page()


def broken_page() -> Response:
    """The page for a fault of the program: it leans on nothing that may be what broke."""
    page = render_template("errors/500.html", request_id=g.get("request_id", ""))
    return make_response(page, 500)


def _page(status: int, *, title: str = "", text: str = "") -> Response:
    page = render_template(
        "errors/error.html", status=status, title=title, text=text, request_id=g.get("request_id", "")
    )
    return make_response(page, status)


def _to_sign_in() -> Response:
    if request.method == "GET":
        path = request.full_path.removesuffix("?")
        page = "tablets.list_names" if tablet_cookie.claims() else "account.sign_in_page"
        return redirect(url_for(page, next=None if path == "/" else path), 303)
    return _page(
        401,
        text=_(
            "Your session has ended, nothing was saved. Sign in, then open the page again; "
            "what you typed is kept on this device where the page allows it."
        ),
    )


# What stands open while nobody is signed in.
_FOR_NOBODY = ("account.sign_in_page", "tablets.ask_pin")


def _unproven() -> Response:
    """The form's proof of origin is missing or old. A person on our own page keeps what they typed."""
    back = getattr(current_app.view_functions.get(request.endpoint or ""), "back", None)
    if back is not None and _from_our_page() and (viewer() is not None or back in _FOR_NOBODY):
        reason = Invalid("form_expired", _GROWN_OLD)
        return actions.show_again(back, request.view_args or {}, reason, None, status=400)
    return _page(
        400,
        title=_("This form was not sent from our page"),
        text=_("Nothing was saved. Open the page again."),
    )


def _from_our_page() -> bool:
    """Whether the browser itself says that the form stood on a page of this program."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin", "")
    return site == "same-origin" or (
        site is None and origin != "" and urlsplit(origin).netloc == request.host
    )
