"""Reading requests: which endpoint, which parameters, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .endpoints import ENDPOINTS, TRAPS, Endpoint, Param

_LONG = re.compile(r"[+-]?\d{1,19}\Z")
_LARGEST_LONG = 2**63 - 1
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,7})?)?)?\Z")


class BadRequest(Exception):
    """A request that the API answers with 400 and an errors envelope.

    Attributes:
        code, property, message: the one error of the envelope.
    """

    def __init__(self, code: str, property: str | None, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.property = property
        self.message = message


def _by_path() -> dict[str, list[Endpoint]]:
    paths: dict[str, list[Endpoint]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path.lower(), []).append(endpoint)
    for endpoints in paths.values():
        endpoints.sort(key=lambda endpoint: not endpoint.when)
    return paths


_PATHS = _by_path()
_TRAPS = {trap.lower(): trap for trap in TRAPS}
_NAMES = {
    param.name.lower(): param.name
    for endpoint in ENDPOINTS
    for param in (*endpoint.required, *endpoint.optional)
}
_IN_PATH = tuple(
    (f"{endpoint.path.lower()}/", endpoint) for endpoint in ENDPOINTS if endpoint.path_params
)


def trap(path: str) -> str | None:
    """The documented spelling of a path that must never be called, if this is one."""
    return _TRAPS.get(path.lower())


def documented(params: Mapping[str, str]) -> dict[str, str]:
    """Parameters in their documented spelling: the API does not mind the case."""
    return {_NAMES.get(name.lower(), name): value for name, value in params.items()}


def match(path: str, params: dict[str, str]) -> Endpoint | None:
    """The endpoint that a path and its parameters mean; None if there is none.

    Parameters of the older form, behind the path, are added to `params`.
    """
    lower = path.lower()
    endpoints = _PATHS.get(lower)
    if endpoints is None:
        for start, endpoint in _IN_PATH:
            values = lower.removeprefix(start).split("/")
            if lower.startswith(start) and len(values) <= len(endpoint.path_params):
                params.update(zip(endpoint.path_params, values, strict=False))
                return endpoint
        return None
    for endpoint in endpoints:
        if not endpoint.when or any(params.get(name) for name in endpoint.when):
            return endpoint
    return endpoints[-1]


def convert(
    endpoint: Endpoint, params: Mapping[str, str], own_id: int | None, user_mode: bool
) -> dict[str, Any]:
    """The parameters of a request as values; an empty one counts as left out.

    Args:
        endpoint: what is asked.
        params: the parameters in their documented spelling.
        own_id: the signed-in member, in user mode.
        user_mode: whether `userId` is bound to that member, where the endpoint says so.

    Raises:
        BadRequest: a required parameter is missing, or a value is malformed.
        PermissionError: in user mode, the `userId` of somebody else.
    """
    values: dict[str, Any] = {}
    for param in (*endpoint.required, *endpoint.optional):
        text = params.get(param.name, "")
        if text:
            values[param.name] = _value(param, text)
    if user_mode and endpoint.own:
        if values.get("userId", own_id) != own_id:
            raise PermissionError("The user may only read his own data.")
        values["userId"] = own_id
    for param in endpoint.required:
        if param.name not in values:
            raise BadRequest("Required", param.name, f"The parameter '{param.name}' is required.")
    return values


def _value(param: Param, text: str) -> Any:
    text = text.strip()
    if param.kind == "text":
        return text
    if param.kind == "bool":
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
    elif param.kind in ("datetime", "when") and _MOMENT.match(text):
        try:
            return datetime.fromisoformat(text[:19]).isoformat()
        except ValueError:
            pass
    elif param.kind != "datetime" and _LONG.match(text) and abs(int(text)) <= _LARGEST_LONG:
        number = int(text)
        if param.kind != "page" or number >= 1:
            return number
    raise BadRequest(
        "InvalidValue", param.name, f"The value '{text}' is not valid for {param.name}."
    )
