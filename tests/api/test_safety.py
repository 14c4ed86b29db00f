"""Safety over the API: what stands against a step, and what a program may do about it."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from tests.api.calling import Caller
from tests.cast import Cast
from tests.treatments import differences, open_spa, plan


def test_a_step_is_settled_over_the_api(app: Flask, client: FlaskClient, cast: Cast) -> None:
    items = open_spa(cast)
    visit = f"/visits/{plan(cast, guests=[['allergy:ginger'], []]).visit.id}"
    therapist, manager = Caller(client, cast.therapist), Caller(client, cast.manager)
    told = {"guest_position": 2, "conditions": ["pregnancy"]}
    once = {"Idempotency_Key": "disclosed-once-0001"}
    versions = [therapist.done("POST", f"{visit}/disclosures", told, **once)["version"] for _ in range(2)]
    assert versions == [2, 2]
    refused = therapist.send("POST", f"{visit}/steps/4/completion", {})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "safety_block")
    found = refused.get_json()["findings"]
    assert {(one["condition"], one["effect"]) for one in found} >= {
        ("allergy:ginger", "substitute"), ("pregnancy", "block"), ("pregnancy", "consent"),
    }  # fmt: skip
    asked = next(one for one in found if one["effect"] == "consent" and not one["lines"])
    consent = {"guest_position": 2, "rule_id": asked["rule_id"], "rule_version": asked["rule_version"]}
    seen = therapist.done("POST", f"{visit}/consents", consent)
    assert [(one["kind"], one["guest_position"]) for one in seen["safety_records"]] == [("consent", 2)]
    bath = next(step for step in seen["steps"] if step["position"] == 3)
    wormwood = next(line for line in bath["lines"] if line["replaces"])
    assert wormwood["replaces"]["because"] == "pregnancy"
    offers = therapist.get(f"{visit}/steps/4/substitutes")["data"]
    assert [line["item"]["code"] for line in offers][:1] == ["ginger"]
    nothing = {"item_id": None}
    assert therapist.send("POST", f"{visit}/steps/4/lines/1/substitution", nothing).status_code == 201
    why = {"reason": "Her doctor agreed in writing."}
    assert manager.send("POST", f"{visit}/steps/4/override", why).status_code == 428
    assert therapist.send("POST", f"{visit}/steps/4/override", why, If_Match='"4"').status_code == 403
    assert manager.send("POST", f"{visit}/steps/4/override", why, If_Match='"1"').status_code == 412
    manager.done("POST", f"{visit}/steps/4/override", why, If_Match='"4"')
    assert therapist.send("POST", f"{visit}/steps/4/completion", {}).status_code == 201
    # By hand after all: it is asked again, and recorded only where somebody says so.
    used = {"item_id": str(items["ginger"]), "amount": "5", "unit": "g", "guest_position": 1}
    assert therapist.send("POST", f"{visit}/steps/1/completion", {"lines": [used]}).status_code == 409
    happened = {"lines": [used], "record_as_incident": True}
    done = therapist.done("POST", f"{visit}/steps/1/completion", happened)
    record = manager.get(visit)["safety_records"][-1]
    assert (record["kind"], record["completion_id"]) == ("incident", done["id"])
    assert differences() == []
    _ladders(client, cast, visit, told, consent, nothing)


def _ladders(client: FlaskClient, cast: Cast, visit: str, *bodies: Any) -> None:
    """Who has no such right is told so; who belongs elsewhere sees no such visit."""
    paths = ("disclosures", "consents", "steps/3/lines/1/substitution")
    for actor, status in ((cast.storekeeper, 403), (cast.outsider, 404)):
        caller = Caller(client, actor)
        for path, body in zip(paths, bodies, strict=True):
            assert caller.send("POST", f"{visit}/{path}", body).status_code == status, (actor.name, path)
    outsider = Caller(client, cast.outsider)
    why = {"reason": "None of my business."}
    assert outsider.send("POST", f"{visit}/steps/3/override", why, If_Match='"9"').status_code == 404
    assert outsider.send("GET", f"{visit}/steps/3/substitutes").status_code == 404
