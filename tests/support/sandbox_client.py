"""A small client that reads a whole table as the facts in `tests/facts` say.

It shares nothing with the sandbox but the ids of parents: paths, parameters and paging come
from the facts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import requests

from perfectgym_source.sandbox import Account, Sandbox

_FOLDER = Path(__file__).parents[1] / "facts"
_FACTS = json.loads((_FOLDER / "v1_endpoints.json").read_text("utf-8"))
TYPES: dict[str, dict[str, str]] = json.loads((_FOLDER / "v1_types.json").read_text("utf-8"))
FACTS: dict[str, dict[str, Any]] = {
    entry["table"]: entry for entry in (*_FACTS["company"], *_FACTS["per_parent"])
}
NEVER_CALL: list[str] = [
    entry.removeprefix("GET ") for entry in _FACTS["never_call"] if entry.startswith("GET ")
]
ALWAYS = {"startDate": "2000-01-01", "endDate": "2100-01-01"}
TABLE_OF = {
    "clubId": "clubs",
    "userId": "users",
    "employeeId": "instructors",
    "paymentPlanId": "payment_plans",
    "classId": "classes",
    "contractId": "contracts",
    "membershipId": "memberships",
    "messageId": "messages",
    "countryId": "countries",
}


class Client:
    """A signed-in session."""

    def __init__(self, sandbox: Sandbox, account: Account) -> None:
        self.sandbox = sandbox
        self.account = account
        self.session = requests.Session()
        self.sign_in()

    def sign_in(self) -> None:
        answer = token(self.sandbox, self.account.username, self.account.password)
        assert answer.status_code == 200, answer.text
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.session.get(
            f"{self.sandbox.base_url}/{path}", params=params, timeout=10, allow_redirects=False
        )

    def elements(self, path: str, **params: Any) -> list[Any]:
        answer = self.get(path, **params)
        assert answer.status_code == 200, f"{path} {params}: {answer.status_code} {answer.text}"
        found = answer.json()["elements"]
        return found if isinstance(found, list) else [found]

    def ids(self, path: str, **params: Any) -> list[int]:
        return [row["id"] for row in self.elements(path, **params)]

    def pages(self, path: str, paging: str, **params: Any) -> Iterator[list[Any]]:
        """The pages of a list until one that is not full."""
        page, cursor = 1, 0
        while True:
            place = {"timestamp": cursor} if paging == "timestamp" else {"page": page}
            rows = self.elements(path, **params, **(place if paging != "none" else {}))
            yield rows
            if paging == "none" or len(rows) < 100:
                return
            page += 1
            cursor = rows[-1].get("timestamp", 0)

    def read(self, table: str) -> list[Any]:
        """All rows of a table, of every parent, each with its parents under `_params`."""
        facts = FACTS[table]
        found = []
        for parents in self._parents(table):
            shown = {name: value for name, value in parents.items() if name not in ALWAYS}
            asked = {name: value for name, value in parents.items() if not self._own(name)}
            for choice in _choices(table):
                for rows in self.pages(facts["path"], facts["paging"], **asked, **choice):
                    found += [_with_parents(row, shown) for row in rows]
        return found

    def _own(self, name: str) -> bool:
        return name == "userId" and self.account.mode == "user"

    def _parents(self, table: str) -> Iterator[dict[str, Any]]:
        names = required(table)
        choices: list[list[Any]] = []
        for name in names:
            if name in ALWAYS:
                choices.append([ALWAYS[name]])
            elif self._own(name):
                choices.append([self.account.user_id])
            else:
                choices.append([row.key for row in self.sandbox.world.rows(TABLE_OF[name])])
        for values in product(*choices):
            yield dict(zip(names, values, strict=True))


def required(table: str) -> list[str]:
    """The parameters without which a table cannot be read."""
    return [
        name
        for name, of in FACTS[table].get("params", {}).items()
        if "optional" not in of and "bool" not in of and re.fullmatch(r"\w+", name)
    ]


def token(sandbox: Sandbox, username: str, password: str, **more: Any) -> requests.Response:
    """The answer of the token endpoint."""
    form = {"username": username, "password": password, "grant_type": "password", **more}
    return requests.post(f"{sandbox.base_url}/oauth/authorize", data=form, timeout=10)


def canonical(rows: list[Any]) -> list[str]:
    """Rows in an order of their own, so that two readings can be compared."""
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def _choices(table: str) -> list[dict[str, str]]:
    name = {"payment_plans": "isActive", "club_payment_plans": "addOnPaymentPlans"}.get(table)
    return [{name: "false"}, {name: "true"}] if name else [{}]


def _with_parents(row: Any, parents: dict[str, Any]) -> dict[str, Any]:
    fields = row if isinstance(row, dict) else {"seatNumber": row}
    return {**fields, "_params": parents}
