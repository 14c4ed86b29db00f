"""Sections of docs/benchmark.md that are measured by themselves and stand below the page's own."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "benchmark.md"
REORDER = "## The reorder policy"
PLAN = "## The nightly plan"
FELT = "## Pages as they are felt"
OWN = (REORDER, PLAN, FELT)


def write_section(heading: str, text: str, page: Path = PAGE) -> None:
    """Put a section in its place, or at the end; `text` does not repeat the heading."""
    before, after = _around(page.read_text(encoding="utf-8"), heading)
    page.write_text(f"{before.rstrip()}\n\n{heading}\n\n{text.strip()}\n\n{after}".rstrip() + "\n", "utf-8")


def write_page(text: str, page: Path = PAGE) -> None:
    """Write the page anew and keep the sections that are measured by themselves."""
    old = page.read_text(encoding="utf-8") if page.exists() else ""
    page.write_text(text, encoding="utf-8")
    for heading in OWN:
        if heading in old:
            write_section(heading, old.split(heading, 1)[1].split("\n## ", 1)[0], page)


def _around(text: str, heading: str) -> tuple[str, str]:
    if heading not in text:
        return text, ""
    before, rest = text.split(heading, 1)
    _, found, after = rest.partition("\n## ")
    return before, f"{found.strip()} {after}" if found else ""
