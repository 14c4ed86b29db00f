"""Pages of the plan: a flag with its picture and what people say to it, notices, estimates, planning now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from supply import replanning
from supply.domain.catalog import service as catalog
from supply.domain.planning import deciding, listing, running
from supply.domain.planning import service as planning
from supply.domain.planning.schemas import InBranch, OverrideFlag, SetEstimate, SnoozeFlag
from supply.domain.purchasing.flags import asked_of
from supply.i18n import _
from supply.permissions import Actor, Permission, require
from supply.web import plan_rows
from supply.web.pages import Pages, render, say
from supply.web.session import current_branch
from supply.web.stock_rows import typed
from supply.web.units import unit_options

bp = Pages("plan", __name__)
Target = tuple[str, dict[str, Any]]


@bp.page("/flags/<uuid:flag_id>", permission=Permission.STOCK_SEE)
def show_flag(session: Session, actor: Actor, flag_id: UUID) -> str:
    flag = deciding.get_flag(session, actor, flag_id)
    asked = asked_of(session, flag.branch_id, [flag.item_id]).get(flag.item_id)
    return render(
        "plan/flag.html",
        flag=flag,
        item=flag.item,
        asked=asked,
        reasons=plan_rows.reasons(flag.numbers),
        said=plan_rows.said(flag, current_branch().timezone),
        picture=plan_rows.picture(flag),
        tables=plan_rows.figures(flag),
        units=unit_options(flag.item),
        wanted=typed(flag.wanted, flag.item),
        schemas={"snooze": SnoozeFlag, "override": OverrideFlag},
    )


@bp.action(
    "/flags/<uuid:flag_id>/snooze",
    permission=Permission.CATALOG_MANAGE,
    schema=SnoozeFlag,
    versioned=True,
    back="plan.show_flag",
)
def snooze_flag(session: Session, actor: Actor, data: dict[str, Any], version: int, flag_id: UUID) -> Target:
    deciding.snooze_flag(session, actor, flag_id, version=version, **data)
    say(_("Snoozed. It is not asked for before that day."))
    return "plan.show_flag", {"flag_id": flag_id}


@bp.action(
    "/flags/<uuid:flag_id>/override",
    permission=Permission.CATALOG_MANAGE,
    schema=OverrideFlag,
    versioned=True,
    back="plan.show_flag",
)
def override_flag(
    session: Session, actor: Actor, data: dict[str, Any], version: int, flag_id: UUID
) -> Target:
    deciding.override_flag(session, actor, flag_id, version=version, **data)
    say(_("Saved. Your amount is asked for until this flag closes."))
    return "plan.show_flag", {"flag_id": flag_id}


@bp.action(
    "/flags/<uuid:flag_id>/following",
    permission=Permission.CATALOG_MANAGE,
    versioned=True,
    back="plan.show_flag",
)
def follow_plan(session: Session, actor: Actor, version: int, flag_id: UUID) -> Target:
    deciding.follow_plan(session, actor, flag_id, version=version)
    say(_("The plan decides again."))
    return "plan.show_flag", {"flag_id": flag_id}


@bp.action(
    "/stock/items/<uuid:item_id>/plan",
    permission=Permission.REQUISITION_REQUEST,
    schema=InBranch,
    back="stock.show_item",
)
def plan_item(session: Session, actor: Actor, data: dict[str, Any], item_id: UUID) -> Target:
    catalog.get_item(session, item_id)
    flag = planning.plan_item(session, actor, data["branch_id"], item_id)
    if flag is None:
        say(_("Planned anew: nothing needs ordering."))
        return "stock.show_item", {"item_id": item_id}
    say(_("Planned anew, with what the books say now."))
    return "plan.show_flag", {"flag_id": flag.id}


@bp.page("/stock/items/<uuid:item_id>/estimate", permission=Permission.CATALOG_MANAGE)
def edit_estimate(session: Session, actor: Actor, item_id: UUID) -> str:
    branch = current_branch()
    require(actor, Permission.CATALOG_MANAGE, branch.id)
    item = catalog.get_item(session, item_id)
    known = deciding.find_estimate(session, branch.id, item_id)
    return render(
        "plan/estimate.html",
        item=item,
        schema=SetEstimate,
        units=unit_options(item),
        daily=typed(known, item),
    )


@bp.action(
    "/stock/items/<uuid:item_id>/estimate",
    permission=Permission.CATALOG_MANAGE,
    schema=SetEstimate,
    back="plan.edit_estimate",
)
def set_estimate(session: Session, actor: Actor, data: dict[str, Any], item_id: UUID) -> Target:
    deciding.set_estimate(session, actor, item_id=item_id, **data)
    say(_("Saved. The next plan goes by it."))
    return "stock.show_item", {"item_id": item_id}


@bp.page("/plan-notices", permission=Permission.STOCK_SEE)
def list_notices(session: Session, actor: Actor) -> str:
    found = listing.list_notices(session, actor, current_branch().id)
    return render("plan/notices.html", groups=plan_rows.notice_groups(found))


@bp.action(
    "/plan-runs",
    permission=Permission.REQUISITION_REQUEST,
    schema=InBranch,
    back="purchasing.list_flags",
)
def begin_run(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    begun = running.begin_run(session, actor, data["branch_id"])
    replanning.plan_soon(begun)
    return "plan.show_run", {"run_id": begun.run.id}


@bp.page("/plan-runs/<uuid:run_id>", permission=Permission.STOCK_SEE)
def show_run(session: Session, actor: Actor, run_id: UUID) -> str:
    run = running.get_run(session, actor, run_id)
    return render(
        "plan/run.html",
        run=run,
        under_way=running.is_running(run),
        flags_url=url_for("purchasing.list_flags"),
    )
