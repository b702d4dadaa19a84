"""The progress of a run as text: lines that fit the terminal, or one line for the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...extract.progress import EndpointProgress, Estimate, ExtractProgress
from ...text import counted, duration, listed

LINES_BELOW = 4
"""So many lines of the terminal are left to what stands above."""

BAR = 10
"""The length of a bar, in characters."""

MOST_IN_LOG = 5
"""So many endpoints are named in one line of the log."""

MOST_TABLES = 2
"""So many tables are named in the line of a step."""

LONG = 60.0
"""An estimate is printed for what takes longer, in seconds."""


@dataclass(frozen=True)
class StepProgress:
    """How far one step of dlt is: extract, normalize or load.

    Attributes:
        step: Its name.
        seconds: How long it has taken.
        extraction: How far the extraction is; None in other steps, and before it begins.
        pace: Requests a second that may be expected; None if it is not known.
        rows: Rows by table, as dlt has counted them; those of a load are the normalized ones.
        jobs: How many of the jobs of a load are done.
        all_jobs: The number of jobs.
    """

    step: str
    seconds: float = 0.0
    extraction: ExtractProgress | None = None
    pace: float | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    jobs: int = 0
    all_jobs: int = 0


def estimate_line(estimate: Estimate, pace: float | None) -> str:
    """Return an estimate in words.

    Args:
        estimate: The number of requests.
        pace: Requests a second; None if it is not known.
    """
    text = f"{'at least' if estimate.is_least else 'about'} {counted(estimate.count, 'request')}"
    if pace:
        text += f", {duration(estimate.count / pace)} at {_rate(pace)} requests/s"
    return text


def screen_lines(progress: StepProgress, width: int, height: int) -> list[str]:
    """Return the lines for a terminal, the last one for the whole step.

    Args:
        progress: How far the step is.
        width: The most characters of a line.
        height: The lines of the terminal, of which some are left free.
    """
    lines: list[str] = []
    if progress.extraction is not None:
        at_work = [each for each in progress.extraction.endpoints if each.is_at_work]
        room = max(0, height - LINES_BELOW - 1)
        shown = at_work if len(at_work) <= room else at_work[: max(0, room - 1)]
        lines = _table([_cells(each) for each in shown], width)
        if room and len(shown) < len(at_work):
            lines.append(f"and {len(at_work) - len(shown)} more")
    return [line[:width] for line in (*lines, _total(progress))]


def log_line(progress: StepProgress) -> str:
    """Return one line for the log."""
    if progress.extraction is None:
        return _total(progress)
    at_work = [
        " ".join(filter(None, (each.endpoint.name, _share(each) or _pages(each))))
        for each in progress.extraction.endpoints
        if each.is_at_work
    ]
    names = f": {listed(at_work, MOST_IN_LOG)}" if at_work else ""
    return f"{_total(progress)}{names}"


def _total(progress: StepProgress) -> str:
    """Return the line for the whole step."""
    parts = []
    extraction = progress.extraction
    if extraction is not None:
        rate = f" ({_rate(extraction.requests / progress.seconds)}/s)" if progress.seconds else ""
        parts = [counted(extraction.requests, "request") + rate, counted(extraction.rows, "row")]
        parts += _remaining(extraction.left, progress.pace)
    elif progress.rows:
        parts = [counted(sum(progress.rows.values()), "row")]
    if progress.all_jobs:
        parts.insert(0, f"{progress.jobs:,} of {counted(progress.all_jobs, 'job')}")
    text = f"{progress.step}, {duration(progress.seconds)}"
    tables = sorted(progress.rows, key=lambda name: -progress.rows[name])
    names = f": {listed(tables, MOST_TABLES)}" if tables and extraction is None else ""
    return ", ".join((text, *parts)) + names


def _remaining(left: Estimate, pace: float | None) -> list[str]:
    if not pace or left.count / pace < 1:
        return []
    return [f"{'at least' if left.is_least else 'about'} {duration(left.count / pace)} left"]


def _cells(each: EndpointProgress) -> tuple[str, ...]:
    """Return the cells of an endpoint's line, the most important first."""
    rows = counted(each.rows, "row") if each.rows else ""
    return each.endpoint.name, _share(each), rows, _pages(each), _bar(each)


def _share(each: EndpointProgress) -> str:
    if not each.parents or each.partitions is None:
        return ""
    return f"{each.done:,} of {each.partitions:,} {each.parents}"


def _pages(each: EndpointProgress) -> str:
    return counted(each.pages, "page") if each.pages else ""


def _bar(each: EndpointProgress) -> str:
    if not each.parents or not each.partitions:
        return ""
    full = BAR * min(each.done, each.partitions) // each.partitions
    return "=" * full + "." * (BAR - full)


def _rate(pace: float) -> str:
    return f"{pace:,.0f}" if pace >= 10 else f"{pace:.1f}"


def _table(rows: Sequence[tuple[str, ...]], width: int) -> list[str]:
    """Return aligned lines; the last columns are left out where they do not fit."""
    if not rows:
        return []
    widths = [max(map(len, column)) for column in zip(*rows)]
    while len(widths) > 1 and sum(widths) + 2 * (len(widths) - 1) > width:
        widths.pop()
    lines = []
    for row in rows:
        name, *others = zip(row, widths)
        cells = [f"{name[0]:<{name[1]}}", *(f"{cell:>{wide}}" for cell, wide in others)]
        lines.append("  ".join(cells).rstrip())
    return lines
