"""What can be imported and exported, by its name."""

from __future__ import annotations

from supply.domain.imports.items import ITEMS
from supply.domain.imports.models import ImportKind
from supply.domain.imports.opening_stock import OPENING_STOCK
from supply.domain.imports.past_usage import PAST_USAGE
from supply.domain.imports.planning import Kind
from supply.domain.imports.recipes import RECIPES
from supply.domain.imports.suppliers import SUPPLIERS

KINDS: dict[ImportKind, Kind] = {
    kind.kind: kind for kind in (ITEMS, SUPPLIERS, RECIPES, OPENING_STOCK, PAST_USAGE)
}
