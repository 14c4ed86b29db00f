"""The palette's contrast (WCAG 2.2 AA) in both themes, and what templates and styles may not hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SUPPLY = Path(__file__).parents[2] / "supply"
STYLES = SUPPLY / "static" / "css"
TEMPLATES = sorted((SUPPLY / "templates").rglob("*.html"))

_LITERAL = re.compile(r"#[0-9a-fA-F]{3,8}\b|rgba?\(")
TEXT, SHAPE = 4.5, 3.0
GROUNDS = ("paper", "surface", "sunken")
TINTED = ("herb", "wood", "water", "ok", "warning", "danger", "neutral")
PAIRS = [
    *((ink, ground, TEXT) for ink in ("ink", "ink-soft", "herb-deep", *TINTED) for ground in GROUNDS),
    *((kind, f"{kind}-tint", TEXT) for kind in TINTED),
    *((ink, f"{kind}-tint", TEXT) for ink in ("ink", "ink-soft") for kind in TINTED),
    *((f"on-{fill}", f"{fill}-fill{deep}", TEXT) for fill in ("herb", "danger") for deep in ("", "-deep")),
    *((ink, bar, TEXT) for ink in ("on-bar", "on-bar-soft") for bar in ("bar", "bar-raised")),
    *((line, ground, SHAPE) for line in ("edge", "focus") for ground in GROUNDS),
    ("wood-bright", "bar", SHAPE),
]


def _colours(*names: str) -> dict[str, str]:
    """Later files win, as in the browser."""
    text = "".join((STYLES / name).read_text() for name in names)
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", text))


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("sheets", [("tokens.css",), ("tokens.css", "dark.css")], ids=["light", "dark"])
def test_every_pair_in_use_is_readable(sheets: tuple[str, ...]) -> None:
    colours = _colours(*sheets)
    weak = {
        f"{front} on {ground}": round(_contrast(colours[front], colours[ground]), 2)
        for front, ground, least in PAIRS
        if _contrast(colours[front], colours[ground]) < least
    }
    assert weak == {}


def test_colours_are_named_in_the_palette_only() -> None:
    palette = {"tokens.css", "dark.css", "print.css"}
    own = {sheet.name: sheet.read_text() for sheet in STYLES.glob("*.css") if sheet.name not in palette}
    assert own
    assert {name: found for name, text in own.items() if (found := _LITERAL.findall(text))} == {}


def test_no_template_leads_elsewhere() -> None:
    """What else the content security policy forbids: tests/test_style.py."""
    texts = {str(path): re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.S) for path in TEMPLATES}
    assert [name for name, text in texts.items() if re.search(r"""href=["']https?://""", text)] == []


def test_every_icon_named_in_a_template_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (SUPPLY / "static" / "icons.svg").read_text()))
    used = {
        name
        for template in TEMPLATES
        for name in re.findall(r"""(?:icon\(|symbol=|"symbol": )["']([a-z-]+)["']""", template.read_text())
    }
    assert used <= drawn
