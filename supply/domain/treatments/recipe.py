"""From a recipe to what a visit needs: scale, package, factors of the guests. Pure: no model, no database.

A line's quantity is for one client, one tub, the room or one kilogram of water. What the package says comes
first, then the percentages of the guest's factors, added up and kept within the limits of their rules. Each
resolved line bears the path of the rules that gave it; rule_words puts it into words. Nothing is rounded:
what would not be whole is found beforehand (exactness).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from supply.domain.treatments.factors import Factor

# What a tub is taken to hold where nobody has measured it; the path of the rules says so ("?").
ASSUMED_TUB_WATER_KG = 200
TUBS_UNKNOWN = 14


class Scale(StrEnum):
    """What a recipe line's quantity is for."""

    CLIENT = "client"
    TUB = "tub"
    ROOM = "room"
    WATER = "water"


class PackageAction(StrEnum):
    """What a package does to the lines of a step."""

    ADD = "add"
    REMOVE = "remove"
    SET = "set"


class Line(Protocol):
    """What a recipe says, in base units."""

    @property
    def item_id(self) -> UUID: ...
    @property
    def quantity(self) -> int: ...
    @property
    def scale(self) -> Scale: ...
    @property
    def assumed(self) -> bool: ...


class ForPackage(Protocol):
    """Whoever bought this package has a line more, one less, or another quantity of it in this step."""

    @property
    def package_id(self) -> UUID: ...
    @property
    def action(self) -> PackageAction: ...
    @property
    def step_position(self) -> int: ...
    @property
    def item_id(self) -> UUID: ...
    @property
    def quantity(self) -> int | None: ...
    @property
    def scale(self) -> Scale | None: ...
    @property
    def assumed(self) -> bool: ...


class ForFactor(Protocol):
    """So much more or less per cent for who bears a factor, never below `lowest` or above `highest` per cent.

    step_position None: in every step; item_id None: of every item. `shared`: what the party shares is
    changed too, and there the most careful guest decides: the smallest percentage.
    """

    @property
    def factor(self) -> Factor: ...
    @property
    def step_position(self) -> int | None: ...
    @property
    def item_id(self) -> UUID | None: ...
    @property
    def percent(self) -> int: ...
    @property
    def lowest(self) -> int: ...
    @property
    def highest(self) -> int: ...
    @property
    def shared(self) -> bool: ...
    @property
    def assumed(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Setting:
    """For whom and where: the factors of each guest, the tubs that are filled, the water in one of them."""

    guests: Sequence[Collection[str]]
    tubs: int = 1
    tub_water_kg: int | None = None
    package_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """One line as a visit needs it. `position` counts from 1 within the step.

    guest_position is None for what the party shares. `rule` is the path of what gave the quantity: the scale
    ("client", "tub:2", "room", "water:2x200", with "?" where the water is assumed), then, each after "|",
    "add" or "set" by the package, a factor with its percentage ("senior-20"), "limit:60" where the
    percentages met a limit, "for:2" for the guest who decided what the party shares. `assumed`: something
    of it is a guess.
    """

    position: int
    item_id: UUID
    guest_position: int | None
    quantity: int
    rule: str
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A line as the package leaves it."""

    item_id: UUID
    quantity: int
    scale: Scale
    assumed: bool
    path: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """The percentage of one guest and the path that says how it came about."""

    percent: int
    path: str = ""
    assumed: bool = False


_WHOLE = Share(100)


def tubs_used(party_size: int, tubs: int = 1, seats_per_tub: int = 2) -> int:
    """How many tubs are filled: as few as seat the party, never more than the room has."""
    return min(tubs, -(-party_size // seats_per_tub))


class Room(Protocol):
    """What of a room counts."""

    @property
    def tubs(self) -> int: ...
    @property
    def seats_per_tub(self) -> int: ...
    @property
    def tub_water_kg(self) -> int | None: ...


def setting_of(
    guests: Sequence[Collection[str]], room: Room | None, *, package_id: UUID | None = None
) -> Setting:
    """For these guests in this room. Without a room nobody knows the tubs: as many as seat them in twos."""
    if room is None:
        return Setting(guests, tubs_used(len(guests), TUBS_UNKNOWN), None, package_id)
    tubs = tubs_used(len(guests), room.tubs, room.seats_per_tub)
    return Setting(guests, tubs, room.tub_water_kg, package_id)


def resolve_step(
    position: int,
    lines: Iterable[Line],
    setting: Setting,
    package_rules: Iterable[ForPackage] = (),
    factor_rules: Sequence[ForFactor] = (),
) -> list[Expected]:
    """The standard quantities of the step at `position`, in the recipe's order; what a package adds is last.

    Per client: one line for each guest. Per tub, per kilogram of water, per room: one line for the party.
    """
    resolved: list[Expected] = []
    # Most guests bear nothing: then no rule of theirs is looked at.
    told = factor_rules if any(setting.guests) else ()
    bought = [rule for rule in package_rules if rule.package_id == setting.package_id]
    for line in _packed(position, lines, bought):
        rules = concerning(told, position, line.item_id)
        for guest, quantity, scale, share in _shares(line, setting, rules):
            assumed = line.assumed or share.assumed
            path = f"{scale}{line.path}{share.path}"
            exact = quantity * share.percent // 100
            resolved.append(Expected(len(resolved) + 1, line.item_id, guest, exact, path, assumed))
    return resolved


def _packed(position: int, lines: Iterable[Line], bought: Sequence[ForPackage]) -> Iterator[_Drawn]:
    """The step's lines as the package changes them."""
    here = [rule for rule in bought if rule.step_position == position]
    removed = {rule.item_id for rule in here if rule.action is PackageAction.REMOVE}
    changed = {rule.item_id: rule for rule in here if rule.action is PackageAction.SET}
    for line in lines:
        if line.item_id in removed:
            continue
        drawn = _Drawn(line.item_id, line.quantity, Scale(line.scale), bool(line.assumed))
        rule = changed.get(line.item_id)
        if rule is not None:
            drawn = replace(drawn, quantity=rule.quantity or 0, assumed=bool(rule.assumed), path="|set")
        yield drawn
    for rule in here:
        if rule.action is PackageAction.ADD and rule.scale is not None:
            yield _Drawn(rule.item_id, rule.quantity or 0, Scale(rule.scale), bool(rule.assumed), "|add")


def concerning(rules: Iterable[ForFactor], position: int, item_id: UUID) -> list[ForFactor]:
    return [
        rule for rule in rules if rule.step_position in (None, position) and rule.item_id in (None, item_id)
    ]


def _shares(
    line: _Drawn, setting: Setting, rules: Sequence[ForFactor]
) -> list[tuple[int | None, int, str, Share]]:
    """(guest or None, quantity before percentages, path of the scale, percentage) for each resolved line."""
    if line.scale is Scale.CLIENT:
        return [
            (number, line.quantity, "client", share_of(factors, rules))
            for number, factors in enumerate(setting.guests, start=1)
        ]
    share = _party_share(setting.guests, [rule for rule in rules if rule.shared])
    if line.scale is Scale.TUB:
        return [(None, line.quantity * setting.tubs, f"tub:{setting.tubs}", share)]
    if line.scale is Scale.WATER:
        water, mark = setting.tub_water_kg, ""
        if water is None:
            water, mark, share = ASSUMED_TUB_WATER_KG, "?", replace(share, assumed=True)
        return [(None, line.quantity * setting.tubs * water, f"water:{setting.tubs}x{water}{mark}", share)]
    return [(None, line.quantity, "room", share)]


def share_of(factors: Collection[str], rules: Sequence[ForFactor]) -> Share:
    """The percentages of the factors that a guest bears, added up and kept within the limits."""
    borne = [rule for rule in rules if rule.factor in factors]
    if not borne:
        return _WHOLE
    sums: dict[str, int] = {}
    for rule in borne:
        sums[rule.factor] = sums.get(rule.factor, 0) + rule.percent
    told = 100 + sum(sums.values())
    kept = max(told, *(rule.lowest for rule in borne))
    kept = min(kept, *(rule.highest for rule in borne))
    path = "".join(f"|{factor}{percent:+d}" for factor, percent in sums.items())
    if kept != told:
        path += f"|limit:{kept}"
    return Share(kept, path, any(rule.assumed for rule in borne))


def _party_share(guests: Sequence[Collection[str]], rules: Sequence[ForFactor]) -> Share:
    """What the party shares is as strong as its most careful guest wants it: the smallest percentage."""
    if not rules:
        return _WHOLE
    shares = [share_of(factors, rules) for factors in guests]
    smallest = min(range(len(shares)), key=lambda number: shares[number].percent)
    share = shares[smallest]
    return replace(share, path=f"{share.path}|for:{smallest + 1}") if share.path else share
