"""The answer of the token endpoint of v1, and how long its tokens hold."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from .accounts import SignInRefused
from .records import RecordedRequest
from .replies import Reply, json_reply

if TYPE_CHECKING:
    from .service import Service

NINETY_DAYS = 7_775_999
"""The life of a token, in seconds, in the vendor's sample."""

_FORM = "application/x-www-form-urlencoded"


class Absent(Enum):
    """The value that leaves `expires_in` out of the token answer."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
"""Set as `expires_in`: the token answer does not carry the field."""


def sign_in(
    service: Service,
    content_type: str,
    form: dict[str, str],
    password: str,
    record: RecordedRequest,
) -> Reply:
    """The answer to a sign-in, with a new token if the credentials are right."""
    if not content_type.lower().startswith(_FORM) or form.get("grant_type") != "password":
        return json_reply(400, {"error": "unsupported_grant_type"})
    try:
        token, account = service.accounts.sign_in(
            form.get("username", ""), password, _lifetime(service), service.single_session
        )
    except SignInRefused as refused:
        return json_reply(400, {"error": "invalid_grant", "error_description": str(refused)})
    record.mode, record.authorized = account.mode, True
    answer: dict[str, Any] = {"access_token": token, "token_type": "bearer"}
    if not isinstance(service.expires_in, Absent):
        answer["expires_in"] = service.expires_in
    return json_reply(200, answer)


def _lifetime(service: Service) -> float:
    if service.token_lifetime is not None:
        return service.token_lifetime
    if isinstance(service.expires_in, (int, float)) and service.expires_in > 0:
        return service.expires_in
    return NINETY_DAYS
