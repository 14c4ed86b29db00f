"""`supply demo` and `supply sign-ins`."""

from __future__ import annotations

from collections.abc import Callable
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
from supply.cli.people import admin_actor
from supply.cli.tallying import tally_all
from supply.domain.people import ending_demo
from supply.domain.people import service as people
from supply.domain.people.models import Person
from supply.domain.people.passwords import password_fits

DAYS = 90
FEWEST_DAYS = 9  # in fewer, not everything that the pages show has happened


@supply.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing where there are people already.")
@click.option("--seed", default=1, show_default=True, help="The same seed tells the same story.")
@click.option(
    "--days",
    type=click.IntRange(FEWEST_DAYS, DAYS),
    default=DAYS,
    show_default=True,
    help="How long the spa has been at work.",
)
@click.option("--clear", is_flag=True, help="End the demo: remove everything but its admin.")
@click.option("--password", help="With --clear: the admin's new password; asked for where it is not given.")
def demo(if_empty: bool, seed: int, days: int, clear: bool, password: str | None) -> None:
    """Tell the days of a demo spa through the services: for looking around, never for real use."""
    if clear:
        _clear(password)
        return
    if reading(lambda session: session.scalar(select(Person.id).limit(1))) is not None:
        if if_empty:
            return
        raise click.ClickException("There are people in this database already. The demo wants an empty one.")
    with click.progressbar(length=2 * (days + 1), label=f"Telling {days} days of a demo spa") as bar:
        tell(seed, days, each_day=lambda: bar.update(1))
    click.echo(f"The demo spa is ready: two branches, {days} days.")


def _clear(password: str | None) -> None:
    """Who runs commands here has the database in their hands: only a new password is asked for."""
    admin = reading(lambda session: admin_actor(session, None))
    reading(lambda session: ending_demo.require_demo(session, admin))
    told = password or click.prompt("The admin's new password", hide_input=True, confirmation_prompt=True)
    fresh = people.NewPassword.of(told)

    def work(session: Session) -> str:
        proven = session.get_one(Person, admin.person_id).password_hash
        return ending_demo.clear_demo(session, admin, proven=proven, password=fresh).login

    click.echo(
        f"The demo is gone. The installation is empty; {writing(work)} signs in with the new password."
    )


def tell(seed: int, days: int = DAYS, each_day: Callable[[], None] = lambda: None) -> None:
    """The whole story up to now, one transaction for each day and branch; `each_day` hears of each."""
    until = clock.now()
    with clock.standing_at(until - timedelta(days=days, hours=6)):
        houses = writing(lambda session: found(session, seed))
        writing(lambda session: bottles.make_weighable(session, houses[0].manager))
    for house in houses:
        last = clock.day_of(until, house.timezone)
        for left in range(days, -1, -1):
            day = last - timedelta(days=left)
            writing(partial(_day, house=house, day=day, left=left, seed=seed, until=until))
            each_day()
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
