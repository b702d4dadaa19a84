"""The result of `check`."""

from __future__ import annotations

from typing import Any

from ...extract.report import Failure
from ...pipeline.probe import Checked
from ...text import counted
from .json_output import attributes
from .report import failure_lines
from .style import BAD, GOOD, styled
from .table import table

_MARKS = {True: "ok", False: "FAILED", None: "-"}


def as_data(checked: Checked) -> dict[str, Any]:
    """Return the JSON object of a check.

    Keys: `outcome` (`ok`, or `failed` if something does not work), `findings`, a list with
    `resource`, `works` and `text`, `mode`, `clubs` and `hint`.
    """
    return {
        "outcome": "ok" if checked.works else "failed",
        "findings": [attributes(entry, "error") for entry in checked.findings],
        "mode": checked.mode,
        "clubs": checked.clubs,
        "hint": checked.hint,
    }


def as_text(checked: Checked) -> str:
    """Return a line for each resource, each kind of failure once, and the totals."""
    heads = ("result", "resource", "")
    rows = [
        (_MARKS[entry.works], entry.resource, "" if entry.error else entry.text)
        for entry in checked.findings
    ]
    failures = [
        Failure(entry.resource, (), entry.error) for entry in checked.findings if entry.error
    ]
    lines = table([heads, *rows])
    if failures:
        lines += ["", *failure_lines(failures)]
    lines += ["", _totals(checked)]
    if checked.hint:
        lines.append(checked.hint)
    return "\n".join(lines)


def _totals(checked: Checked) -> str:
    works = sum(entry.works is True for entry in checked.findings)
    skipped = sum(entry.works is None for entry in checked.findings)
    line = f"{works} of {len(checked.findings)} {'works' if works == 1 else 'work'}"
    if skipped:
        line += f", {skipped} could not be asked"
    if works:
        who = "API client" if checked.is_client else f"{checked.mode} account"
        line += f"; signed in as {who}"
    if checked.clubs is not None:
        more = " or more" if checked.has_more_clubs else ""
        line += f", {counted(checked.clubs, 'club')}{more}"
    style = BAD if works + skipped < len(checked.findings) else GOOD
    return styled(f"{line}.", style)
