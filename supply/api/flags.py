"""Reorder flags over the API."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.purchasing.flags import Flag
from supply.domain.purchasing.flags import list_flags as flags_of
from supply.domain.purchasing.schemas import FlagOut, ListFlags
from supply.permissions import Actor, Permission

blp = ApiBlueprint("flags", description="Reorder flags: what runs low today, and the arithmetic behind it.")


@blp.get(
    "/flags",
    permission=Permission.STOCK_SEE,
    query=ListFlags,
    page_of=FlagOut,
    summary="List reorder flags",
    description="Items whose available and on-order amounts together are at or below the reorder point, by "
    "name. Never stored: right at midnight when lots expire. `suggested` is par - available - on order, "
    "rounded up to packs; `requisition` says where the item is asked for already.",
)
def list_flags(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[Flag], tuple[str, str] | None]:
    limit, after = query["limit"], query["cursor"]
    flags = [
        flag
        for flag in flags_of(session, actor, query["branch_id"])
        if after is None or _key(flag) > tuple(after)
    ]
    return flags[:limit], _key(flags[limit - 1]) if len(flags) > limit else None


def _key(flag: Flag) -> tuple[str, str]:
    return flag.item.sort_key, str(flag.item.id)
