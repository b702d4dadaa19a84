"""The page server: prepared answers of the API from one asyncio process, far faster than clients.

Run by `serving.Serving` as a process of its own; its argument is a JSON object with the fields of
`data.Shape`, `delay` (seconds before each answer) and `gzip`. It prints its port. Besides the API
it answers `/control/...`: statistics, resetting them, and changing classes.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import sys
import time
from collections.abc import Iterable
from typing import Any

from data import PAGE_SIZE, Lists, Shape, VersionedRows
from entity_sets import PREFIX, EntitySets

API = b"/Api/"
CONTROL = b"/control/"
CLASSES, VISITS, CONTRACTS = b"Classes/Classes", b"Users/ClubVisits/All", b"Contracts/Contracts"
LONG = (CLASSES, VISITS, CONTRACTS)
"""Lists whose answers are made once."""
_TOKEN = {"access_token": "benchmark", "token_type": "bearer", "expires_in": 7_775_999}


class Answers:
    """Complete HTTP answers by path and parameters; made once, long lists beforehand."""

    def __init__(self, lists: Lists, sets: EntitySets, zipped: bool) -> None:
        self._lists = lists
        self._sets = sets
        self._of_sets: dict[tuple[bytes, bytes], bytes] = {}
        self._zipped = zipped
        self._made: dict[tuple[bytes, int, int], bytes] = {}
        for club_id, rows in lists.classes.items():
            for version in rows.page_starts():
                self.get(CLASSES, {b"clubId": club_id, b"timestamp": version})
        for path, rows in ((VISITS, lists.visits), (CONTRACTS, lists.contracts)):
            for version in rows.page_starts():
                self.get(path, {b"timestamp": version})

    def get(self, path: bytes, params: dict[bytes, int]) -> bytes:
        """The answer to a request for data; 404 for a path that is not served."""
        parent = params.get(b"clubId") or params.get(b"userId") or 0
        key = (path, parent, params.get(b"timestamp") or params.get(b"page") or 0)
        made = self._made.get(key)
        if made is None:
            elements = self._elements(*key)
            made = _not_found() if elements is None else self._ok(elements)
            if path in LONG:
                self._made[key] = made
        return made

    def of_set(self, name: bytes, query: bytes) -> bytes:
        """The answer to a request for a set of API v2.2."""
        if (name, query) not in self._of_sets:
            body = self._sets.page(name.decode(), query)
            self._of_sets[name, query] = _not_found() if body is None else self._body(body)
        return self._of_sets[name, query]

    def change_classes(self, count: int) -> None:
        """Change so many classes."""
        self._lists.change_classes(count)
        self._made.clear()

    def _elements(self, path: bytes, parent: int, place: int) -> Iterable[bytes] | None:
        lists = self._lists
        if path == b"Clubs/Clubs":
            return lists.clubs.page_after(place)
        if path == CLASSES:
            return lists.classes.get(parent, VersionedRows()).page_after(place)
        if path == VISITS:
            return lists.visits.page_after(place)
        if path == CONTRACTS:
            return lists.contracts.page_after(place)
        if path == b"Users/Users":
            return lists.users[(place - 1) * PAGE_SIZE : place * PAGE_SIZE]
        if path == b"Users/User":
            return [lists.detail(parent)] if 0 < parent <= len(lists.users) else []
        if path == b"Messages/Messages":
            return [] if place else [lists.message(parent)]
        return None

    def _ok(self, elements: Iterable[bytes]) -> bytes:
        return self._body(b'{"elements":[' + b",".join(elements) + b"]}")

    def _body(self, body: bytes) -> bytes:
        if self._zipped:
            return answer(gzip.compress(body, 6), more=b"Content-Encoding: gzip\r\n")
        return answer(body)


class Statistics:
    """Requests by path, with the moments of the first one and of the last answer."""

    def __init__(self) -> None:
        self._by_path: dict[str, dict[str, float]] = {}

    def received(self, path: bytes) -> dict[str, float]:
        """Count a request."""
        now = time.monotonic()
        entry = self._by_path.setdefault(path.decode(), {"count": 0, "first": now, "last": now})
        entry["count"] += 1
        return entry

    def taken(self) -> dict[str, Any]:
        """What was counted since the last time."""
        taken, self._by_path = self._by_path, {}
        return taken


class Connection(asyncio.Protocol):
    """One client's connection: answers requests in their order."""

    def __init__(self, answers: Answers, statistics: Statistics, delay: float) -> None:
        self._answers = answers
        self._statistics = statistics
        self._delay = delay
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            end += 4 + _length(head)
            if len(self._received) < end:
                return
            self._received = self._received[end:]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        path, _, query = head[: head.index(b"\r\n")].split(b" ")[1].partition(b"?")
        if path.startswith(API + PREFIX):
            entry = self._statistics.received(path[len(API) :])
            is_known = b"x-client-secret: p" in head.lower()
            name = path[len(API + PREFIX) :]
            denied = answer(b"", b"401 Unauthorized")
            self._reply(self._answers.of_set(name, query) if is_known else denied, entry)
            return
        params = {name: int(value) for name, _, value in _parts(query)}
        if path.startswith(CONTROL):
            self._send(answer(self._control(path[len(CONTROL) :], params)))
            return
        path = path[len(API) :]
        entry = self._statistics.received(path)
        if path == b"oauth/authorize":
            reply = answer(json.dumps(_TOKEN).encode())
        elif b"uthorization: Bearer benchmark" not in head:
            reply = answer(b"", b"401 Unauthorized", b"WWW-Authenticate: Bearer\r\n")
        else:
            reply = self._answers.get(path, params)
        self._reply(reply, entry)

    def _reply(self, reply: bytes, entry: dict[str, float]) -> None:
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._send, reply, entry)
        else:
            self._send(reply, entry)

    def _send(self, reply: bytes, entry: dict[str, float] | None = None) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(reply)
        if entry is not None:
            entry["last"] = time.monotonic()

    def _control(self, path: bytes, params: dict[bytes, int]) -> bytes:
        if path == b"change":
            self._answers.change_classes(params[b"count"])
        return json.dumps(self._statistics.taken()).encode()


def answer(body: bytes, status: bytes = b"200 OK", more: bytes = b"") -> bytes:
    """A complete HTTP answer."""
    return b"".join(
        (
            b"HTTP/1.1 %b\r\nContent-Type: application/json; charset=utf-8\r\n" % status,
            more,
            b"Content-Length: %d\r\n\r\n" % len(body),
            body,
        )
    )


def _not_found() -> bytes:
    return answer(b'{"errors":[{"code":"NotFound"}]}', b"404 Not Found")


def _length(head: bytes) -> int:
    """The length of the body that a request's head announces."""
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


def _parts(query: bytes) -> list[tuple[bytes, bytes, bytes]]:
    return [part.partition(b"=") for part in query.split(b"&") if part]


async def serve(options: dict[str, Any]) -> None:
    """Serve until standard input ends, which it does with the process that started this one."""
    delay, zipped = options.pop("delay"), options.pop("gzip")
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    port = listening.getsockname()[1]
    shape = Shape(**options)
    sets = EntitySets(shape, f"http://127.0.0.1:{port}{(API + PREFIX).decode()}")
    answers, statistics = Answers(Lists(shape), sets, zipped), Statistics()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(answers, statistics, delay), sock=listening, backlog=1024
    )
    print(port, flush=True)
    async with server:
        await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(json.loads(sys.argv[1])))
