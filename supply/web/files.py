"""What pages are drawn with (styles, scripts, signs): at addresses that change with it, kept for a year.

So a page that follows another asks for nothing but itself. Refuses to say what is drawn with it.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request

YEAR_S = 365 * 86_400
ADDRESS = "/static/<stamp>"


def init_files(app: Flask) -> None:
    """Give the files their addresses. Who works on them (debug) sees each change at once."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = None if app.debug else YEAR_S
    # Bootstrap-Flask serves its own below the same address.
    own = {"static": stamp(Path(str(app.static_folder))), "bootstrap.static": version("bootstrap-flask")}

    @app.url_defaults
    def _mark(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint in own:
            values.setdefault("stamp", own[endpoint])

    @app.url_value_preprocessor
    def _read_mark(endpoint: str | None, values: dict[str, Any] | None) -> None:
        if endpoint in own and values is not None:
            g.stamp = values.pop("stamp")

    @app.after_request
    def _forget_others(response: Response) -> Response:
        """A page of the version before still gets its file, which nobody keeps under that address."""
        if request.endpoint in own and g.get("stamp") != own[request.endpoint]:
            response.headers["Cache-Control"] = "no-cache"
        return response


def is_file() -> bool:
    """Whether this request asks for one of them: the same whoever asks."""
    return "stamp" in g


@cache
def stamp(folder: Path) -> str:
    """What changes with any of the files."""
    digest = hashlib.sha256()
    for path in files_of(folder):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def files_of(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.rglob("*") if path.is_file()))
