"""`python -m perfectgym_source.sandbox`: serve a sandbox until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import gc
import signal
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from threading import Event

from . import Sandbox
from .generation.builder import SIZES
from .limits import Limits
from .service import APIS
from .sign_in import NINETY_DAYS


def main(arguments: Sequence[str] | None = None) -> int:
    """Start a sandbox, print how to reach it, and serve until told to stop.

    Returns:
        0 after a stop that was asked for, 1 if the port cannot be had.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.size == "chain":
        options.until = options.until or date.today() - timedelta(1)
    elif options.until:
        parser.error(
            "--until goes with --size chain: the other worlds have a last day of their own"
        )
    sandbox = Sandbox(
        size=options.size,
        seed=options.seed,
        quirks=not options.clean,
        expires_in=options.expires_in,
        delay=options.delay / 1000,
        host=options.host,
        port=options.port,
        api=options.api,
        until=options.until,
    )
    sandbox.limits = Limits(options.at_once, options.per_second)
    gc.freeze()  # the world stays for good: never search it for garbage
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        sandbox.start()
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    print(greeting(sandbox), flush=True)
    while not stop.wait(1.0):
        continue
    sandbox.stop()
    return 0


def greeting(sandbox: Sandbox) -> str:
    """The base URL and the credentials, of v1 in both modes, to paste as environment variables."""
    lines = [f"PerfectGym sandbox, size {sandbox.world.size}, seed {sandbox.world.seed}:", ""]
    if sandbox.api == "v2.2":
        lines += [
            "# API v2.2",
            f"SOURCES__PERFECTGYM__BASE_URL={sandbox.base_url}",
            "SOURCES__PERFECTGYM__API=v2.2",
            f"SOURCES__PERFECTGYM__CLIENT_ID={sandbox.client.client_id}",
            f"SOURCES__PERFECTGYM__CLIENT_SECRET={sandbox.client.client_secret}",
            "",
            "Stop it with Ctrl-C.",
        ]
        return "\n".join(lines)
    for mode, account, who in (
        ("employee", sandbox.employee, ""),
        ("user", sandbox.member, ": a club member"),
    ):
        lines += [
            f"# {mode} mode{who}",
            f"SOURCES__PERFECTGYM__BASE_URL={sandbox.base_url}",
            f"SOURCES__PERFECTGYM__USERNAME={account.username}",
            f"SOURCES__PERFECTGYM__PASSWORD={account.password}",
            f"SOURCES__PERFECTGYM__MODE={mode}",
            "",
        ]
    lines.append("Stop it with Ctrl-C.")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m perfectgym_source.sandbox",
        description="Serve the PerfectGym API with invented data on this machine.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=0, help="port to listen on; 0 takes a free one (default)")
    add("--api", choices=APIS, default="v1", help="generation of the API (default: %(default)s)")
    add("--size", choices=sorted(SIZES), default="small", help="how much (default: %(default)s)")
    add(
        "--until",
        type=date.fromisoformat,
        metavar="DATE",
        help="the last day of a chain (default: yesterday)",
    )
    add("--seed", type=int, default=1, help="the same seed gives the same world (default: 1)")
    add("--clean", action="store_true", help="payloads without the odd spellings of real ones")
    add(
        "--expires-in",
        type=int,
        default=NINETY_DAYS,
        metavar="N",
        help="seconds for which a token holds (default: %(default)s, 90 days)",
    )
    add("--delay", type=float, default=0.0, metavar="MS", help="milliseconds a request waits")
    add("--at-once", type=int, metavar="N", help="requests that are worked on at once")
    add("--per-second", type=float, metavar="N", help="requests a second; others get 429")
    return parser


if __name__ == "__main__":
    sys.exit(main())
