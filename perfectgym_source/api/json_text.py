"""JSON text to values: as strict as JSON where it can be, and lenient where the API is not."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import msgspec

from ..catalog.coerce import integer_of, number_of
from ..errors import ApiError

logger = logging.getLogger(__name__)

_DECODER = msgspec.json.Decoder(float_hook=number_of)
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|(?P<half>u[dD][89a-fA-F]\w\w)|.)", re.DOTALL
)


class NotJson(ApiError):
    """A text of the API that is no JSON, or is nested too deeply."""


class BadUtf8(ApiError):
    """A text of the API that is not valid UTF-8."""


def parse_json(content: bytes) -> Any:
    """Return the value of a JSON text. Numbers keep all their digits.

    msgspec is fast and strict; `json` takes the rest: NaN (becomes text), a byte order mark,
    UTF-16, lone surrogates (become a question mark), and integers of thousands of digits.

    Raises:
        NotJson: It is no JSON.
        BadUtf8: It is not valid UTF-8.
    """
    try:
        return _DECODER.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        text = _ESCAPE.sub(_without_half, content.decode(json.detect_encoding(content)))
        return json.loads(text, parse_float=number_of, parse_int=integer_of, parse_constant=str)
    except UnicodeDecodeError:
        raise BadUtf8("The response is not valid UTF-8") from None
    except (ValueError, RecursionError):
        raise NotJson("The response is not the promised JSON") from None


def with_valid_utf8(content: bytes) -> bytes:
    """Return a text with a replacement character in place of bytes that are not UTF-8."""
    return content.decode("utf-8", "replace").encode()


def parsed(value: Any) -> Any:
    """Return a value of a row; one that the row parser left as text (bytes) is parsed.

    Raises:
        NotJson: msgspec, which skipped it, took for JSON what is none.
    """
    if type(value) is not bytes:
        return value
    try:
        return parse_json(value)
    except BadUtf8:
        logger.warning("Invalid UTF-8 is replaced in what is embedded in a row.")
        return parse_json(with_valid_utf8(value))


def _without_half(escape: re.Match[str]) -> str:
    """Return an escape of JSON, or a question mark in place of half a character."""
    return "?" if escape.group("half") else escape.group()
