"""The pace that finds itself, against modelled servers: the table and the picture of the docs.

    .venv/bin/python tests/benchmarks/pace.py docs/pace.svg

prints a Markdown table, and draws how many requests at a time the connector sends. Nothing depends
on this machine: the servers are models with a clock of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import altair

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.modelled import BadHour, Knee, Limiter, Queue, Server, Trace, best, read

MOST = 16
KINDS = (0.1, 0.3, 1.0, 3.0, 10.0)

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
    if sys.argv[1:]:
        _draw(Path(sys.argv[1]))


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
