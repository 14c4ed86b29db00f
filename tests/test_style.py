"""What no linter of ours looks at: templates, words, and what must not stand in a public repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.sources import ROOT, files

TEMPLATE_LINES = 120
LONG_TEMPLATES = {
    "supply/templates/components/form.html": "every macro of a form is imported from one place",
}
TEMPLATES = files(".html")
TEXTS = files(".py", ".html", ".css", ".js", ".md", ".toml", ".txt", ".ini", ".mako", ".po", ".svg", ".cfg")
OWN_WORDS = Path(__file__)

# The Content-Security-Policy allows nothing inline and nothing from elsewhere.
INLINE = {
    "inline style": re.compile(r"<style\b|\sstyle\s*=", re.I),
    "inline script": re.compile(r"<script\b(?![^>]*\bsrc=)", re.I),
    "inline handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "javascript: address": re.compile(r"""["']\s*javascript:""", re.I),
    "something from elsewhere": re.compile(r"""\b(?:src|action|data)\s*=\s*["'](?:https?:)?//""", re.I),
    "stylesheet from elsewhere": re.compile(r"""<link\b[^>]*href\s*=\s*["'](?:https?:)?//""", re.I),
    "unescaped output": re.compile(r"\|\s*safe\b|\{%-?\s*autoescape\s+false"),
}
FORBIDDEN = {
    "an unfinished mark": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b"),
    "a path of somebody's machine": re.compile(r"(?<![\w.:/\])}>-])/(?:work|home|root|Users)/\w"),
    "a debugging aid": re.compile(r"\b(?:breakpoint\(\)|pdb\.set_trace|console\.log|debugger;)"),
    "a content delivery network": re.compile(
        r"cdn\.jsdelivr|unpkg\.com|cdnjs\.|fonts\.googleapis|ajax\.googleapis"
    ),
}
SHOWN_ATTRIBUTES = re.compile(r"""\b(?:title|alt|placeholder|aria-label|aria-description)\s*=\s*"([^"]*)\"""")
WORD = re.compile(r"[^\W\d_]{2,}")
# Shows type with Vietnamese letters on purpose, whatever the language.
SAMPLES = {"supply/templates/patterns/ground.html"}
# The same in every language.
NAMES = {
    "Supply",
    "PIN",
    "QR",
    "CSV",
    "JSON",
    "API",
    "GS1",
    "FEFO",
    "SKU",
    "English",
    "Tiếng",
    "Việt",
    "Ctrl",
}


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def bare(text: str) -> str:
    """A template without its Jinja parts; line numbers stay."""
    pattern = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.S)
    return pattern.sub(lambda found: "\n" * found.group().count("\n"), text)


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def test_templates_hold_nothing_inline() -> None:
    found = [
        f"{place(template)}:{line_of(text, match.start())} {what}"
        for template in TEMPLATES
        for text in [template.read_text(encoding="utf-8")]
        for what, pattern in INLINE.items()
        for match in pattern.finditer(text if what == "unescaped output" else bare(text))
    ]
    assert not found


def test_templates_speak_through_gettext() -> None:
    found = [words for template in TEMPLATES if place(template) not in SAMPLES for words in untold(template)]
    assert not found, 'say it with {{ _("…") }}'


def untold(template: Path) -> list[str]:
    """The words that a template shows without gettext."""
    text = bare(template.read_text(encoding="utf-8"))
    shown = [(match.start(1), match.group(1)) for match in SHOWN_ATTRIBUTES.finditer(text)]
    without_tags = re.sub(
        r"<!--.*?-->|<[^>]*>|[\w-]+=\"[^\"]*\"", lambda tag: " " * len(tag.group()), text, flags=re.S
    )
    shown += [(match.start(), match.group()) for match in re.finditer(r"\S[^\n]*", without_tags)]
    return [
        f"{place(template)}:{line_of(text, position)} {words.strip()!r}"
        for position, words in shown
        if set(WORD.findall(words)) - NAMES
    ]


def test_templates_are_short() -> None:
    lengths = {place(path): len(path.read_text(encoding="utf-8").splitlines()) for path in TEMPLATES}
    long = {name: lines for name, lines in lengths.items() if lines > TEMPLATE_LINES}
    assert {name: lines for name, lines in long.items() if name not in LONG_TEMPLATES} == {}
    assert set(LONG_TEMPLATES) <= set(long), "no longer long: take it off the list"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_that_does_not_belong_here(what: str) -> None:
    found = [
        f"{place(path)}:{line_of(text, match.start())} {match.group()!r}"
        for path in TEXTS
        if path != OWN_WORDS
        for text in [path.read_text(encoding="utf-8")]
        for match in FORBIDDEN[what].finditer(text)
    ]
    assert not found, f"{what} stands in the repository"


def test_lines_end_cleanly() -> None:
    found = []
    for path in TEXTS:
        content = path.read_bytes()
        if b"\r" in content or (content and not content.endswith(b"\n")):
            found.append(f"{place(path)}: ends its lines or itself wrongly")
        found += [
            f"{place(path)}:{number} trailing blank"
            for number, line in enumerate(content.split(b"\n"), 1)
            if line.endswith((b" ", b"\t")) and path.suffix not in (".md", ".po")
        ]
    assert not found
