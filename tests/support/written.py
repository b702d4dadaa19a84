"""What a program has written."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path


def written(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every byte in every file below a folder; what is compressed also as it reads."""
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        yield path, content
        if content[:2] == b"\x1f\x8b":
            yield path, gzip.decompress(content)
