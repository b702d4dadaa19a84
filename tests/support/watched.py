"""A sandbox that keeps the headers of what it is sent, and sets a cookie with each answer."""

from __future__ import annotations

from collections import defaultdict

from perfectgym_source.sandbox import Sandbox

HEADERS = ("AUTHORIZATION", "COOKIE", "USER_AGENT")


class Watched(Sandbox):
    """A sandbox; `headers` holds those of each request, by path below `/Api`."""

    def __init__(self, **options):
        super().__init__(**options)
        self.headers = defaultdict(list)

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"].removeprefix("/Api/")
        sent = {name: environ.get(f"HTTP_{name}") for name in HEADERS}
        self.headers[path].append({name: value for name, value in sent.items() if value})

        def start(status, headers, *more):
            return start_response(status, [*headers, ("Set-Cookie", "session=1; Path=/")], *more)

        return super().__call__(environ, start)
