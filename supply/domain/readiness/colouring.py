"""The colours: each visit's steps with what they got, what is short, and what could be done. Pure.

A step is as bad as its worst need or hurdle, a visit as its worst step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from supply.domain.readiness.covering import (
    Cause,
    Colour,
    Dealt,
    Hurdle,
    Need,
    PlannedVisit,
    causes_of,
    colour_of,
    in_order,
    worst,
)
from supply.domain.readiness.fixing import LOCAL, Fix, Means, find_fixes, spend


@dataclass(frozen=True, slots=True)
class Cover:
    """How one need of a step stands; `fixes` are there where it is short, the one to choose first."""

    dealt: Dealt
    causes: tuple[Cause, ...]
    fixes: tuple[Fix, ...] = ()

    @property
    def colour(self) -> Colour:
        return colour_of(self.causes)


@dataclass(frozen=True, slots=True)
class StepCover:
    position: int
    colour: Colour
    covers: tuple[Cover, ...]
    hurdles: tuple[Hurdle, ...]


@dataclass(frozen=True, slots=True)
class VisitCover:
    """A visit's open steps, each with its colour; the visit has the worst of them."""

    visit_id: UUID
    colour: Colour
    steps: tuple[StepCover, ...]


def colour_visits(
    visits: Iterable[PlannedVisit], dealt: Mapping[UUID, Sequence[Sequence[Dealt]]], means: Means
) -> dict[UUID, VisitCover]:
    """Every visit's readiness, once the shelf was dealt out to all. Draws the means down.

    What is short is mended in the order in which the visits are served, from what nobody needs.
    """
    return {visit.id: _cover_visit(visit, dealt[visit.id], means) for visit in in_order(visits)}


def _cover_visit(visit: PlannedVisit, dealt: Sequence[Sequence[Dealt]], means: Means) -> VisitCover:
    steps = []
    for step, parts in zip(visit.steps, dealt, strict=True):
        covers = tuple(_cover(visit, need, got, means) for need, got in zip(step.needs, parts, strict=True))
        causes = [cause for cover in covers for cause in cover.causes]
        causes += [hurdle.cause for hurdle in step.hurdles]
        steps.append(StepCover(step.position, colour_of(causes), covers, step.hurdles))
    return VisitCover(visit.id, worst(step.colour for step in steps), tuple(steps))


def _cover(visit: PlannedVisit, need: Need, dealt: Dealt, means: Means) -> Cover:
    causes = causes_of(dealt)
    if not dealt.short:
        return Cover(dealt, causes)
    fixes = find_fixes(visit, need, dealt.short, means)
    chosen = fixes[0] if fixes else None
    if chosen is not None:
        spend(visit, need, chosen, means)
    mended = LOCAL.get(chosen.remedy) if chosen is not None and chosen.complete else None
    return Cover(dealt, (*causes, mended or Cause.SHORT), fixes)
