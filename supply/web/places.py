"""The pages that are found by name, beside those of the navigation: lists below others, forms to begin."""

from __future__ import annotations

from flask import current_app, url_for

from supply.domain.catalog.search import search_key
from supply.i18n import LOCALES, Text, lazy, speaking
from supply.web.gate import allowed
from supply.web.pages import Pages
from supply.web.session import viewer

MOST = 8
_BELOW: tuple[tuple[str, Text], ...] = (
    ("receiving.new_delivery", lazy("Log a delivery")),
    ("stock.list_expiring", lazy("What expires")),
    ("recalls.list_recalls", lazy("Recalls")),
    ("orders.list_orders", lazy("Purchase orders")),
    ("plan.list_notices", lazy("Worth a look")),
    ("inbox.show_rules", lazy("Rules of buying")),
    ("readiness.show_readiness", lazy("Ready for the day")),
    ("visit_plans.new_visit", lazy("Plan a visit")),
    ("preparations.list_batches", lazy("Batches")),
    ("brew_recipes.list_recipes", lazy("Brew recipes")),
    ("stocktakes.list_stocktakes", lazy("Stocktakes")),
    ("adjustments.list_adjustments", lazy("Adjustments")),
    ("adjustments.new_opening", lazy("Opening stock")),
    ("waste.choose_item", lazy("Write off waste")),
    ("catalog.new_item", lazy("New item")),
    ("conditions.list_conditions", lazy("Conditions")),
    ("contraindications.list_rules", lazy("Safety rules")),
    ("reports.show_costs", lazy("Costs")),
    ("reports.show_stock_value", lazy("Value of the stock")),
    ("reports.show_use", lazy("Use by item")),
    ("reports.show_shrinkage", lazy("Shrinkage")),
    ("tokens.list_tokens", lazy("API tokens")),
    ("account.show_account", lazy("My account")),
)


def find_places(text: str) -> list[tuple[str, str]]:
    """(label, address) of pages whose name holds all the words, in either language, where one may go."""
    words = search_key(text).split()
    found = [(str(label), endpoint) for endpoint, label in _open_to() if words and _named(label, words)]
    return [(label, url_for(endpoint)) for label, endpoint in found[:MOST]]


def _open_to() -> list[tuple[str, Text]]:
    person = viewer()
    if person is None:
        return []
    pages = [one for one in current_app.blueprints.values() if isinstance(one, Pages)]
    entries = sorted((entry for one in pages for entry in one.entries), key=lambda entry: entry.order)
    listed = [(entry.endpoint, entry.label) for entry in entries if allowed(person.actor, entry.permission)]
    below = [
        (endpoint, label)
        for endpoint, label in _BELOW
        if allowed(person.actor, vars(current_app.view_functions[endpoint])["permission"])
    ]
    return listed + below


def _named(label: Text, words: list[str]) -> bool:
    """Whether a page is called so in one of the languages."""
    for locale in LOCALES:
        with speaking(locale):
            told = search_key(str(label))
        if all(word in told for word in words):
            return True
    return False
