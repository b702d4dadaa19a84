"""What `--verify` and `--repair` found and did: for a person, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..pipeline.failures import failure_lines
from ..text import capped, counted, listed, one_line
from ..verify.repair import Repair
from ..verify.table_diff import Finding, Key
from ..verify.verification import Verification

_COUNTS = ("in_api", "in_table", "missing", "extra", "stale", "newer")
_HEADS = ("in the API", "in the table", "missing", "extra", "stale", "newer")


def verification_as_json(found: Verification) -> dict[str, Any]:
    """A comparison as a JSON object.

    Keys: `outcome` (`equal`, `different`, or `partial` if something could not be read), `tables`
    with the counts and examples of each, `left_out` with reasons, `unread`, `requests` by resource,
    `retries`, `token_requests`, `seconds`, `failures`, `warnings`, `destination`, `dataset`.
    """
    report = found.report
    return {
        "outcome": found.outcome,
        "tables": {finding.table: _finding_as_json(finding) for finding in found.tables},
        "left_out": found.left_out,
        "unread": found.unread,
        "requests": dict(sorted(report.requests.items())),
        "retries": report.retries.total(),
        "token_requests": report.token_requests,
        "seconds": round(found.seconds, 3),
        "failures": [str(failure) for failure in report.failures],
        "warnings": report.warnings,
        "destination": found.destination,
        "dataset": found.dataset,
    }


def repair_as_json(done: Repair) -> dict[str, Any]:
    """A repair as a JSON object.

    Keys: `outcome` at the end, `before` and `after` as `verification_as_json` gives them (`after`
    holds the resources that were repaired, and is null if nothing was), `removed` and `loaded` by
    table, `refused` (resources of which most would have gone), `failures` of the load.
    """
    return {
        "outcome": done.outcome,
        "before": verification_as_json(done.before),
        "removed": dict(sorted(done.removed.items())),
        "loaded": _loaded(done),
        "refused": done.before.refused,
        "failures": [str(failure) for failure in done.loaded.failures] if done.loaded else [],
        "after": verification_as_json(done.after) if done.after else None,
    }


def verification_as_text(found: Verification) -> str:
    """A comparison for a person."""
    report = found.report
    lines = [*_table(found.tables), ""]
    lines.append(
        f"{counted(sum(f.in_table for f in found.tables), 'row')} of {found.destination} "
        f"({found.dataset}) compared, {counted(report.requests.total(), 'request')}, "
        f"{report.retries.total()} repeated, {counted(report.token_requests, 'sign-in')}, "
        f"{found.seconds:.1f} s"
    )
    wrong = [finding for finding in found.tables if not finding.is_equal]
    for finding in wrong:
        for kind, keys in finding.examples.items():
            lines.append(f"{kind} in {finding.table}: {_keys(keys, getattr(finding, kind))}")
    lines += capped([one_line(warning) for warning in report.warnings])
    lines += [f"{name} is not compared: {reason}." for name, reason in found.left_out.items()]
    if report.failures:
        lines.append(f"{counted(len(report.failures), 'part')} could not be read:")
        lines += [f"  {line}" for line in failure_lines(report.failures)]
    if found.unread:
        lines.append(f"Not compared because of that: {listed(found.unread)}.")
    if wrong:
        differ = "differs" if len(wrong) == 1 else "differ"
        lines.append(
            f"{len(wrong)} of {counted(len(found.tables), 'table')} {differ} from the API."
        )
    elif found.tables:
        are = "is" if len(found.tables) == 1 else "are"
        lines.append(f"{counted(len(found.tables), 'table')} {are} equal to the API.")
    return "\n".join(lines)


def repair_as_text(done: Repair) -> str:
    """A repair for a person."""
    lines = [verification_as_text(done.before)]
    for name in done.before.refused:
        lines.append(
            f"{name} is not repaired: most of its rows would go. Is the account still allowed to "
            "see them? If the API is right, load it with --full-refresh."
        )
    if done.after is None:
        return "\n".join(lines)
    lines.append("")
    removed = sorted(done.removed.items())
    lines += [f"{counted(rows, 'row')} removed from {name}" for name, rows in removed]
    lines += [f"{counted(rows, 'row')} loaded into {name}" for name, rows in _loaded(done).items()]
    if done.loaded:
        lines += [f"  not loaded: {line}" for line in failure_lines(done.loaded.failures)]
    lines += ["", "After the repair:", verification_as_text(done.after)]
    return "\n".join(lines)


def _finding_as_json(finding: Finding) -> dict[str, Any]:
    counts: dict[str, Any] = {name: getattr(finding, name) for name in _COUNTS}
    examples = {kind: [_plain(key) for key in keys] for kind, keys in finding.examples.items()}
    return {**counts, "examples": examples}


def _loaded(done: Repair) -> dict[str, int]:
    rows = done.loaded.rows if done.loaded else {}
    return dict(sorted((table, count) for table, count in rows.items() if count))


def _table(findings: Iterable[Finding]) -> list[str]:
    rows: list[tuple[str, ...]] = [("table", *_HEADS)]
    rows += [(f.table, *(f"{getattr(f, name):,}" for name in _COUNTS)) for f in findings]
    first, *widths = [max(map(len, column)) for column in zip(*rows)]
    return [
        "  ".join((f"{name:<{first}}", *(f"{cell:>{w}}" for cell, w in zip(cells, widths))))
        for name, *cells in rows
    ]


def _keys(keys: Sequence[Key], count: int) -> str:
    """Keys as text; the parts of one are joined by a stroke."""
    shown = ", ".join("|".join(map(str, _plain(key))) for key in keys)
    return f"{shown}, ..." if count > len(keys) else shown


def _plain(key: Key) -> list[Any]:
    """Key values as JSON knows them."""
    return [value if isinstance(value, int) or value is None else str(value) for value in key]
