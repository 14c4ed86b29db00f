"""The square on a label: what it says and how it is drawn. Pure."""

from __future__ import annotations

import segno


def address_of(root: str, tag: str) -> str:
    """Where a phone's own camera leads to; `root` is the installation's address, "https://spa.example/"."""
    return f"{root.rstrip('/')}/s/{tag}"


def svg_of(text: str) -> str:
    """An <svg> without a size of its own, dark on nothing, with the quiet zone that readers need."""
    # A quarter may be smudged: a wet hand was on it.
    code = segno.make(text, error="q", micro=False)
    return str(code.svg_inline(omitsize=True, border=2, svgclass="qr", lineclass=None))
