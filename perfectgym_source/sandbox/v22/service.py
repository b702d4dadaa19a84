"""Answers to requests below `/Api/v2.2/odata/`: one page of a set, or one row."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ..encoding import encode
from ..faults import Fault
from ..replies import Reply, odata_error
from ..store.rows import Row
from . import facts
from .facts import EntitySet
from .odata.errors import ODataError
from .odata.paths import Paths
from .odata.query import Queries, Query
from .paging import Ordered, Page
from .rendering import language_of
from .sets import Sets

ROOT = "v2.2/odata/"
"""Where sets stand below `/Api`."""

_SET = re.compile(r"(\w+)(?:\((\w+)\)|/(\w+))?")
_LONGEST_QUERY = 2048


@dataclass(frozen=True)
class Request:
    """A request to a set.

    Attributes:
        path: below `/Api`, a key in brackets: `v2.2/odata/Members(5)`.
        name: the set as it is spelled; empty if the path is none of a set.
        key: of the row that is asked for, as it is spelled; None for a page.
        options: the query options in the order in which they came, their names in lower case.
    """

    path: str
    name: str
    key: str | None
    options: dict[str, str]


def request_of(path: str, given: Mapping[str, str]) -> Request:
    """The request that a path below `/Api` and its query mean."""
    options = {key.lower() if key.startswith("$") else key: of for key, of in given.items()}
    found = _SET.fullmatch(path[len(ROOT) :])
    if found is None:
        return Request(path, "", None, options)
    name, key = found[1], found[2] or found[3]
    return Request(ROOT + name + (f"({key})" if key else ""), name, key, options)


class Odata:
    """Answers requests to the sets of a world.

    Args:
        sets: what is served.
    """

    def __init__(self, sets: Sets) -> None:
        self._sets = sets
        self._asked: dict[tuple[str, str], Request] = {}
        self._turn_of_ties = 0

    def slowness(self, request: Request) -> float:
        """Seconds that a request waits, as the installation has it."""
        return self._sets.installation.slow.get(request.name, 0.0)

    def answer(
        self, request: Request, base: str, query: str, language: str, fault: Fault | None
    ) -> Reply:
        """The answer to an authorized request.

        Args:
            request: what is asked.
            base: the address of the API, for next links.
            query: the query as it came.
            language: the `Accept-Language` header.
            fault: what is to go wrong with the page.
        """
        try:
            if len(query) > _LONGEST_QUERY:
                raise ODataError("The request filtering module denies a query this long.", 404)
            entity = self._sets.schema.sets.get(request.name)
            if entity is None:
                raise ODataError(f"No HTTP resource was found at '{request.path}'.", 404)
            with self._sets.lock:
                if request.key is not None:
                    return self._row(entity, request, language_of(language))
                turned = self._turn(
                    entity, request, fault is not None and fault.kind == "repeat_page"
                )
                return self._list(entity, turned, base, language_of(language), fault)
        except ODataError as error:
            return odata_error(error.status, str(error))

    def _turn(self, entity: EntitySet, request: Request, back: bool) -> Request:
        """Remember which page of a list is asked for, or go back to the one before it."""
        moving = ("$skip", "$skiptoken", "$filter")
        place = {key: of for key, of in request.options.items() if key not in moving}
        known = (entity.name, json.dumps(place, sort_keys=True))
        if back:
            return self._asked.get(known, request)
        self._asked[known] = request
        return request

    def _query(self, entity: EntitySet, options: Mapping[str, str]) -> Query:
        if entity.name in facts.FIRST_PAGE_ONLY:
            for option in ("$top", "$skip"):
                if option in options:
                    raise ODataError(f"Query option '{option}' is not allowed.")
        paths = Paths(self._sets.schema, self._sets.relations)
        return Queries(self._sets.schema, paths).parse(entity.type, options)

    def _row(self, entity: EntitySet, request: Request, language: str) -> Reply:
        key = request.key or ""
        has_path = entity.key == ("id",) and entity.name not in facts.NO_KEY_PATH
        row = self._sets.tables[entity.type].rows.get(int(key)) if key.isdecimal() else None
        if row is None or not has_path:
            raise ODataError(f"No HTTP resource was found at '{request.path}'.", 404)
        options = {
            each: of for each, of in request.options.items() if each in ("$select", "$expand")
        }
        return Reply(200, self._json(entity, row, self._query(entity, options), language))

    def _list(
        self, entity: EntitySet, request: Request, base: str, language: str, fault: Fault | None
    ) -> Reply:
        query = self._query(entity, request.options)
        table = self._sets.tables[entity.type]
        self._turn_of_ties += self._sets.installation.unstable_ties
        ordered = Ordered(table, query, entity.name in facts.DOUBLED, self._turn_of_ties)
        size = self._sets.installation.page_size
        page = ordered.page(query, size, request.options.get("$skiptoken"))
        parts = [self._json(entity, row, query, language) for row in page.rows]
        body = b'"value":[' + b",".join(parts) + b"]"
        if page.total is not None:
            body = b'"@odata.count":%d,' % page.total + body
        if self._sets.world.quirks:
            body = (
                b'"@odata.context":' + encode(f"{base}/{ROOT}$metadata#{entity.name}") + b"," + body
            )
        has_link = page.has_more and self._sets.installation.next_links != "none"
        link = self._next_link(entity, request, query, page, base) if has_link else ""
        if fault is not None and fault.kind == "foreign_link":
            link = f"{fault.location}/Api/{link.partition('/Api/')[2] or request.path}"
        elif fault is not None and fault.kind == "loop":
            link = f"{base}/{request.path}?{_encoded(request.options)}"
        elif fault is not None and fault.kind == "no_link":
            link = ""
        if link:
            body += b',"@odata.nextLink":' + encode(link)
        return Reply(200, b"{" + body + b"}")

    def _json(self, entity: EntitySet, row: Row, query: Query, language: str) -> bytes:
        if any(link not in query.expand for link in entity.expand_needed):
            return b"{}"
        return self._sets.rendering.json(entity.type, row, query, language)

    def _next_link(
        self, entity: EntitySet, request: Request, query: Query, page: Page, base: str
    ) -> str:
        options = dict(request.options)
        size = self._sets.installation.page_size
        by_token = self._sets.installation.next_links == "skiptoken"
        if entity.name in facts.FIRST_PAGE_ONLY or by_token:
            options.pop("$skip", None)
            options["$skiptoken"] = page.token
        else:
            options["$skip"] = str(query.skip + size)
        if query.top is not None:
            options["$top"] = str(query.top - size)
        return f"{base}/{request.path}?{_encoded(options)}"


def _encoded(options: Mapping[str, str]) -> str:
    return "&".join(f"{quote(key)}={quote(of, safe='')}" for key, of in options.items())
