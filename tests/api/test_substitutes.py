"""Substitutes over the API: read by who sees stock, set by managers, under the item's version."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests.api.calling import Caller
from tests.cast import Cast
from tests.client import OneLookClient
from tests.shelves import add_item


def test_substitutes_are_set_whole_by_managers(client: OneLookClient, session: Session, cast: Cast) -> None:
    wormwood, perilla = add_item(session, "wormwood"), add_item(session, "perilla")
    session.commit()
    manager, therapist = Caller(client, cast.manager), Caller(client, cast.therapist)
    path = f"/items/{wormwood}/substitutes"
    row = {"substitute_id": str(perilla), "amount": "3", "unit": "g", "for_amount": "2", "for_unit": "g"}
    body = {"substitutes": [row]}
    assert therapist.send("PUT", path, body, If_Match='"1"').status_code == 403
    first = manager.send("PUT", path, body, If_Match='"1"', Idempotency_Key="once-and-once")
    again = manager.send("PUT", path, body, If_Match='"1"', Idempotency_Key="once-and-once")
    assert (first.status_code, first.headers["ETag"], again.get_json()) == (200, '"2"', first.get_json())
    assert manager.send("PUT", path, body, If_Match='"1"').status_code == 412
    assert manager.send("PUT", path, body).status_code == 428
    bad = {"substitutes": [row | {"substitute_id": str(wormwood)}]}
    refused = manager.send("PUT", path, bad, If_Match='"2"')
    assert refused.status_code == 422
    assert list(refused.get_json()["errors"]) == ["substitutes.0.substitute_id"]
    assert therapist.get(path) == {
        "item_id": str(wormwood),
        "item_code": "wormwood",
        "version": 2,
        "substitutes": [
            {
                "position": 1,
                "substitute_id": str(perilla),
                "substitute_code": "perilla",
                "quantity": {"amount": "3", "unit": "g"},
                "stands_in_for": {"amount": "2", "unit": "g"},
                "note": None,
                "assumed": False,
            }
        ],
    }
