"""What booked visits need of what is brewed, told as the herbs that somebody has to buy for it. Pure.

What stands of a brew serves the earliest visits; for the rest its recipe tells the herbs, in proportion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Brew:
    """A recipe in base units: so much of it takes so much of each herb; `standing` is good still."""

    yield_quantity: int
    standing: int
    herbs: tuple[tuple[UUID, int], ...]


Need = tuple[UUID, datetime, float]


def with_herbs(needs: Iterable[Any], brews: Mapping[UUID, Brew]) -> list[Need]:
    """The needs (item, instant, base units), and those of herbs that follow from them, however deep."""
    standing = {item_id: float(brew.standing) for item_id, brew in brews.items()}
    told = [(item_id, at, float(quantity)) for item_id, at, quantity in needs]
    found: list[Need] = []
    for need in sorted(told, key=lambda need: need[1]):
        found += _followed(need, brews, standing)
    return found


def _followed(need: Need, brews: Mapping[UUID, Brew], standing: dict[UUID, float]) -> Iterator[Need]:
    yield need
    item_id, at, quantity = need
    brew = brews.get(item_id)
    if brew is None:
        return
    there = min(standing[item_id], quantity)
    standing[item_id] -= there
    for herb_id, taken in brew.herbs:
        yield from _followed((herb_id, at, (quantity - there) * taken / brew.yield_quantity), brews, standing)
