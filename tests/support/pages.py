"""The pages of the documentation, and the fenced blocks in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PROSE = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in PAGES}
"""The texts of the pages by their paths."""
ALL = "\n".join(PROSE.values())

_BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<reason>[^\n]+) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        page: The path of its page.
        kind: Its language: `sh`, `python`, `sql`, `toml`, ...
        text: What stands in it.
        reason: Why no test runs it: the text of `<!-- not run: ... -->` before it.
    """

    page: str
    kind: str
    text: str
    reason: str | None

    def __str__(self) -> str:
        return f"{self.page}: {self.text.splitlines()[0][:60]}"


def _blocks() -> Iterator[Block]:
    for page, text in PROSE.items():
        for found in _BLOCK.finditer(text):
            yield Block(page, found["kind"], found["text"], found["reason"])


BLOCKS = tuple(_blocks())
"""All fenced blocks, in the order of the pages."""
