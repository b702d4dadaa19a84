"""The error envelopes of the API: the entries that they hold, as far as they may be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MOST_ERRORS = 10
"""So many entries of an error envelope are kept."""

MOST_LETTERS = 300
"""So many letters of each text in an entry are kept."""

MOST_SCANNED = 10 * MOST_LETTERS

_SHORTEST_HIDDEN = 4
"""Letters; a shorter secret is hidden where it stands as a word."""

_CODE = re.compile(r"[A-Za-z0-9_:-]{1,100}")
_ENTRY = {"code", "property", "message"}


def holds_errors(body: Any) -> bool:
    """Return whether a parsed body says that something went wrong, even beside rows."""
    fields = _lowered(body) if isinstance(body, dict) else {}
    return bool(fields.get("errors") or fields.get("error"))


def is_error(last: list[Any]) -> bool:
    """Return whether an error stands in place of the last row: the API failed while it sent rows.

    Args:
        last: The last row, if there is one.
    """
    return any(isinstance(row, dict) and len(row) == 1 and holds_errors(row) for row in last)


def errors_of(body: Any, hidden: Iterable[str] = ()) -> list[dict[str, str]]:
    """Return the entries of the error envelope in a parsed body: `code`, `property`, `message`.

    The documented envelope is `{"errors": [{"code", "property", "message"}]}`. ASP.NET and its
    sign-in have others: `Message`, `ModelState`, `error` with `error_description`; names in any
    case. Only these fields are kept, and not at any length: the rest may be personal data.

    Args:
        body: The parsed body.
        hidden: Texts to be replaced by `***`.
    """
    if not isinstance(body, dict):
        return []
    fields = _lowered(body)
    found = list(_entries(fields.get("errors")))
    error, why = fields.get("error"), fields.get("error_description")
    if isinstance(error, dict):
        found += _entries(error)
    elif isinstance(error, str) and _CODE.fullmatch(error):
        found.append({"code": error, "message": why})
    else:
        found += [{"message": error}, {"message": why}]
    found.append({"message": fields.get("message")})
    found += _properties(fields.get("modelstate"))
    entries = [
        {key: text for key, value in entry.items() if (text := _words(value, hidden))}
        for entry in found[:MOST_ERRORS]
    ]
    return [entry for entry in entries if entry]


def _entries(errors: Any) -> Iterator[dict[str, Any]]:
    """Yield the entries of `errors`: of a list, of a single one, or of the names of properties."""
    if isinstance(errors, dict) and not _ENTRY.intersection(_lowered(errors)):
        yield from _properties(errors)
        return
    for entry in errors if isinstance(errors, list) else [errors]:
        fields = _lowered(entry) if isinstance(entry, dict) else {"message": entry}
        yield {key: fields.get(key) for key in ("code", "property", "message")}


def _properties(state: Any) -> Iterator[dict[str, Any]]:
    """Yield the entries of an object with the messages about each property, as `ModelState`."""
    for name, texts in state.items() if isinstance(state, dict) else ():
        for text in texts if isinstance(texts, list) else [texts]:
            yield {"property": name, "message": text}


def _lowered(fields: Mapping[str, Any]) -> dict[str, Any]:
    lowered: dict[str, Any] = {}
    for name, value in fields.items():
        if not lowered.get(name.lower()):
            lowered[name.lower()] = value
    return lowered


def _words(value: Any, hidden: Iterable[str]) -> str:
    """Return a text of the API on one line, with nothing that could steer a terminal."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    text = str(value)
    for secret in sorted(hidden, key=len, reverse=True):
        pattern = re.escape(secret)
        if len(secret) < _SHORTEST_HIDDEN:  # it would be found in most words
            pattern = rf"(?<!\w){pattern}(?!\w)"
        text = re.sub(pattern, "***", text, flags=re.IGNORECASE)
    # Cut last: a part of what is hidden would not be found.
    plain = "".join(letter if letter.isprintable() else " " for letter in text[:MOST_SCANNED])
    return " ".join(plain.split())[:MOST_LETTERS]
