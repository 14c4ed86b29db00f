"""The words people read for the codes that the program keeps: roles, statuses, reasons, movement types."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from supply.domain.treatments.factors import WORDS as FACTOR_WORDS
from supply.i18n import Text, _, lazy

_WORDS: dict[str, dict[str, Text]] = {
    "Role": {
        "storeroom": lazy("Storeroom"),
        "therapist": lazy("Therapist"),
        "manager": lazy("Manager"),
        "admin": lazy("Admin"),
    },
    "Permission": {
        "stock:see": lazy("See stock, lots, visits and flags"),
        "delivery:log": lazy("Log and correct deliveries"),
        "waste:log": lazy("Write off waste"),
        "count:log": lazy("Count and adjust stock"),
        "transfer:log": lazy("Transfer and move stock"),
        "count:approve": lazy("Approve counts above the limit"),
        "container:handle": lazy("Brew, open and finish containers"),
        "label:print": lazy("Print labels"),
        "code:link": lazy("Link the codes of packages to items"),
        "visit:plan": lazy("Plan visits"),
        "visit:complete-own": lazy("Complete own treatment steps"),
        "visit:complete-any": lazy("Complete anybody's treatment steps"),
        "requisition:request": lazy("Raise and edit requisitions"),
        "requisition:decide": lazy("Approve or reject requisitions"),
        "catalog:manage": lazy("Change items, suppliers, recipes and policies"),
        "safety:consent": lazy("Record a guest's consent to a safety rule"),
        "safety:override": lazy("Override a safety block"),
        "tablet:manage": lazy("Enrol and revoke shared tablets"),
        "people:staff": lazy("Look after storeroom staff and therapists"),
        "people:manage": lazy("Look after all people"),
        "branch:manage": lazy("Change branches and settings"),
        "token:own": lazy("Manage own API tokens"),
        "audit:see": lazy("See the audit"),
        "variance:see": lazy("Compare use with the recipes"),
        "report:see": lazy("See costs and reports"),
        "webhook:manage": lazy("Look after webhooks"),
        "recall:decide": lazy("Recall lots everywhere, and lift a recall"),
        "import:run": lazy("Import from files what they may change by hand"),
    },
    "Event": {
        "movement.posted": lazy("Movement posted"),
        "flag.raised": lazy("Flag raised"),
        "order.approved": lazy("Order approved"),
        "lot.expiring": lazy("Lot expiring"),
        "visit.completed": lazy("Visit completed"),
    },
    "ImportKind": {
        "items": lazy("Items"),
        "suppliers": lazy("Suppliers"),
        "recipes": lazy("Recipes"),
        "opening-stock": lazy("Opening stock"),
        "past-usage": lazy("Past usage"),
    },
    "ImportState": {
        "read": lazy("columns to name"),
        "previewed": lazy("to look at"),
        "applied": lazy("applied"),
        "undone": lazy("taken back"),
    },
    "NoticeKind": {
        "late-supplier": lazy("Late suppliers"),
        "will-expire": lazy("Will expire before it is used"),
        "minimum-rots": lazy("The smallest order would spoil"),
        "dead-stock": lazy("Stands and is not used"),
        "changed-use": lazy("Use has changed"),
        "no-estimate": lazy("No use known yet"),
        "booked-inactive": lazy("Booked, but no longer used"),
    },
    "RoomType": {
        "single": lazy("Single"),
        "double": lazy("Double"),
        "triple": lazy("Triple"),
        "group": lazy("Group"),
    },
    "Category": {
        "essential-oil": lazy("Essential oil"),
        "herb": lazy("Herb"),
        "wood": lazy("Wood"),
        "peel": lazy("Peel"),
        "root": lazy("Root"),
        "refreshment": lazy("Refreshment"),
        "remedy": lazy("Remedy"),
        "consumable": lazy("Consumable"),
    },
    "Dimension": {"mass": lazy("Mass"), "volume": lazy("Volume"), "count": lazy("Pieces")},
    "MovementType": {
        "receipt": lazy("Receipt"),
        "usage": lazy("Usage"),
        "waste": lazy("Waste"),
        "adjustment": lazy("Adjustment"),
        "transfer-out": lazy("Transfer out"),
        "transfer-in": lazy("Transfer in"),
        "preparation-in": lazy("Brewed"),
        "preparation-out": lazy("Used for brewing"),
        "reversal": lazy("Reversal"),
    },
    "LotKind": {
        "supplier": lazy("Supplier's lot"),
        "prepared": lazy("Prepared batch"),
        "opening": lazy("Opening stock"),
    },
    "AdjustmentReason": {
        "opening": lazy("Opening stock"),
        "count": lazy("Count"),
        "found": lazy("Found"),
        "lost": lazy("Lost"),
        "entry-error": lazy("Entry error"),
        "unrecorded-use": lazy("Unrecorded use"),
        "delivery-correction": lazy("Correction of a delivery"),
    },
    "StocktakeKind": {"full": lazy("Everything"), "cycle": lazy("A part")},
    "StocktakeStatus": {
        "counting": lazy("Being counted"),
        "review": lazy("Differences to explain"),
        "submitted": lazy("Waiting for approval"),
        "posted": lazy("Posted"),
        "cancelled": lazy("Cancelled"),
    },
    "DifferenceReason": {
        "unrecorded-use": lazy("Unrecorded use"),
        "unrecorded-waste": lazy("Unrecorded waste"),
        "lost": lazy("Lost"),
        "found": lazy("Found"),
        "entry-error": lazy("Entry error"),
        "delivery-correction": lazy("Correction of a delivery"),
        "measuring": lazy("Measured differently"),
        "unknown": lazy("Nobody knows"),
    },
    "Holds": {"this": lazy("The one I write now"), "earlier": lazy("The earlier one")},
    "WasteReason": {
        "expired": lazy("Expired"),
        "damaged": lazy("Damaged"),
        "spilled": lazy("Spilled"),
        "contaminated": lazy("Contaminated"),
        "tester": lazy("Used as a tester"),
        "other": lazy("Other"),
    },
    "TransferStatus": {
        "requested": lazy("Asked for"),
        "dispatched": lazy("On the way"),
        "received": lazy("Received"),
        "cancelled": lazy("Cancelled"),
    },
    "BrokenReason": {
        "damaged": lazy("Damaged"),
        "spilled": lazy("Spilled"),
        "contaminated": lazy("Contaminated"),
        "expired": lazy("Expired"),
        "other": lazy("Other"),
    },
    "MissingReason": {"lost": lazy("Lost"), "not-packed": lazy("Not packed")},
    "FinishReason": {
        "empty": lazy("Empty"),
        "expired": lazy("Expired"),
        "damaged": lazy("Damaged"),
        "spilled": lazy("Spilled"),
        "contaminated": lazy("Contaminated"),
        "other": lazy("Other"),
    },
    "CheckKind": {"weighed": lazy("Weighed"), "emptied": lazy("Finished as empty")},
    "By": {
        "item": lazy("By item"),
        "step": lazy("By step"),
        "therapist": lazy("By therapist"),
        "procedure": lazy("By treatment"),
        "branch": lazy("By branch"),
    },
    "Verdict": {
        "more": lazy("more than the recipe"),
        "less": lazy("less than the recipe"),
        "noise": lazy("within chance"),
        "too-few": lazy("too few to say"),
    },
    "Apart": {
        "shortfall": lazy("Steps with a shortfall"),
        "incident": lazy("Steps with an incident"),
        "unplanned": lazy("Steps with something that the recipe lacks"),
    },
    "ContainerState": {
        "in-use": lazy("In use"),
        "expired": lazy("expired"),
        "quarantined": lazy("quarantined"),
        "finished": lazy("Finished"),
    },
    "VisitStatus": {
        "planned": lazy("Planned"),
        "running": lazy("Running"),
        "finished": lazy("Finished"),
        "broken-off": lazy("Broken off"),
        "cancelled": lazy("Cancelled"),
    },
    "StepStatus": {
        "planned": lazy("Planned"),
        "started": lazy("Started"),
        "completed": lazy("Completed"),
        "skipped": lazy("Skipped"),
    },
    "SkipReason": {
        "client-wish": lazy("Client's wish"),
        "health": lazy("Health"),
        "time": lazy("No time"),
        "no-supply": lazy("Supplies missing"),
        "equipment": lazy("Equipment"),
        "broken-off": lazy("Visit broken off"),
    },
    "RequisitionStatus": {
        "draft": lazy("Draft"),
        "submitted": lazy("Waiting for approval"),
        "approved": lazy("Approved"),
        "rejected": lazy("Rejected"),
        "withdrawn": lazy("Withdrawn"),
    },
    "OrderStatus": {
        "draft": lazy("To be sent"),
        "ordered": lazy("Ordered"),
        "partly-received": lazy("Partly received"),
        "received": lazy("Received"),
        "closed": lazy("Closed"),
        "cancelled": lazy("Cancelled"),
    },
    "Deviation": {
        "more-to-come": lazy("Less: more to come"),
        "sold-out": lazy("Less: the supplier has no more"),
        "discontinued": lazy("Less: no longer sold"),
        "refused": lazy("Less: sent back, not good"),
        "not-needed": lazy("Less: not needed any more"),
        "whole-packs": lazy("More: only whole packs"),
        "agreed": lazy("More: agreed with us"),
        "gift": lazy("More: a gift"),
        "sent-too-much": lazy("More: sent by mistake, kept"),
    },
    "EntryKind": {
        "event": lazy("More or less is used"),
        "closed": lazy("We are closed"),
        "suppliers-closed": lazy("No supplier comes"),
    },
    "SentBy": {"mail": lazy("by email"), "print": lazy("on paper"), "phone": lazy("by phone")},
    "TaskKind": {"count": lazy("Count"), "incident": lazy("Incident")},
    "Scale": {
        "client": lazy("per client"),
        "tub": lazy("per tub"),
        "room": lazy("per room"),
        "water": lazy("per kg of water"),
    },
    "PackageAction": {
        "add": lazy("adds"),
        "remove": lazy("leaves out"),
        "set": lazy("takes another amount"),
    },
    "Factor": {code: text for code, text in FACTOR_WORDS.items()},
    "Effect": {
        "warn": lazy("Warning"),
        "substitute": lazy("To be replaced"),
        "consent": lazy("Consent needed"),
        "block": lazy("Not allowed"),
    },
}


def factor_words(codes: Iterable[str]) -> str:
    """What about a guest changes the amounts; a code of an older version shows itself."""
    return ", ".join(str(FACTOR_WORDS.get(code, code)) for code in codes)


def guests_told(guests: Iterable[Any]) -> str:
    """The guests of whom there is something to tell, each with what it is."""
    told = [(guest.position, factor_words(guest.factors)) for guest in guests if guest.factors]
    return " · ".join(_("guest %(number)s: %(facts)s", number=number, facts=facts) for number, facts in told)


def word(code: StrEnum | None) -> str:
    """A code in the reader's language; a code without words of its own shows itself."""
    if code is None:
        return "–"
    known = _WORDS.get(type(code).__name__, {}).get(code.value)
    return str(known) if known is not None else code.value.replace("-", " ")


# Sources that come with the starter catalogue; any other is the spa's own text.
_SOURCES: dict[str, Text] = {
    "Starter catalogue": lazy("Starter catalogue"),
    "What the guest says": lazy("What the guest says"),
}


def source_words(source: str) -> str:
    """Where a rule comes from, in the reader's language where we shipped it."""
    return str(_SOURCES.get(source, source))
