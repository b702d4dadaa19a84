"""The scenario `publishing`: to put a large file in the place of the published one."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from contenders import DATABASE, TABLE, ours
from data import Shape
from measure import Range, run
from plan import Plan, expect_rows, fresh_folder, load_again
from report import Section
from serving import Serving

from perfectgym_source.destination.duckdb.loading_file import loading_file

_CLASSES = 100_000
_CHANGES = 1_000
_BYTES = 578
"""So many a row takes that `_grow` adds."""
_TEXTS = 34
_ROWS_AT_ONCE = 500_000


def publishing(plan: Plan) -> Section:
    """Runs with few changes over files of several sizes, on the file system of `TMPDIR`."""
    sizes = plan.sizes(quick=(10_000_000,), usual=(1_000_000_000,), full=10_000_000_000)
    cells, raw = [], []
    for size in sizes:
        with Serving(Shape(_CLASSES), zipped=plan.zipped) as server, fresh_folder() as folder:
            ours().load(folder, server.base_url)
            run([[sys.executable, __file__, str(folder), str(size // _BYTES)]], folder, {})
            runs, peaks, kept = [], [], []
            for turn in range(plan.rounds + 1):
                server.change_classes(_CHANGES)
                before = _used(folder)
                with _peak(folder) as used:
                    measure = ours().load(folder, server.base_url)
                expect_rows(measure, "classes", _CHANGES)
                if turn:  # the first one publishes what was added
                    runs.append(measure)
                    peaks.append((max(used) - before) / 1e9)
                    kept.append((_used(folder) - before) / 1e9)
            unchanged = load_again(ours(), folder, server.base_url, "classes")
            file = (folder / DATABASE).stat().st_size / 1e9
        cells.append(
            (
                f"{file:.1f}",
                Range(tuple(m.wall for m in runs)).text(),
                Range(tuple(m.cpu for m in runs)).text(),
                f"{Range(tuple(m.memory for m in runs)).median:.0f}",
                Range(tuple(peaks)).text(),
                Range(tuple(kept)).text(),
                f"{unchanged.wall:.1f}",
            )
        )
        raw.append({"bytes": size, "walls": [m.wall for m in runs], "peaks_gb": peaks})
    return Section(
        title=f"Publishing: {_CHANGES:,} changed rows in a large file",
        heads=("file GB", "wall s", "CPU s", "peak MB", "disk, at most GB more", "afterwards",
               "nothing new: wall s"),
        rows=cells,
        notes=("Disk: what the whole file system holds more than before the run.",),
        raw={"sizes": raw},
    )  # fmt: skip


def _used(folder: Path) -> int:
    """Bytes of the folder's file system that are in use."""
    found = os.statvfs(folder)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


@contextmanager
def _peak(folder: Path) -> Iterator[list[int]]:
    """What is in use in the meantime, again and again."""
    used, ended = [_used(folder)], threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            used.append(_used(folder))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield used
    finally:
        ended.set()
        watching.join()


def _grow(folder: Path, rows: int) -> None:
    """Add rows that hardly compress to the file that is loaded."""
    texts = ", ".join(f"md5((i * {_TEXTS} + {n})::VARCHAR)" for n in range(_TEXTS))
    table = TABLE.partition(".")[2]
    with duckdb.connect(str(loading_file(folder / DATABASE))) as connection:
        for first in range(0, rows, _ROWS_AT_ONCE):
            connection.execute(
                f"INSERT INTO {table} BY NAME SELECT 1_000_000_000 + i AS id, 1 + i % 8 AS club_id,"
                f" 1 AS timestamp, concat({texts}) AS class_type__description"
                f" FROM range({first}, {min(rows, first + _ROWS_AT_ONCE)}) AS t(i)"
            )


if __name__ == "__main__":
    _grow(Path(sys.argv[1]), int(sys.argv[2]))
