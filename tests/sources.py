"""The sources of the program as the whole-repository tests read them: files, syntax trees, imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOREIGN = {".git", ".venv", ".ruff_cache", ".mypy_cache", ".pytest_cache", ".hypothesis", ".schemathesis"}
MADE = {"__pycache__", "instance", "htmlcov", "test-results", "build", "dist"}


@dataclass(frozen=True)
class Module:
    """A Python file under supply/."""

    path: Path

    @property
    def place(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def name(self) -> str:
        return ".".join(self.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.place)

    @cached_property
    def imports(self) -> list[tuple[str, int]]:
        """(dotted name, line) of everything imported, at the top or inside a function."""
        return sorted(self._imports())

    def _imports(self) -> Iterator[tuple[str, int]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.place}:{node.lineno}: relative import"
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)

    @cached_property
    def calls(self) -> list[tuple[str, ast.Call]]:
        """(dotted name as written, node) of every call."""
        return [(ast.unparse(node.func), node) for node in ast.walk(self.tree) if isinstance(node, ast.Call)]


def modules() -> list[Module]:
    return [Module(path) for path in sorted((ROOT / "supply").rglob("*.py"))]


def files(*suffixes: str) -> list[Path]:
    """The files of the checkout with one of these suffixes, without what tools made."""
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.suffix in suffixes
        and path.is_file()
        and not (FOREIGN | MADE) & set(path.relative_to(ROOT).parts)
    )
