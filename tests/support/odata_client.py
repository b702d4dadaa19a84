"""A small client of API v2.2 that reads whole sets, by next link and by version, as facts say.

It shares nothing with the sandbox but its address and keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from perfectgym_source.sandbox import Sandbox

_FOLDER = Path(__file__).parents[1] / "facts"
SETS: dict[str, dict[str, Any]] = {
    fact["set"]: fact for fact in json.loads((_FOLDER / "v22_entity_sets.json").read_text("utf-8"))
}
TYPES: dict[str, dict[str, dict[str, Any]]] = json.loads(
    (_FOLDER / "v22_types.json").read_text("utf-8")
)

NESTED = {
    "taxRates": "tax",
    "currentAdminFee": "taxes",
    "currentJoiningFee": "taxes",
    "currentMembershipFee": "taxes",
}
"""Links of links that lead to what no set has: to taxes."""
BY_ID = {"Instructors": "employee"}
"""Links of sets to another set, of which no property holds the id."""


def links_of(name: str) -> list[str]:
    """The links of a set without which its content is found nowhere, as `Sets.truth` takes them."""
    found = [*SETS[name]["expand_needed"], *SETS[name].get("expand_no_own_set", ())]
    return [f"{link}/{NESTED[link]}" if link in NESTED else link for link in found]


class ODataClient:
    """A session with the keys of a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.root = f"{sandbox.base_url}/v2.2/odata"
        self.session = requests.Session()
        self.session.headers["X-Client-Id"] = sandbox.client.client_id
        self.session.headers["X-Client-Secret"] = sandbox.client.client_secret

    def get(self, path: str, **options: Any) -> requests.Response:
        """The answer to a request with options that are written without their `$`."""
        query = {f"${name}": str(value) for name, value in options.items()}
        return self.session.get(
            f"{self.root}/{path}", params=query, timeout=10, allow_redirects=False
        )

    def page(self, path: str, **options: Any) -> dict[str, Any]:
        """A page; numbers keep their digits."""
        return content(self.get(path, **options), path)

    def rows(self, path: str, **options: Any) -> list[dict[str, Any]]:
        """The rows of one page."""
        return list(self.page(path, **options)["value"])

    def ids(self, path: str, **options: Any) -> list[int]:
        """The ids of one page."""
        return [row["id"] for row in self.rows(path, **options)]

    def pages(self, path: str, **options: Any) -> Iterator[list[dict[str, Any]]]:
        """The pages of a set, by next link."""
        page = self.page(path, **options)
        yield page["value"]
        while link := page.get("@odata.nextLink"):
            page = content(self.session.get(link, timeout=10), link)
            yield page["value"]

    def all(self, path: str, **options: Any) -> list[dict[str, Any]]:
        """All rows of a set, by next link."""
        return [row for page in self.pages(path, **options) for row in page]

    def all_after(
        self, path: str, column: str, cursor: int = 0, **more: Any
    ) -> list[dict[str, Any]]:
        """All rows of a set, each request from the last value on, which it reads again."""
        found: list[dict[str, Any]] = []
        while True:
            options = {"filter": f"{column} ge {cursor}", "orderby": column}
            page = self.page(path, **options, **more)
            found += page["value"]
            if "@odata.nextLink" not in page:
                return found
            assert page["value"][-1][column] > cursor
            cursor = page["value"][-1][column]


def content(answer: requests.Response, what: str) -> dict[str, Any]:
    """The JSON of an answer, numbers with a fraction as `Decimal`."""
    assert answer.status_code == 200, f"{what}: {answer.status_code} {answer.text[:300]}"
    return json.loads(answer.content, parse_float=Decimal)  # type: ignore[no-any-return]


def by_key(name: str, rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows of a set by their key; a row that came twice must have come alike."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(row[part] for part in SETS[name]["key"])
        assert found.setdefault(key, row) == row, (name, key)
    return found
