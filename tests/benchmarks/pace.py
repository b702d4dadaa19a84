"""The pace that finds itself, against modelled servers: the table and the picture of the docs.

    .venv/bin/python tests/benchmarks/pace.py docs/pace.svg

prints a Markdown table, and draws how many requests at a time the connector sends. Nothing depends
on this machine: the servers are models with a clock of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import altair

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.modelled import (
    BadHour,
    Bursts,
    Deepening,
    Knee,
    Limiter,
    Pausing,
    Queue,
    Server,
    Swapping,
    Trace,
    Window,
    best,
    read,
)

MOST = 16
REQUESTS = 2700
KINDS = (0.1, 0.3, 1.0, 3.0, 10.0)


def _noisy(noise: float) -> list[Callable[[], Server]]:
    lines = [partial(Queue, noise=noise, capacity=capacity) for capacity in (3, 6, 12)]
    return [partial(Server, noise=noise), *lines]


def _lines(kind: type[Queue], **more: Any) -> list[Callable[[], Server]]:
    return [partial(kind, capacity=capacity, **more) for capacity in (3, 12, 100)]


def _windows(seconds: float, is_fixed: bool = False) -> list[Callable[[], Server]]:
    return [
        partial(Window, 0.05, rate=rate, seconds=seconds, is_fixed=is_fixed, asks=asks)
        for rate in (3, 10, 30, 100)
        for asks in (True, False)
    ]


STEADY: dict[str, Callable[[], Server]] = {
    "100 ms, however many at a time": lambda: Server(0.1),
    "2 s, however many at a time": lambda: Server(2.0),
    "works on 1 at a time": lambda: Queue(capacity=1),
    "works on 4 at a time": lambda: Queue(capacity=4),
    "works on 8 at a time": lambda: Queue(capacity=8),
    "slower beyond 4, twice as slow at 16": lambda: Knee(capacity=4, power=0.5),
    "slower beyond 8, 4 times as slow at 16": lambda: Knee(capacity=8, power=2.0),
    "latency varies by half": lambda: Server(noise=0.5),
    "varies by half, works on 8 at a time": lambda: Queue(noise=0.5, capacity=8),
    "1 of 20 takes ten times as long": lambda: Server(tail=0.05, noise=0.2),
    "endpoints from 10 ms to 1 s, works on 4": lambda: Queue(kinds=KINDS, capacity=4),
}

LIMITED: dict[str, Callable[[], Server]] = {
    "refuses more than 10 a second, with Retry-After": lambda: Limiter(0.05, rate=10),
    "refuses more than 10 a second, without": lambda: Limiter(0.05, rate=10, asks=False),
    "refuses more than 40 a second": lambda: Limiter(0.05, rate=40, burst=40),
}

OTHERS: dict[str, Sequence[Callable[[], Server]]] = {
    "works on 2, 3, 5, 6, 10, 12, 24 at a time": [
        partial(Queue, capacity=capacity) for capacity in (2, 3, 5, 6, 10, 12, 24)
    ],
    "5 ms, 30 ms, 500 ms, 3 s; works on 5 at a time": [
        partial(Queue, latency, capacity=5) for latency in (0.005, 0.03, 0.5, 3.0)
    ],
    "slower beyond 2, 6, 10": [
        partial(Knee, capacity=capacity, power=power, noise=0.2)
        for capacity in (2, 6, 10)
        for power in (0.5, 1.0, 2.0)
    ],
    "latency varies by 0.3; works on any, 3, 6, 12": _noisy(0.3),
    "latency varies by 0.7": _noisy(0.7),
    "latency varies by 1.0": _noisy(1.0),
    "1 of 50, or of 10, takes ten times as long": [
        partial(Queue, tail=tail, noise=0.3, capacity=capacity)
        for tail in (0.02, 0.1)
        for capacity in (6, 100)
    ],
    "each page slower than the last": _lines(Deepening, noise=0.2),
    "one endpoint 25 times as slow as the other": _lines(Queue, kinds=(0.2, 5.0), noise=0.2),
    "the slow endpoint becomes the quick one": _lines(Swapping, kinds=(0.5, 5.0), noise=0.2),
    "three times as slow for 2 of 10 seconds": _lines(Bursts, noise=0.1),
    "stands still for half of 10 seconds": _lines(Pausing, noise=0.1),
}
"""Servers that the rules were not made with."""

OTHER_LIMITS: dict[str, Sequence[Callable[[], Server]]] = {
    "no burst, 3 to 100 a second": [
        partial(Limiter, 0.05, rate=rate, burst=1, asks=asks)
        for rate in (3, 10, 30, 100)
        for asks in (True, False)
    ],
    "within the last second, 3 to 100": _windows(1.0),
    "within the last 10 seconds": _windows(10.0),
    "in a minute of the clock": _windows(60.0, is_fixed=True),
}

SEEDS = range(11, 16)

DRAWN: dict[str, Callable[[], Server]] = {
    "works on 4 at a time": lambda: Queue(capacity=4),
    "latency varies by half": lambda: Server(noise=0.5),
    "works on 8, ten times as slow from 30 s to 90 s": lambda: BadHour(
        capacity=8, times=10, begins=30, ends=90
    ),
}


def main() -> None:
    """Print the table; draw the picture into the file that is named."""
    print("| server | requests/s | of the best | times the least latency | variation |")
    print("|---|---:|---:|---:|---:|")
    for name, server in STEADY.items():
        most, least = best(server, 2000, MOST)
        trace = read(server(), 4000, MOST)
        _print_row(name, trace, most, trace.latency(_since(trace)) / least)
    for name, server in LIMITED.items():
        _print_row(name, read(server(), 4000, MOST), server().rate, 1.0)  # type: ignore[attr-defined]
    _print_others()
    if sys.argv[1:]:
        _draw(Path(sys.argv[1]))


def _print_others() -> None:
    """Print how the rules do on servers that they were not made with, with each seed."""
    print("\n| servers | of the best: median, worst | times the least latency: median, worst |")
    print("|---|---:|---:|")
    everything: list[tuple[float, float]] = []
    for name, servers in OTHERS.items():
        found = []
        for server in servers:
            most, least = best(server, REQUESTS, MOST, since=REQUESTS // 3)
            for seed in SEEDS:
                trace = read(server(), REQUESTS, MOST, seed)
                since = _since(trace)
                found.append((trace.throughput(since) / most, trace.latency(since) / least))
        everything += found
        _print_spread(name, found)
    _print_spread("all of these", everything)
    for name, servers in OTHER_LIMITS.items():
        limited = []
        for server in servers:
            for seed in SEEDS[:2]:
                trace = read(server(), 10**9, MOST, seed, seconds=300.0)
                limited.append((trace.throughput(60.0) / server().rate, 1.0))  # type: ignore[attr-defined]
        _print_spread(name, limited)


def _print_spread(name: str, found: Sequence[tuple[float, float]]) -> None:
    paces, latencies = zip(*found)
    print(
        f"| {name} | {median(paces):.0%}, {min(paces):.0%} "
        f"| {median(latencies):.2f}, {max(latencies):.2f} |",
        flush=True,
    )


def _since(trace: Trace) -> float:
    return trace.responses[len(trace.responses) // 3][0]


def _print_row(name: str, trace: Trace, most: float, slower: float) -> None:
    since, end = _since(trace), trace.responses[-1][0]
    pace = trace.throughput(since)
    varies = trace.variation(since, end)
    print(f"| {name} | {pace:.1f} | {pace / most:.0%} | {slower:.2f} | {varies:.2f} |")


def _draw(file: Path) -> None:
    rows = [
        {"server": name, "seconds": at, "requests at a time": limit}
        for name, server in DRAWN.items()
        for at, limit in _limits(read(server(), 10**6, MOST, seconds=120.0))
    ]
    chart = (
        altair.Chart(altair.Data(values=rows))
        .mark_line(interpolate="step-after")
        .encode(
            x=altair.X("seconds:Q", scale=altair.Scale(domain=[0, 120])),
            y=altair.Y("requests at a time:Q", scale=altair.Scale(domain=[0, MOST])),
            row=altair.Row("server:N", title=None, sort=list(DRAWN), header=_header()),
        )
        .properties(width=640, height=110)
    )
    chart.save(file)


def _header() -> altair.Header:
    return altair.Header(labelOrient="top", labelAnchor="start", labelFontSize=12)


def _limits(trace: Trace) -> list[tuple[float, int]]:
    return [*trace.limits, (120.0, trace.limits[-1][1])]


if __name__ == "__main__":
    main()
