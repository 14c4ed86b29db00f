"""How a recipe line becomes what a visit needs: scale, package, factors within limits, path of rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import pytest
from flask import Flask

from supply.database import new_id
from supply.domain.treatments.exactness import find_inexact
from supply.domain.treatments.factors import Factor, require_possible
from supply.domain.treatments.recipe import PackageAction, Scale, Setting, resolve_step, setting_of, tubs_used
from supply.domain.treatments.rule_words import rule_words
from supply.errors import Invalid

OIL, HERB = new_id(), new_id()
GOLD, BASIC = new_id(), new_id()
CLIENT, TUB, ROOM, WATER = Scale.CLIENT, Scale.TUB, Scale.ROOM, Scale.WATER
ADD, REMOVE, SET = PackageAction.ADD, PackageAction.REMOVE, PackageAction.SET


@dataclass(frozen=True)
class L:
    """A recipe line."""

    scale: Scale = CLIENT
    quantity: int = 100
    item_id: UUID = OIL
    assumed: bool = False


@dataclass(frozen=True)
class P:
    """A rule of a package for step 1."""

    action: PackageAction
    quantity: int | None = None
    scale: Scale | None = None
    item_id: UUID = OIL
    package_id: UUID = GOLD
    step_position: int = 1
    assumed: bool = False


@dataclass(frozen=True)
class F:
    """A rule of a factor."""

    factor: Factor
    percent: int
    lowest: int = 50
    highest: int = 150
    step_position: int | None = None
    item_id: UUID | None = None
    shared: bool = False
    assumed: bool = False


CHILD, SENIOR, SKIN = F(Factor.CHILD, -50), F(Factor.SENIOR, -20), F(Factor.SENSITIVE_SKIN, -30)
LARGE, SMALL, STRONG = F(Factor.LARGE_BODY, 30), F(Factor.SMALL_BODY, -10), F(Factor.STRONG_SCENT, 40)
HARD = F(Factor.SENIOR, -50, lowest=60)
FREE = F(Factor.SENIOR, -100, lowest=0)
CAREFUL = F(Factor.SENSITIVE_SKIN, -30, shared=True)
BOLD = F(Factor.LARGE_BODY, 20, shared=True)
NOBODY: tuple[str, ...] = ()
Shares = list[tuple[int | None, int, str]]

# (what it shows, lines, package rules, factor rules, guests, what comes out), with two tubs of 50 kg.
CASES: list[tuple[str, list[L], list[P], list[F], list[tuple[str, ...]], Shares]] = [
    ("client, one", [L()], [], [], [NOBODY], [(1, 100, "client")]),
    ("client, two", [L()], [], [], [NOBODY] * 2, [(1, 100, "client"), (2, 100, "client")]),
    ("tubs in use", [L(TUB)], [], [], [NOBODY], [(None, 200, "tub:2")]),
    ("room once", [L(ROOM)], [], [], [NOBODY] * 3, [(None, 100, "room")]),
    ("water", [L(WATER, 3)], [], [], [NOBODY], [(None, 300, "water:2x50")]),
    ("water, many guests", [L(WATER, 3)], [], [], [NOBODY] * 14, [(None, 300, "water:2x50")]),
    ("no lines", [], [], [SENIOR], [("senior",)], []),
    # packages
    ("adds", [L()], [P(ADD, 7, ROOM, HERB)], [], [NOBODY], [(1, 100, "client"), (None, 7, "room|add")]),
    ("adds per client", [], [P(ADD, 7, CLIENT)], [], [NOBODY] * 2,
     [(1, 7, "client|add"), (2, 7, "client|add")]),
    ("adds per tub", [], [P(ADD, 7, TUB)], [], [NOBODY], [(None, 14, "tub:2|add")]),
    ("adds per water", [], [P(ADD, 7, WATER)], [], [NOBODY], [(None, 700, "water:2x50|add")]),
    ("removes", [L(), L(TUB, 5, HERB)], [P(REMOVE)], [], [NOBODY], [(None, 10, "tub:2")]),
    ("removes both lines", [L(), L(TUB)], [P(REMOVE)], [], [NOBODY], []),
    ("sets", [L()], [P(SET, 40)], [], [NOBODY], [(1, 40, "client|set")]),
    ("sets what is shared", [L(TUB)], [P(SET, 40)], [], [NOBODY], [(None, 80, "tub:2|set")]),
    ("another package", [L()], [P(SET, 40, package_id=BASIC)], [], [NOBODY], [(1, 100, "client")]),
    ("another step", [L()], [P(SET, 40, step_position=2)], [], [NOBODY], [(1, 100, "client")]),
    ("another item", [L()], [P(REMOVE, item_id=HERB)], [], [NOBODY], [(1, 100, "client")]),
    ("all three", [L(), L(ROOM, 9, HERB)], [P(SET, 40), P(REMOVE, item_id=HERB), P(ADD, 3, TUB, HERB)], [],
     [NOBODY], [(1, 40, "client|set"), (None, 6, "tub:2|add")]),
    # factors of one guest
    ("senior", [L()], [], [SENIOR], [("senior",)], [(1, 80, "client|senior-20")]),
    ("child half", [L()], [], [CHILD], [("child",)], [(1, 50, "client|child-50")]),
    ("large more", [L()], [], [LARGE], [("large-body",)], [(1, 130, "client|large-body+30")]),
    ("not borne", [L()], [], [SENIOR], [("child",)], [(1, 100, "client")]),
    ("unknown factor of old", [L()], [], [SENIOR], [("tall",)], [(1, 100, "client")]),
    ("each guest their own", [L()], [], [SENIOR, LARGE], [("senior",), NOBODY, ("large-body",)],
     [(1, 80, "client|senior-20"), (2, 100, "client"), (3, 130, "client|large-body+30")]),
    ("add up", [L()], [], [SENIOR, SMALL], [("senior", "small-body")],
     [(1, 70, "client|senior-20|small-body-10")]),
    ("cancel out", [L()], [], [SKIN, LARGE], [("sensitive-skin", "large-body")],
     [(1, 100, "client|sensitive-skin-30|large-body+30")]),
    ("kept at the lowest", [L()], [], [HARD], [("senior",)], [(1, 60, "client|senior-50|limit:60")]),
    ("sum kept at the lowest", [L()], [], [CHILD, SKIN], [("child", "sensitive-skin")],
     [(1, 50, "client|child-50|sensitive-skin-30|limit:50")]),
    ("sum kept at the highest", [L()], [], [LARGE, STRONG], [("large-body", "strong-scent")],
     [(1, 150, "client|large-body+30|strong-scent+40|limit:150")]),
    ("the tighter limit", [L()], [], [HARD, SMALL], [("senior", "small-body")],
     [(1, 60, "client|senior-50|small-body-10|limit:60")]),
    ("a limit of a rule not borne", [L()], [], [HARD, CHILD], [("child",)], [(1, 50, "client|child-50")]),
    ("exactly at the limit is no limit", [L()], [], [CHILD], [("child",)], [(1, 50, "client|child-50")]),
    ("nothing left", [L()], [], [FREE], [("senior",)], [(1, 0, "client|senior-100")]),
    ("two rules of a factor", [L()], [], [SENIOR, F(Factor.SENIOR, -10, item_id=OIL)], [("senior",)],
     [(1, 70, "client|senior-30")]),
    ("of one step", [L()], [], [F(Factor.SENIOR, -20, step_position=1)], [("senior",)],
     [(1, 80, "client|senior-20")]),
    ("of another step", [L()], [], [F(Factor.SENIOR, -20, step_position=2)], [("senior",)],
     [(1, 100, "client")]),
    ("of one item", [L(), L(item_id=HERB)], [], [F(Factor.SENIOR, -20, item_id=HERB)], [("senior",)],
     [(1, 100, "client"), (1, 80, "client|senior-20")]),
    # what the party shares
    ("a body does not thin the room", [L(ROOM)], [], [SENIOR], [("senior",)], [(None, 100, "room")]),
    ("skin of one thins the tub", [L(TUB)], [], [CAREFUL], [NOBODY, ("sensitive-skin",)],
     [(None, 140, "tub:2|sensitive-skin-30|for:2")]),
    ("the first of two alike", [L(ROOM)], [], [CAREFUL], [("sensitive-skin",)] * 2,
     [(None, 70, "room|sensitive-skin-30|for:1")]),
    ("more only where all want it", [L(ROOM)], [], [BOLD], [("large-body",), NOBODY], [(None, 100, "room")]),
    ("all want it", [L(ROOM)], [], [BOLD], [("large-body",)] * 2, [(None, 120, "room|large-body+20|for:1")]),
    ("the strictest of three", [L(TUB)], [], [CAREFUL, F(Factor.CHILD, -50, shared=True)],
     [NOBODY, ("sensitive-skin",), ("child",)], [(None, 100, "tub:2|child-50|for:3")]),
    ("sum of one guest, limit", [L(ROOM)], [], [CAREFUL, F(Factor.CHILD, -50, shared=True)],
     [("child", "sensitive-skin")], [(None, 50, "room|sensitive-skin-30|child-50|limit:50|for:1")]),
    ("water for the careful", [L(WATER, 10)], [], [CAREFUL], [("sensitive-skin",)],
     [(None, 700, "water:2x50|sensitive-skin-30|for:1")]),
    ("a shared rule counts per client too", [L()], [], [CAREFUL], [NOBODY, ("sensitive-skin",)],
     [(1, 100, "client"), (2, 70, "client|sensitive-skin-30")]),
    # package, then factors
    ("of the package's amount", [L()], [P(SET, 40)], [SENIOR], [("senior",)],
     [(1, 32, "client|set|senior-20")]),
    ("of what the package adds", [], [P(ADD, 50, CLIENT)], [SENIOR], [("senior",)],
     [(1, 40, "client|add|senior-20")]),
    ("group of fourteen", [L()], [], [SENIOR], [NOBODY] * 13 + [("senior",)],
     [*[(number, 100, "client") for number in range(1, 14)], (14, 80, "client|senior-20")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "packages", "factors", "guests", "shares"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_a_line_is_resolved(
    lines: Sequence[L], packages: list[P], factors: list[F], guests: list[tuple[str, ...]], shares: Shares
) -> None:
    setting = Setting(guests, tubs=2, tub_water_kg=50, package_id=GOLD)
    resolved = resolve_step(1, lines, setting, packages, factors)
    assert [(part.guest_position, part.quantity, part.rule) for part in resolved] == shares
    assert [part.position for part in resolved] == list(range(1, len(shares) + 1))
    assert find_inexact([(1, lines)], packages, factors) is None


def test_the_cases_are_many_and_each_shows_something_else() -> None:
    assert len({case[0] for case in CASES}) == len(CASES) >= 40


@pytest.mark.parametrize(
    ("party", "tubs", "seats", "used"),
    [
        (1, 1, 2, 1),
        (2, 1, 2, 1),  # a couple in one tub uses one charge
        (3, 1, 2, 1),  # never more tubs than the room has
        (3, 2, 2, 2),
        (3, 3, 1, 3),
        (4, 3, 2, 2),
        (14, 4, 4, 4),
        (14, 14, 1, 14),
    ],
)
def test_as_few_tubs_as_seat_the_party(party: int, tubs: int, seats: int, used: int) -> None:
    assert tubs_used(party, tubs, seats) == used


def test_without_a_room_the_water_is_assumed_and_says_so() -> None:
    (line,) = resolve_step(1, [L(WATER, 2)], setting_of([NOBODY] * 3, None))
    assert (line.quantity, line.rule, line.assumed) == (800, "water:2x200?", True)


@pytest.mark.parametrize(
    ("line", "packages", "factors", "assumed"),
    [
        (L(), [], [SENIOR], False),
        (L(assumed=True), [], [], True),
        (L(assumed=True), [P(SET, 40)], [], False),
        (L(), [P(SET, 40, assumed=True)], [], True),
        (L(), [], [F(Factor.SENIOR, -20, assumed=True)], True),
        (L(), [], [F(Factor.CHILD, -20, assumed=True)], False),
    ],
)
def test_a_guess_stays_a_guess(line: L, packages: list[P], factors: list[F], assumed: bool) -> None:
    setting = Setting([("senior",)], package_id=GOLD)
    assert [part.assumed for part in resolve_step(1, [line], setting, packages, factors)] == [assumed]


@pytest.mark.parametrize(
    ("line", "packages", "factors", "found"),
    [
        (L(CLIENT, 5), [], [SENIOR], None),
        (L(CLIENT, 3), [], [SENIOR], (0, OIL, 3, 80)),
        (L(CLIENT, 10), [], [SENIOR, F(Factor.SMALL_BODY, -5)], (1, OIL, 10, 95)),
        (L(CLIENT, 10), [], [F(Factor.SENIOR, -50, lowest=55)], (0, OIL, 10, 55)),
        # Neither alone, both together.
        (L(CLIENT, 4), [], [F(Factor.SENIOR, -25), F(Factor.SMALL_BODY, -25),
         F(Factor.LIGHT_SCENT, -40, lowest=65)], (2, OIL, 4, 65)),
        # Nobody is both.
        (L(CLIENT, 20), [], [F(Factor.SENIOR, -5), F(Factor.CHILD, -5)], None),
        # What the party shares is not touched by this rule.
        (L(TUB, 3), [], [SENIOR], None),
        (L(TUB, 3), [], [CAREFUL], (0, OIL, 3, 70)),
        (L(CLIENT, 10), [P(SET, 3)], [SENIOR], (0, OIL, 3, 80)),
        (L(CLIENT, 10), [P(ADD, 3, CLIENT, HERB)], [SENIOR], (0, HERB, 3, 80)),
        (L(CLIENT, 10), [P(REMOVE)], [SENIOR], None),
    ],
)  # fmt: skip
def test_what_would_not_be_whole_is_found(
    line: L, packages: list[P], factors: list[F], found: tuple[int, UUID, int, int] | None
) -> None:
    seen = find_inexact([(1, [line])], packages, factors)
    assert (None if seen is None else (seen.rule, seen.item_id, seen.quantity, seen.percent)) == found


def test_nobody_is_of_two_ages() -> None:
    require_possible(["senior", "sensitive-skin", "small-body", "light-scent"], field="factors")
    for pair in (["child", "senior"], ["large-body", "small-body"], ["light-scent", "strong-scent"]):
        with pytest.raises(Invalid) as refusal:
            require_possible(pair, field="guests.0.factors")
        assert list(refusal.value.errors) == ["guests.0.factors"]


@pytest.mark.parametrize(
    ("rule", "english", "vietnamese"),
    [
        ("client", "per client", "mỗi khách"),
        ("tub:2", "per tub, 2 in use", "mỗi bồn, đang dùng 2 bồn"),
        ("room", "once per room", "một lần cho cả phòng"),
        ("client|senior-20|limit:60", "per client · senior −20 % · limit 60 %",
         "mỗi khách · người cao tuổi −20% · giới hạn 60%"),
        ("tub:1|set|sensitive-skin-30|for:2",
         "per tub, 1 in use · quantity of the package · sensitive skin −30 % · decided by guest 2",
         "mỗi bồn, đang dùng 1 bồn · lượng theo gói · da nhạy cảm −30% · theo khách 2"),
        ("water:2x200?|add", "per kg of water: 2 × 200 kg (water assumed) · added by the package",
         "mỗi kg nước: 2 × 200 kg (lượng nước là giả định) · gói thêm vào"),
    ],
)  # fmt: skip
def test_a_path_is_told_in_words(app: Flask, rule: str, english: str, vietnamese: str) -> None:
    assert set(rule_words("client|unheard-of").split(" · ")) > {"unheard-of"}
    for language, words in (("en", english), ("vi", vietnamese)):
        with app.test_request_context(headers={"Accept-Language": language}):
            assert rule_words(rule) == words
