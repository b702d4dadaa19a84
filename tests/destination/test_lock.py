"""What the lock file says of the run that is under way."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pytest

from perfectgym_source.destination import Options, destination_for
from perfectgym_source.destination.duckdb.limits import ROW_GROUP, threads_of_first_load
from perfectgym_source.destination.run_lock import RunUnderWay, run_lock, run_under_way
from perfectgym_source.errors import LockedError


def test_a_run_is_under_way_only_while_it_holds_the_lock(tmp_path: Path) -> None:
    folder = tmp_path / "working"
    assert run_under_way(folder) is None
    with run_lock(folder) as was_killed:
        assert not was_killed
        run = run_under_way(folder)
        assert run is not None and run.since is not None
        assert f"process {os.getpid()} on " in str(run)
        assert datetime.now(timezone.utc) - run.since < timedelta(minutes=1)
        with pytest.raises(LockedError, match=f"process {os.getpid()} on .*, since 2"):
            run_lock(folder).__enter__()
    assert run_under_way(folder) is None

    (folder / "run.lock").write_text('{"pid": 1, "host": "a", "started": "2026-01-01T00:00:00"}')
    assert run_under_way(folder) is None
    with run_lock(folder) as was_killed:
        assert was_killed


@pytest.mark.parametrize("written", ["{", "[]", "{}", '{"pid": 1, "host": "a", "started": "x"}'])
def test_a_lock_file_that_says_nothing_is_a_run_that_has_just_begun(
    tmp_path: Path, written: str
) -> None:
    (tmp_path / "run.lock").write_text(written)
    with open(tmp_path / "run.lock") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        run = run_under_way(tmp_path)
        assert str(run) == "A run has just begun"
        assert run is not None and not run.is_longer_than(1e-9)
        with pytest.raises(LockedError, match="it has just begun"):
            run_lock(tmp_path).__enter__()


def test_who_is_kept_out_by_a_run_that_hangs_is_told_which_process_to_end(tmp_path: Path) -> None:
    started = datetime.now(timezone.utc) - timedelta(hours=3)
    held_by = f'{{"pid": 7, "host": "a", "started": "{started.isoformat()}"}}'
    (tmp_path / "run.lock").write_text(held_by)
    with open(tmp_path / "run.lock") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(LockedError, match="if it hangs, end process 7 on a;"):
            run_lock(tmp_path, 2).__enter__()
        for hours in (0, 4):
            with pytest.raises(LockedError, match="it does not have to be repeated"):
                run_lock(tmp_path, hours).__enter__()


def test_a_run_hangs_after_its_hours_and_never_without_a_limit() -> None:
    run = RunUnderWay("process 1 on a", datetime.now(timezone.utc) - timedelta(hours=2))
    assert run.is_longer_than(1.9)
    assert not run.is_longer_than(2.1)
    assert not run.is_longer_than(0)


READER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
print("open", flush=True)
sys.stdin.read()
"""


def test_who_looks_into_the_file_after_dbt_has_time_to_close_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    destination = destination_for(Options("duckdb", tmp_path / "gym.duckdb", "perfectgym"))
    loading = tmp_path / "gym_loading.duckdb"
    with destination.open():
        with destination.lent():
            duckdb.connect(str(loading)).close()
            reader = subprocess.Popen(
                [sys.executable, "-c", READER, str(loading)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert reader.stdin and reader.stdout
            assert reader.stdout.readline() == b"open\n"
            threading.Timer(0.3, reader.stdin.close).start()
        assert reader.poll() is not None or reader.wait(10) == 0


def test_only_a_first_load_takes_a_single_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    destination = destination_for(Options("duckdb", tmp_path / "gym.duckdb", "perfectgym"))
    threads = []
    for _ in range(2):
        with destination.open() as session, session.client() as client:
            threads += client.execute_sql("SELECT current_setting('threads')")
            client.execute_sql("CREATE OR REPLACE TABLE main.changed AS SELECT 1 AS a")
    assert threads == [(1,), (3,)]


def test_a_new_table_is_filled_by_a_thread_for_each_four_row_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    four = 4 * ROW_GROUP
    found = [threads_of_first_load(rows) for rows in (0, four, 2 * four - 1, 2 * four, 9 * four)]
    assert found == [1, 1, 1, 2, 3]
