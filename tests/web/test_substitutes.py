"""The page of an item's substitutes: managers' own, nothing typed is lost, the item's page lists them."""

from __future__ import annotations

from flask import Flask
from sqlalchemy.orm import Session

from tests.cast import Cast
from tests.client import OneLookClient
from tests.shelves import add_item
from tests.web.browsing import let_in, send, sign_in


def test_a_manager_names_substitutes(app: Flask, client: OneLookClient, session: Session, cast: Cast) -> None:
    wormwood, perilla = add_item(session, "wormwood"), add_item(session, "perilla")
    session.commit()
    page = f"/items/{wormwood}/substitutes"
    assert let_in(app, cast, [page, f"/items/{wormwood}/edit"]) == {
        page: {"manager"},
        f"/items/{wormwood}/edit": {"manager"},
    }
    sign_in(client, cast.manager)
    name = "substitutes-0-"
    typed = {
        f"{name}substitute_id": str(perilla),
        f"{name}amount": "1,5",
        f"{name}unit": "g",
        f"{name}for_amount": "2",
        f"{name}for_unit": "g",
        f"{name}note": "milder scent",
    }
    refused = send(client, page, page, **(typed | {f"{name}unit": "ml"}))
    assert refused.status_code == 422
    assert 'value="milder scent"' in refused.text
    saved = send(client, page, page, **typed)
    assert saved.status_code == 303
    told = client.get(saved.headers["Location"]).text
    assert "1.5\u00a0g stand in for 2\u00a0g · milder scent" in told
    assert 'value="1.5"' in client.get(page).text
