"""`supply demo` and `supply sign-ins`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from random import Random

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.cli.demo import bottles, carrying, lists, nightly, story
from supply.cli.demo.day import Day
from supply.cli.demo.founding import House, found, told
from supply.cli.group import reading, supply, writing
from supply.cli.tallying import tally_all
from supply.domain.people import service as people
from supply.domain.people.models import Person
from supply.domain.people.passwords import password_fits

DAYS = 90


@supply.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing where there are people already.")
@click.option("--seed", default=1, show_default=True, help="The same seed tells the same story.")
def demo(if_empty: bool, seed: int) -> None:
    """Tell 90 days of a demo spa through the services: for looking around, never for real use."""
    if reading(lambda session: session.scalar(select(Person.id).limit(1))) is not None:
        if if_empty:
            return
        raise click.ClickException("There are people in this database already. The demo wants an empty one.")
    tell(seed)
    click.echo(f"The demo spa is ready: two branches, {DAYS} days.")


def tell(seed: int, days: int = DAYS) -> None:
    """The whole story up to now, one transaction for each day and branch."""
    until = clock.now()
    with clock.standing_at(until - timedelta(days=days, hours=6)):
        houses = writing(lambda session: found(session, seed))
        writing(lambda session: bottles.make_weighable(session, houses[0].manager))
    for house in houses:
        last = clock.day_of(until, house.timezone)
        for left in range(days, -1, -1):
            day = last - timedelta(days=left)
            writing(partial(_day, house=house, day=day, left=left, seed=seed, until=until))
        writing(partial(_plan, house=house, day=last + timedelta(days=1), seed=seed, until=until))
        with clock.standing_at(until):
            writing(partial(nightly.plan, house=house))
    with clock.standing_at(until):
        carrying.carry(writing, *houses[:2])
        writing(partial(lists.give, house=houses[0]))
    tally_all()


def _day(session: Session, *, house: House, day: date, left: int, seed: int, until: datetime) -> None:
    _plan(session, house=house, day=day, seed=seed, until=until)
    story.live(session, house, day, left, seed, until)


def _plan(session: Session, *, house: House, day: date, seed: int, until: datetime) -> None:
    """The visits of a day, planned on the evening before."""
    evening = Day(house, day, 0, Random(seed)).at(20, day=-1)  # noqa: S311 - a story
    with clock.standing_at(min(evening, until)):
        story.plan_day(session, house, day, seed)


@supply.command("sign-ins")
def sign_ins() -> None:
    """Print how to sign in to the demo spa, where this is one."""
    for line in reading(_sign_ins):
        click.echo(line)


def _sign_ins(session: Session) -> list[str]:
    if not people.find_demo(session):
        return []
    spa = told()
    first = session.scalar(select(Person).where(Person.login == spa["people"][0]["login"]))
    if first is None or not password_fits(first.password_hash, spa["password"]):
        return []
    lines = [f"Demo sign-ins, all with the password: {spa['password']}"]
    for row in spa["people"]:
        lines.append(
            f"  {row['login']:<8} {row['role']:<10} {row.get('branch', 'all branches'):<12} {row['name']}"
        )
    lines.append(f"At a shared tablet, which a manager enrols under People, everybody's PIN is {spa['pin']}.")
    return lines
