"""What all tests have in common."""

import gc
import os
import re
import signal
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from perfectgym_source.sandbox import Sandbox

# Read by dlt when it is imported: a folder without `.dlt`. The checkout's may be somebody's own.
os.environ["DLT_PROJECT_DIR"] = str(Path(__file__).parent)
import_module("support.quick_dlt").quicken()
import_module("support.worlds").keep_worlds()

# Databases that live for a second are made in memory where there is room for those of all workers
# (and `TMPDIR` names no other place): on a disk, a sixth of the time of a load goes into its files.
MEMORY = Path("/dev/shm")
if "TMPDIR" not in os.environ and MEMORY.is_dir():
    place = os.statvfs(MEMORY)
    is_large = place.f_bavail * place.f_frsize > 4 * 1024**3
    if is_large and not place.f_flag & os.ST_NOEXEC:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# Tests that a shell starts in the background ignore Ctrl-C, those of nohup the end of a terminal,
# and what they start would, too.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

# What was imported stays: looking through it again and again takes a tenth of the time.
gc.freeze()
gc.set_threshold(100_000, 50, 100)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the marts: the worker that has the first tests then starts dbt, and no other."""
    of_marts = re.compile("/(marts/|test_(blocks|dictionary|marts))")
    items.sort(key=lambda item: of_marts.search(item.nodeid.partition("::")[0]) is None)


def pytest_collection_finish() -> None:
    """The modules of the tests and the tests themselves stay, too."""
    gc.freeze()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A PerfectGym installation on a port of this machine."""
    with Sandbox(size="tiny", seed=1) as running:
        yield running
