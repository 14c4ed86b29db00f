"""Every page that links lead to, one address of each kind, seen by each role."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit

from tests.browser.visitor import Visitor

_LINK = re.compile(r'<a [^>]*href="([^"#]+)')
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
# Who looks first at what several may see. Each sees the start page.
ROLES = {"ngoc": "manager", "admin": "admin", "lan": "storeroom", "hanh": "therapist"}


def kind(address: str) -> str:
    """Addresses that differ only in ids and in what a query asks for are one kind of page."""
    parts = urlsplit(address)
    # The same rows in another order are no other page.
    asked = ",".join(sorted({name for name, _value in parse_qsl(parts.query)} - {"sort"}))
    return re.sub(r"/\d+(?=/|$)", "/#", _ID.sub("*", parts.path)) + (f"?{asked}" if asked else "")


def walk(visitor: Visitor, *first: str, most: int = 300) -> dict[str, str]:
    """Follow every link from the start page: kind of page to one address. A link that leads nowhere fails.

    `first` are looked at before: where a kind of page has many faces, the one to see.
    """
    found: dict[str, str] = {}
    queue = [*first, "/"]
    while queue:
        address = queue.pop(0)
        if kind(address) in found:
            continue
        answer = visitor.context.request.get(address)
        assert answer.status == 200, f"a link leads to {address}, which answers {answer.status}"
        found[kind(address)] = address
        assert len(found) < most, "the links have no end"
        if "text/html" not in answer.headers["content-type"]:
            del found[kind(address)]
            continue
        queue += [unescape(link) for link in _LINK.findall(answer.text()) if link.startswith("/")]
    return found
