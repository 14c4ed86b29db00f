"""The test client: each request stands alone, as in production, whatever context the test holds open."""

from __future__ import annotations

from typing import Any

from flask import has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from supply.database import db


class OneLookClient(FlaskClient):
    """Gives each request an app context and a database session of its own.

    Flask lets a request share the context that a test has pushed, so that who signed in and what was loaded
    would leak from one request into the next. The test's own session looks afresh afterwards.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("buffered", True)
        if has_app_context():
            session = db.session()
            pending = [*session.new, *session.dirty, *session.deleted]
            assert not pending, "commit before the request"
            session.rollback()
        with self.application.app_context():
            return super().open(*args, **kwargs)
