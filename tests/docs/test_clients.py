"""The programs of docs/clients.md read the published file, and cannot change it.

Their packages are large: they are installed once into a folder that is kept, apart from the others.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from support.pages import BLOCKS, Block
from support.program import Program

REQUIREMENTS = Path(__file__).with_name("requirements-clients.txt")
PROGRAMS = [block for block in BLOCKS if (block.page, block.kind) == ("docs/clients.md", "python")]
WRITES = {
    "import duckdb": """
try:
    duckdb.connect("gym.duckdb", read_only=True).sql("CREATE TABLE perfectgym.mine (id INT)")
except duckdb.InvalidInputException as error:
    assert "read-only" in str(error)
    print(len(frame))
""",
    "from sqlalchemy": """
try:
    with engine.connect() as gym:
        gym.execute(text("CREATE TABLE perfectgym.mine (id INT)"))
except Exception as error:
    assert "read-only" in str(error), error
    assert "start_date" in {column["name"] for column in columns}
    print(count)
""",
    "import adbc": """
try:
    with dbapi.connect(**driver, db_kwargs=file) as gym, gym.cursor() as cursor:
        cursor.execute("CREATE TABLE perfectgym.mine (id INT)")
except dbapi.Error as error:
    assert "read-only" in str(error), error
    print(table.num_rows)
""",
}
"""What stands behind each program: it fails to write, and prints the number of rows."""


@pytest.fixture(scope="module")
def packages() -> Path:
    """The folder with the packages."""
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "perfectgym-tests"
    folder = cache / f"clients-{wanted}-{sys.implementation.cache_tag}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=cache))
        pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(new)]
        done = subprocess.run(
            [*pip, "-r", str(REQUIREMENTS)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"the packages cannot be installed: {done.stderr[-300:]}")
        try:
            new.rename(folder)
        except OSError:  # another test made it meanwhile
            assert folder.exists()
    return folder


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_a_client_reads_the_file_and_cannot_change_it(
    block: Block, loaded: Program, packages: Path
) -> None:
    [writes] = [text for start, text in WRITES.items() if block.text.startswith(start)]
    done = subprocess.run(
        [sys.executable, "-c", block.text + writes],
        cwd=loaded.folder,
        env={"PYTHONPATH": str(packages), "HOME": str(loaded.folder)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert loaded.query("SELECT count(*) FROM perfectgym.classes") == [(int(done.stdout),)]
