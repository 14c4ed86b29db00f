"""The page where an admin ends the demo: what goes, what stays, a typed word, the password, a new one."""

from __future__ import annotations

from typing import Any

from flask import g
from sqlalchemy.orm import Session

from supply.domain.people import ending_demo
from supply.domain.people import service as people
from supply.domain.people.schemas import ClearDemo
from supply.i18n import _
from supply.permissions import Actor, Permission
from supply.web import session as device
from supply.web.account import prove_own
from supply.web.pages import Pages, Target, render, say

bp = Pages("demo", __name__)


@bp.page("/demo", permission=Permission.PEOPLE_MANAGE)
def show_demo(session: Session, actor: Actor) -> str:
    return render("account/demo.html", schema=ClearDemo, demo=people.find_demo(session))


@bp.action(
    "/demo",
    permission=Permission.PEOPLE_MANAGE,
    back="demo.show_demo",
    schema=ClearDemo,
    first=prove_own,
)
def clear_demo(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    person = ending_demo.clear_demo(session, actor, proven=g.proven, password=data["password"])
    opened = people.open_session(session, person)
    device.begin(opened.sign_in_id, opened.secret)
    say(_("The demo is gone. This installation is empty and yours."))
    return "today.show_today", {}
