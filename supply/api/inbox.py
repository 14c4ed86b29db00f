"""The manager's inbox over the API: what waits to be decided, sent, chased and known of."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.reports.inbox import Inbox, inbox_of
from supply.domain.reports.inbox_schemas import GetInbox, InboxOut
from supply.permissions import Actor, Permission

blp = ApiBlueprint("inbox", description="What waits for a manager.")


@blp.get(
    "/inbox",
    permission=Permission.REQUISITION_DECIDE,
    query=GetInbox,
    out=InboxOut,
    summary="Get the inbox",
    description="Submitted requisitions with today's price (null where a price is not known) and whether "
    "this person may decide on them, stocktakes to approve, draft orders to send, late deliveries, expired "
    "lots, open incidents, mail that did not go out, webhooks that are not reached. Up to 100 of each.",
)
def get_inbox(session: Session, actor: Actor, query: dict[str, Any]) -> Inbox:
    return inbox_of(session, actor, query["branch_id"])
