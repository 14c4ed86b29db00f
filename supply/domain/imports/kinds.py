"""What can be imported and exported, by its name."""

from __future__ import annotations

from supply.domain.imports.items import ITEMS
from supply.domain.imports.models import ImportKind
from supply.domain.imports.planning import Kind
from supply.domain.imports.suppliers import SUPPLIERS

KINDS: dict[ImportKind, Kind] = {kind.kind: kind for kind in (ITEMS, SUPPLIERS)}
