"""What the body of an answer holds: its elements, its errors, or nothing that was promised."""

from __future__ import annotations

import json
import re
import time
from io import BytesIO
from typing import Any, Optional, Union

import orjson
import requests

from perfectgym_source.retrying import Again

NOT_JSON = Again("the answer is not the promised JSON")
BAD_UTF8 = Again("the answer is not valid UTF-8")

READ_BYTES = 1 << 17

_DIGITS_ARE_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_MANY_DIGITS = b"0" * 19
_BEYOND_64_BITS = re.compile(rb"(?:\A|[:\[,])\s*(-[0-9]{19}|[0-9]{20})")


def read_body(response: requests.Response, most: int, seconds: float) -> Optional[bytes]:
    """The unpacked body of a streamed response.

    Args:
        response: The response; of its body nothing has been read.
        most: How many bytes are read at most.
        seconds: How long it may take. The read timeout does not limit that: it begins anew with
            every byte.

    Returns:
        The body, or None if it is longer.

    Raises:
        requests.ReadTimeout: It takes longer.
        urllib3.exceptions.HTTPError: It breaks off, or cannot be unpacked.
    """
    body = BytesIO()
    end = time.monotonic() + seconds
    # `read1` gives what has arrived, where `read` would wait until so many bytes are there.
    while part := response.raw.read1(READ_BYTES, decode_content=True):
        body.write(part)
        if body.tell() > most:
            return None
        if time.monotonic() > end:
            raise requests.ReadTimeout
    return body.getvalue()


def parse(content: bytes) -> Any:
    """The value of a body, or an `Again`. orjson is fast and strict; `json` takes the rest.

    That is NaN (becomes None), a byte order mark, lone surrogates (become a question mark), and
    integers beyond 64 bits, of which orjson would make floats.
    """
    # The regular expression is the exact question, and slow; few answers have so many digits.
    has_many = _MANY_DIGITS in content.translate(_DIGITS_ARE_ZEROS)
    if not (has_many and _BEYOND_64_BITS.search(content)):
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
    """The elements of a parsed body; a bare object in their place is a list of one.

    An empty object is neither that nor an empty list.
    """
    if isinstance(body, Again):
        return body
    elements = body.get("elements") if isinstance(body, dict) else None
    if isinstance(elements, dict) and elements:
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
