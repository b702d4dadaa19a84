"""Faults on order: what goes wrong, for which requests, how often."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

KINDS = (
    "status",
    "drop",
    "truncate",
    "html",
    "garbage",
    "empty",
    "envelope",
    "no_elements",
    "revoke",
    "delay",
    "repeat_page",
    "redirect",
    "foreign_link",
    "loop",
    "no_link",
)
"""Every kind of fault, as `Fault` describes them."""


@dataclass
class Fault:
    """One thing that goes wrong.

    Requests to the API meet faults after the token check: a request that is refused with 401
    uses none up.

    Of a set of v2.2 the path is `v2.2/odata/Members`, and parameters are its query options.

    A `body` that is a function gives the parts of a body that is made while it is sent: chunked,
    or under the `Content-Length` of `headers`. Headers go before those of every answer.

    Attributes:
        path: the path below `/Api` in any case, `oauth/authorize` included; None for every
            path but that one.
        kind: one of
            `status`: answer `status`, with `body`, `headers` and `retry_after` if given;
            `drop`: close the connection before any byte;
            `truncate`: announce the whole answer, send half of it, close;
            `html`: 200 with a maintenance page (or `body`);
            `garbage`: 200 with JSON that breaks off (or `body`);
            `empty`: 200 with no body;
            `envelope`: 400 (499 in v2.2) with an errors envelope (or `body` as one error);
            `no_elements`: 200 with `{}`;
            `revoke`: make all tokens invalid and answer 401;
            `delay`: wait `seconds`, then answer as usual;
            `repeat_page`: serve the page before again, so that the cursor does not advance;
            `redirect`: 302 to `location`;
            `foreign_link`: a next link that leads to the origin `location` (v2.2);
            `loop`: a next link that leads to the same page again (v2.2);
            `no_link`: no next link, although more follows (v2.2).
        times: how many requests it strikes; None for all.
        skip: how many matching requests pass first.
        params: only requests with these parameters; values compare as text.
        fired: how many requests it has struck so far.

    Raises:
        ValueError: there is no such kind.
    """

    path: str | None
    kind: str
    status: int = 500
    times: int | None = 1
    skip: int = 0
    params: Mapping[str, Any] = field(default_factory=dict)
    body: str | bytes | Mapping[str, Any] | Callable[[], Iterable[bytes]] | None = None
    retry_after: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    location: str = "/maintenance"
    fired: int = field(default=0, init=False)
    _passed: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault of the kind {self.kind!r}: choose from {', '.join(KINDS)}")

    def matches(self, path: str, params: Mapping[str, str]) -> bool:
        """Whether a request is one that this fault is meant for."""
        if self.path is None:
            if path == "oauth/authorize":
                return False
        elif self.path.strip("/").lower() != path.lower():
            return False
        return all(params.get(name) == str(value) for name, value in self.params.items())

    def let_pass(self) -> bool:
        """Count a matching request, and say whether it is one of those to be skipped."""
        if self._passed < self.skip:
            self._passed += 1
            return True
        self.fired += 1
        return False


class Faults:
    """The faults on order, thread-safe. The first that matches and has turns left strikes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Order a fault; returns it, so that its `fired` can be read later."""
        with self._lock:
            self._faults = [*self._faults, fault]
        return fault

    def clear(self) -> None:
        """Cancel all faults."""
        with self._lock:
            self._faults = []

    def __len__(self) -> int:
        return len(self._faults)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def strike(self, path: str, params: Mapping[str, str]) -> Fault | None:
        """The fault that strikes this request, if any; counts its turns."""
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults:
                if fault.times is not None and fault.fired >= fault.times:
                    continue
                if not fault.matches(path, params):
                    continue
                if fault.let_pass():
                    continue
                return fault
        return None
