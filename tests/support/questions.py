"""The questions of docs/questions.md: their queries, and their results as tables of the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

LABELS = {"Both generations:": ("v1", "v2.2"), "API v1:": ("v1",), "API v2.2:": ("v2.2",)}
_RESULT = re.compile(rf"^({'|'.join(map(re.escape, LABELS))})\n\n((?:\|.*\n)+)", re.MULTILINE)
Answer = tuple[Sequence[str], Sequence[Sequence[Any]]]


def queries(page: str) -> list[str]:
    """The queries of the page."""
    return re.findall(r"^```sql\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


def table(answer: Answer) -> str:
    """A result as a table of the page."""
    names, rows = answer
    lines = [names, ["---"] * len(names), *([_text(value) for value in row] for row in rows)]
    return (
        "".join(f"| {' | '.join(line)} |\n" for line in lines)
        .replace("| --- ", "|---")
        .replace("|--- |", "|---|")
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def answered(page: str, ask: Callable[[str, str], Answer]) -> str:
    """The page with the results of now; both generations have to give what is one result there.

    Args:
        page: the page.
        ask: runs a query over the marts of an API.
    """
    parts = re.split(r"(?m)^(?=## )", page)
    return "".join(parts[:1] + [_section(part, ask) for part in parts[1:]])


def _section(section: str, ask: Callable[[str, str], Answer]) -> str:
    [query] = queries(section)

    def result(found: re.Match[str]) -> str:
        first, *others = [table(ask(api, query)) for api in LABELS[found[1]]]
        assert all(other == first for other in others), f"{query}\n{first}{others}"
        return f"{found[1]}\n\n{first}"

    changed, count = _RESULT.subn(result, section)
    assert count, section
    return changed
