"""An older DuckDB in a folder of its own, for what must be readable without the newest one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

VERSION = "1.0.0" if sys.version_info < (3, 13) else "1.1.3"
"""The oldest that there is for this Python."""

_ASK = """
import duckdb, json, sys
assert duckdb.__version__ == sys.argv[1], duckdb.__version__
with duckdb.connect(sys.argv[2]) as connection:
    for sql in sys.argv[3:]:
        found = connection.execute(sql).fetchall()
print(json.dumps(found, default=str))
"""


def ask(file: Path, *statements: str) -> list[list[Any]]:
    """Run SQL with the older DuckDB; gives the rows of the last statement."""
    done = subprocess.run(
        [sys.executable, "-c", _ASK, VERSION, str(file), *statements],
        env={"PYTHONPATH": str(_folder()), "HOME": str(file.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows: list[list[Any]] = json.loads(done.stdout)
    return rows


def _folder() -> Path:
    """The folder with its package, made once and kept."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "perfectgym-tests"
    folder = cache / f"duckdb-{VERSION}-{sys.implementation.cache_tag}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=cache))
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(new)]
        done = subprocess.run([*pip, f"duckdb=={VERSION}"], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"duckdb {VERSION} cannot be installed: {done.stderr[-300:]}")
        try:
            new.rename(folder)
        except OSError:  # another test made it meanwhile
            assert folder.exists()
    return folder
