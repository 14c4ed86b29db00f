"""What comes in and goes out about people and tokens."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, post_load, validate, validates_schema
from marshmallow.fields import Enum, Integer, List, Nested, String

from supply.domain.people.passwords import NewPassword, NewPin
from supply.fields import BaseSchema, Id, Moment, OutSchema, Text, Tick, some
from supply.i18n import lazy
from supply.permissions import Permission, Role

_LANGUAGES = validate.OneOf(["vi", "en"])


class GrantIn(BaseSchema):
    """A role in a branch. An admin's branch may be null: every branch."""

    role = Enum(Role, by_value=True, required=True)
    branch_id = Id(load_default=None, allow_none=True)


class _WithNewPassword(BaseSchema):
    """Loads its password hashed, since what a request brings is loaded before anything is locked for it."""

    password = String(required=True, load_only=True, validate=validate.Length(min=10, max=200))

    @post_load
    def _hash(self, data: dict[str, Any], **_told: Any) -> dict[str, Any]:
        return {**data, "password": NewPassword.of(data["password"])}


class CreatePerson(_WithNewPassword):
    login = Text(required=True, max_length=80, validate=validate.Regexp(r"^[A-Za-z0-9][A-Za-z0-9._@-]*$"))
    name = Text(required=True, max_length=120)
    language = String(load_default="vi", validate=_LANGUAGES)
    grants = List(
        Nested(GrantIn), required=True, validate=some(50, lazy("Give at least one role in a branch."))
    )


class UpdatePerson(BaseSchema):
    """Only what is given changes."""

    name = Text(max_length=120)
    language = String(validate=_LANGUAGES)
    active = Tick()
    grants = List(Nested(GrantIn), validate=some(50, lazy("Give at least one role in a branch.")))


class ResetPassword(_WithNewPassword):
    """The person types it once and then chooses their own."""


class ChangePassword(_WithNewPassword):
    current_password = String(required=True, load_only=True, validate=validate.Length(min=1, max=200))
    revoke_tokens = Tick(load_default=False)


class Pin(String):
    """The digits of a PIN, as they are typed."""

    def __init__(self, **kwargs: Any) -> None:
        words: Any = lazy("A PIN has four to six digits.")
        check = validate.Regexp(r"^[0-9]{4,6}$", error=words)
        super().__init__(required=True, load_only=True, validate=check, **kwargs)


class _WithNewPin(BaseSchema):
    """Loads its PIN hashed, for the same reason."""

    pin = Pin()

    @post_load
    def _hash(self, data: dict[str, Any], **_told: Any) -> dict[str, Any]:
        return {**data, "pin": NewPin.of(data["pin"])}


class ResetPin(_WithNewPin):
    """The person is told it and then chooses their own."""


class SetPin(_WithNewPin):
    current_password = String(required=True, load_only=True, validate=validate.Length(min=1, max=200))


class TabletOut(OutSchema):
    """A shared tablet. Its secret is in its cookie alone."""

    id = Id()
    branch_id = Id()
    name = String()
    created_at = Moment()
    seen_at = Moment(
        allow_none=True, metadata={"description": "When somebody last signed in at it; null: nobody yet."}
    )


class ClearDemo(_WithNewPassword):
    confirmation = Text(required=True, max_length=20)
    current_password = String(required=True, load_only=True, validate=validate.Length(min=1, max=200))

    @validates_schema
    def _meant_and_made_safe(self, data: dict[str, Any], **_told: Any) -> None:
        if str(data.get("confirmation", "")).casefold() != "demo":
            raise ValidationError(str(lazy("Type the word that is asked for.")), "confirmation")
        if data.get("password") == data.get("current_password"):
            raise ValidationError(str(lazy("Take another password than the present one.")), "password")


class GrantOut(OutSchema):
    role = Enum(Role, by_value=True)
    branch_id = Id(allow_none=True)


class PersonOut(OutSchema):
    id = Id()
    login = String()
    name = String()
    language = String()
    active = Tick()
    has_pin = Tick(metadata={"description": "Whether they can sign in at the branch's shared tablets."})
    grants = List(Nested(GrantOut))
    version = Integer()
    created_at = Moment()


class CreateToken(BaseSchema):
    name = Text(required=True, max_length=80)
    scopes = List(
        String(validate=validate.OneOf([permission.value for permission in Permission])),
        required=True,
        validate=some(len(Permission), lazy("Choose at least one right.")),
    )
    expires_at = Moment(load_default=None, allow_none=True)


class TokenOut(OutSchema):
    """A token without its secret."""

    id = Id()
    name = String()
    prefix = String()
    scopes = List(String())
    created_at = Moment()
    expires_at = Moment(allow_none=True)
    seen_at = Moment(allow_none=True)
    revoked_at = Moment(allow_none=True)
    made_with_id = Id(
        allow_none=True,
        metadata={
            "description": "The token that it was made with, and ends with; null where a person made it."
        },
    )


class NewTokenOut(OutSchema):
    """A token just made; `secret` is shown this once and never again."""

    token = Nested(TokenOut)
    secret = String(allow_none=True)
