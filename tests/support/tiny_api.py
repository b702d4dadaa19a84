"""A second generation of the API in miniature: other names, links to next pages, key headers.

Two endpoints: gyms are read from a cursor, the lockers of new and changed gyms as full lists.
The server sends four rows a page and refuses requests without the keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from perfectgym_source.catalog import ApiVersion, Endpoint, Envelope, Field, Parent, RowType, Write
from perfectgym_source.catalog.api_version import ZoneSource

KEYS = {"X-Client-Id": "tiny-id", "X-Client-Secret": "tiny-secret"}
PAGE_SIZE = 4

ROW_TYPES = {
    "Gym": RowType(
        "One gym.",
        (
            Field("key", "long", "Identifies the gym."),
            Field("rowVersion", "long", "Grows with every change."),
            Field("deleted", "bool", "True once the gym has been deleted."),
            Field("title", "string", "What the gym is called."),
            Field("zone", "string", "Its time zone."),
            Field("openedAt", "datetime", "When it opened, local time."),
        ),
    ),
    "Locker": RowType(
        "One locker.",
        (
            Field("key", "long", "Identifies the locker."),
            Field("label", "string", "What is written on it."),
            Field("tags", "array of Tag", "Its tags."),
        ),
    ),
    "Color": RowType(
        "One color of lockers; its rows have no version.",
        (
            Field("key", "long", "Identifies the color."),
            Field("title", "string", "What the color is called."),
        ),
    ),
    "Tag": RowType("One tag.", (Field("text", "string", "The tag."),), scalar_field="text"),
}

COLORS = Endpoint(
    "colors", "Colors", "Color", ("employee",), "id", ("key",), "all", "One color of lockers.",
    ROW_TYPES, id_field="key", write=Write.REPLACE,
)  # fmt: skip
"""A list without row versions, which is read by id; not among those of `TINY`."""

TINY = ApiVersion(
    name="tiny",
    endpoints={
        entry.name: entry
        for entry in (
            Endpoint(
                "gyms", "Gyms", "Gym", ("employee",), "keyset", ("key",), "all", "One gym.",
                ROW_TYPES, id_field="key", version_field="rowVersion", deleted_field="deleted",
                time_zone="key",
            ),
            Endpoint(
                "lockers", "Lockers", "Locker", ("employee",), "link", ("gym_key", "key"), "all",
                "One locker of one gym.", ROW_TYPES, id_field="key",
                parents=(Parent("gyms", "gym", "gym_key"),), write=Write.REPLACE,
                key_prefix="locker", always_refresh=False,
            ),
        )
    },
    row_types=ROW_TYPES,
    groups={"all": "Everything."},
    default_groups=("all",),
    page_size=PAGE_SIZE,
    envelope=Envelope("value", "@odata.nextLink", "@odata.context"),
    sign_in=("keys",),
    cursor_parameters={"$filter": "rowVersion gt {after}", "$orderby": "rowVersion"},
    id_parameters={"$filter": "key gt {after}", "$orderby": "key"},
    zones=ZoneSource("gyms", ("zone",)),
)  # fmt: skip


class TinyServer:
    """Serves gyms and lockers; a context manager.

    Attributes:
        gyms: The gyms.
        lockers: The lockers by the key of their gym.
        colors: The titles of the colors by key.
        requests: Path and query of each request.
        keys: The headers that a request has to have.
        link_to: Makes another address of a link to a next page.
    """

    def __init__(self) -> None:
        self.gyms: list[dict[str, Any]] = []
        self.lockers: dict[int, list[dict[str, Any]]] = {}
        self.colors: dict[int, str] = {}
        self.requests: list[str] = []
        self.keys = dict(KEYS)
        self.link_to: Callable[[str], str] = str
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append(self.path)
                is_let_in = all(self.headers.get(k) == v for k, v in server.keys.items())
                body = server.page(self.path) if is_let_in else {"error": "invalid_client"}
                content = json.dumps(body).encode()
                self.send_response(200 if is_let_in else 401)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self._http.server_port}/odata"

    def __enter__(self) -> TinyServer:
        Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._http.shutdown()
        self._http.server_close()

    def page(self, path: str) -> dict[str, Any]:
        """The rows of a request, and the link to the next page while there is one."""
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.endswith("/Gyms"):
            after = int(re.fullmatch(r"rowVersion gt (\d+)", query["$filter"])[1])
            found = [gym for gym in self.gyms if gym["rowVersion"] > after]
            rows = sorted(found, key=lambda gym: gym["rowVersion"])
        elif parts.path.endswith("/Colors"):
            after = int(query.get("$filter", "key gt 0").removeprefix("key gt "))
            found = {key: title for key, title in self.colors.items() if key > after}
            rows = [{"key": key, "title": found[key]} for key in sorted(found)]
        else:
            rows = self.lockers.get(int(query["gym"]), [])
        first = int(query.get("$skip", 0))
        body: dict[str, Any] = {"@odata.context": "all", "value": rows[first : first + PAGE_SIZE]}
        if first + PAGE_SIZE < len(rows):
            following = urlencode({**query, "$skip": first + PAGE_SIZE})
            link = f"{self.base_url}/{parts.path.rpartition('/')[2]}?{following}"
            body["@odata.nextLink"] = self.link_to(link)
        return body
