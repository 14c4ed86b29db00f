"""Which fields an undoing puts back: those that nobody changed since. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from supply.domain.imports.columns import Cells


def restored(changes: Mapping[str, Sequence[str]], present: Cells) -> tuple[dict[str, str], int]:
    """({column: what it said before}, how many stay, since they were changed later). See Planned.changes."""
    back = {name: before for name, (before, after) in changes.items() if present.get(name, "") == after}
    return back, len(changes) - len(back)
