"""What the conditions of guests say against the steps of a treatment. Pure; weighs, decides nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class Rule(Protocol):
    """A contraindication with its condition's words. step_position None: every step."""

    @property
    def condition(self) -> str: ...
    @property
    def name_en(self) -> str: ...
    @property
    def name_vi(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def effect(self) -> str: ...
    @property
    def advice_en(self) -> str: ...
    @property
    def advice_vi(self) -> str: ...
    @property
    def step_position(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class SafetyWarning:
    """One rule that some guests give rise to; step_position None: the whole treatment."""

    condition: str
    name_en: str
    name_vi: str
    source: str
    effect: str
    advice_en: str
    advice_vi: str
    step_position: int | None
    guests: tuple[int, ...]

    def concerns(self, position: int) -> bool:
        return self.step_position in (None, position)


def weigh(rules: Iterable[Rule], guests: Mapping[int, Sequence[str]]) -> list[SafetyWarning]:
    """The rules that concern somebody, each with the numbers of the guests whom it concerns."""
    warnings = []
    for rule in rules:
        concerned = tuple(sorted(number for number, codes in guests.items() if rule.condition in codes))
        if concerned:
            warnings.append(
                SafetyWarning(
                    rule.condition,
                    rule.name_en,
                    rule.name_vi,
                    rule.source,
                    rule.effect,
                    rule.advice_en,
                    rule.advice_vi,
                    rule.step_position,
                    concerned,
                )
            )
    return warnings
