"""The published file is known by the loads that it was made of."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from support.histories import Recorder
from support.loading import small_world

from perfectgym_source.destination.duckdb import publish
from perfectgym_source.destination.duckdb.loading_file import loading_file
from perfectgym_source.sandbox import Sandbox


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    with Sandbox(world=small_world(users=2)) as sandbox:
        yield Recorder(tmp_path, sandbox)


@pytest.fixture
def marker(recorder: Recorder) -> Path:
    return recorder.database.with_name(f".{recorder.database.name}.published")


def clubs(recorder: Recorder) -> int:
    """The number of clubs in the published file."""
    [(number,)] = recorder.query("SELECT count(*) FROM clubs", recorder.database)
    return int(number)


def load_unpublished(recorder: Recorder, patch: pytest.MonkeyPatch) -> None:
    """Add a club and load it; the run dies before it publishes."""
    recorder.sandbox.world.add("clubs")
    with patch.context() as context:
        context.setattr("perfectgym_source.destination.duckdb.duckdb_file.publish", lambda *_: None)
        recorder.load("clubs")


def test_times_do_not_say_that_a_file_is_published(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.load("clubs")
    before = clubs(recorder)
    load_unpublished(recorder, monkeypatch)
    for file in (recorder.database, loading_file(recorder.database)):
        os.utime(file, (1, 1))  # as `touch` of both, or a restore, may leave them
    assert not recorder.is_published()
    recorder.load("clubs")
    assert clubs(recorder) == before + 1


def test_neither_touch_nor_a_copy_is_a_reason_to_publish(recorder: Recorder) -> None:
    recorder.load("clubs")
    recorder.database.touch()
    for file in (recorder.database, loading_file(recorder.database)):
        shutil.copyfile(file, f"{file}.copy")
        os.replace(f"{file}.copy", file)
    before = recorder.database.stat()
    recorder.load("clubs")
    after = recorder.database.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert recorder.is_published()


def test_the_file_of_another_installation_is_replaced(recorder: Recorder, tmp_path: Path) -> None:
    recorder.load("clubs")
    other = Recorder(tmp_path / "other", recorder.sandbox)
    other.folder.mkdir()
    other.load("clubs")
    shutil.copyfile(other.database, recorder.database)
    assert not recorder.is_published()
    recorder.load("clubs")
    assert recorder.is_published()
    load = "SELECT max(load_id) FROM _dlt_loads WHERE schema_name = 'perfectgym'"
    ours = recorder.query(load, loading_file(recorder.database))
    assert recorder.query(load, recorder.database) == ours


def test_an_installation_without_a_marker_publishes_nothing_that_is_there(
    recorder: Recorder, marker: Path
) -> None:
    recorder.load("clubs")
    marker.unlink()
    published = recorder.database.stat()
    os.utime(loading_file(recorder.database), ns=(published.st_atime_ns, published.st_mtime_ns))
    recorder.load("clubs")
    after = recorder.database.stat()
    assert (after.st_ino, after.st_mtime_ns) == (published.st_ino, published.st_mtime_ns)
    assert marker.exists()


def test_an_installation_without_a_marker_publishes_what_is_not_there(
    recorder: Recorder, marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.load("clubs")
    before = clubs(recorder)
    load_unpublished(recorder, monkeypatch)
    marker.unlink()
    recorder.load("clubs")
    assert clubs(recorder) == before + 1


def test_an_older_published_file_that_is_put_back_is_replaced(recorder: Recorder) -> None:
    recorder.load("clubs")
    older = recorder.database.read_bytes()
    recorder.sandbox.world.add("clubs")
    recorder.load("clubs")
    now = clubs(recorder)
    recorder.database.write_bytes(older)
    assert clubs(recorder) == now - 1
    recorder.load("clubs")
    assert clubs(recorder) == now


def test_a_change_without_a_load_is_published(recorder: Recorder) -> None:
    recorder.load("clubs")
    before = clubs(recorder)
    with duckdb.connect(str(loading_file(recorder.database))) as connection:
        connection.execute("DELETE FROM perfectgym.clubs WHERE id = (SELECT min(id) FROM "
                           "perfectgym.clubs)")  # fmt: skip
    recorder.load("clubs")
    assert clubs(recorder) == before - 1


def test_marts_are_published_though_the_clock_was_ahead_when_they_were_built_before(
    recorder: Recorder,
) -> None:
    recorder.load("clubs")
    for time, statement in (
        ("2100-01-01", "CREATE TABLE perfectgym._run_marts AS"),
        ("2026-01-01", "INSERT INTO perfectgym._run_marts"),
    ):
        with duckdb.connect(str(loading_file(recorder.database))) as connection:
            built = f"TIMESTAMPTZ '{time}' AS built_at, NULL::TEXT AS relations"
            connection.execute(f"{statement} SELECT {built}")
        assert not recorder.is_published()
        recorder.load("clubs")
        assert recorder.is_published()


@pytest.mark.parametrize("text", [b"", b"{", b"[]"])
def test_a_damaged_marker_is_none(recorder: Recorder, marker: Path, text: bytes) -> None:
    recorder.load("clubs")
    good = marker.read_bytes()
    marker.write_bytes(text)
    recorder.load("clubs")
    assert marker.read_bytes() == good


def test_a_marker_that_cannot_be_written_fails_no_run(
    recorder: Recorder, marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker.mkdir(parents=True)
    recorder.load("clubs")
    assert clubs(recorder)
    assert not recorder.is_published()
    assert publish._marker_file(recorder.database) == marker
