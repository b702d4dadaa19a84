"""The sets of API v2.2 that the page server serves: the sandbox's own rows, in any number."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from itertools import cycle, islice
from urllib.parse import parse_qs

from data import Shape

from perfectgym_source.catalog import V22
from perfectgym_source.sandbox import World

PREFIX = b"v2.2/odata/"
PAGE_SIZE = 500
_FIRST_VERSION = 9_999_970_000


class EntitySets:
    """Pages of sets in the order of their versions, each with the address of the next one.

    Args:
        shape: How much there is of each.
        root: The address of the sets.
    """

    def __init__(self, shape: Shape, root: str) -> None:
        self._root = root
        self._rows: dict[str, list[bytes]] = {}
        self._versions: dict[str, list[int]] = {}
        counts = {"Members": shape.members, "ClassBookings": shape.bookings}
        if any(counts.values()):
            sets = World("small", seed=1, quirks=False).sets
            paths = {entry.path: entry for entry in V22.endpoints.values() if entry.link is None}
            counts["Clubs"] = len(sets.rows("Clubs"))
            for name, count in counts.items():
                self._add(name, sets.truth(name, *paths[name].expanded), count)

    def page(self, name: str, query: bytes) -> bytes | None:
        """The body of a response; None for a set that is not served."""
        if name not in self._rows:
            return None
        [text] = parse_qs(query.decode()).get("$filter", ["version gt 0"])
        version = int(text.rpartition(" ")[2])
        versions = self._versions[name]
        first = bisect_right(versions, version)
        rows = self._rows[name][first : first + PAGE_SIZE]
        link = b""
        if first + len(rows) < len(versions):
            after = versions[first + len(rows) - 1]
            address = f"{self._root}{name}?$filter=version gt {after}&$orderby=version"
            link = b',"@odata.nextLink":' + json.dumps(address).encode()
        return b'{"value":[' + b",".join(rows) + b"]" + link + b"}"

    def _add(self, name: str, templates: list[Mapping[str, object]], count: int) -> None:
        given = name == "Clubs"  # other rows name them by id
        self._rows[name], self._versions[name] = [], []
        for number, row in enumerate(islice(cycle(templates), count), 1):
            version = _FIRST_VERSION + 7 * number
            # The rest of longer lists would have to be served too.
            row = {key: v[:3] if isinstance(v, list) else v for key, v in row.items()}
            own = {"id": row["id"] if given else number, "version": version}
            self._rows[name].append(json.dumps({**row, **own}, default=float).encode())
            self._versions[name].append(version)
