"""What the body of an answer holds: its elements, its errors, or nothing that was promised."""

from __future__ import annotations

import json
import re
from typing import Any, Union

import orjson

from perfectgym_source.retrying import Again

NOT_JSON = Again("the answer is not the promised JSON")
BAD_UTF8 = Again("the answer is not valid UTF-8")

_BEYOND_64_BITS = re.compile(rb"[:\[,]\s*(-[0-9]{19}|[0-9]{20})")


def parse(content: bytes) -> Any:
    """The value of a body, or an `Again`. orjson is fast and strict; `json` takes the rest.

    That is NaN (becomes None), a byte order mark, lone surrogates (become a question mark), and
    integers beyond 64 bits, of which orjson would make floats.
    """
    if not _BEYOND_64_BITS.search(content):
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError:
            pass
    try:
        value = json.loads(content.decode("utf-8-sig"), parse_constant=lambda _: None)
        return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except UnicodeDecodeError:
        return BAD_UTF8
    except (ValueError, RecursionError):
        return NOT_JSON


def elements_of(body: Any) -> Union[list[Any], Again]:
    """The elements of a parsed body; a bare object in their place is a list of one."""
    if isinstance(body, Again):
        return body
    elements = body.get("elements") if isinstance(body, dict) else None
    if isinstance(elements, dict):
        return [elements]
    return elements if isinstance(elements, list) else NOT_JSON


def errors_of(body: Any) -> list[dict[str, str]]:
    """The entries of the errors envelope in a parsed body, if there are any.

    Only the documented fields are kept, and not at any length: the rest may be personal data.
    """
    errors = body.get("errors") if isinstance(body, dict) else None
    entries = errors if isinstance(errors, list) else [errors]
    return [
        {key: str(entry[key])[:300] for key in ("code", "property", "message") if entry.get(key)}
        for entry in entries[:10]
        if isinstance(entry, dict)
    ]
