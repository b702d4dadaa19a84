"""The build of the marts."""

from __future__ import annotations

from typing import Any

from ...marts.record import MartsRecord
from ...text import counted, listed
from .style import BAD, WARN, styled


def as_data(record: MartsRecord | None) -> dict[str, Any] | None:
    """Return the JSON object of a build; None if there was none.

    Keys: `outcome` (`ok` or `failed`), `run_id`, `built_at`, `seconds`, `is_full`, `as_of`,
    `models` (how many), `failed` (names), `skipped` (how many), `tests` (how many), `tests_failed`
    (names), `error`.
    """
    if record is None:
        return None
    return {
        "outcome": record.outcome,
        "run_id": record.run_id,
        "built_at": record.built_at,
        "seconds": record.seconds,
        "is_full": record.is_full,
        "as_of": record.as_of,
        "models": record.models,
        "failed": list(record.failed_models),
        "skipped": record.skipped,
        "tests": record.tests,
        "tests_failed": list(record.failed_tests),
        "error": record.error,
    }


def as_text(record: MartsRecord) -> str:
    """Return the build as text."""
    tested = "" if record.tests is None else f", {counted(record.tests, 'test')}"
    lines = []
    if record.models:
        built = f"{counted(record.models, 'model')} of the marts built"
        lines.append(f"{built} up to {record.as_of}{tested}, {record.seconds:,.1f} s")
    return "\n".join(lines + _failures(record, record))


def status_lines(record: MartsRecord, tested: MartsRecord | None) -> list[str]:
    """Return what `status` says of the marts.

    Args:
        record: The newest build.
        tested: The newest one that tested them.
    """
    built = f"The marts were built at {record.built_at:%Y-%m-%d %H:%M} UTC, of the run"
    return [f"{built} {record.run_id}, up to {record.as_of}.", *_failures(record, tested)]


def _failures(record: MartsRecord, tested: MartsRecord | None) -> list[str]:
    lines = []
    if tested and tested.failed_tests:
        failed = counted(len(tested.failed_tests), "test")
        lines.append(styled(f"{failed} of the marts failed: {listed(tested.failed_tests)}", WARN))
    if record.problem:
        lines.append(styled(record.problem, BAD))
        lines.append("What could not be built is as it was before; the next run tries again.")
    return lines
