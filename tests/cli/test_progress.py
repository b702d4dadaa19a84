"""Progress lines and logs, as cron sees them."""

import io
import json
import logging
import sys

import pytest

from perfectgym_source.cli.progress import LineCollector
from perfectgym_source.pipeline.logs import PROGRESS, begin_run, configure_logs


@pytest.fixture(autouse=True)
def logs_as_before():
    root, progress = logging.getLogger(), logging.getLogger(PROGRESS)
    before = root.level, list(root.handlers), progress.level
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    progress.setLevel(before[2])
    begin_run("")


def lines(monkeypatch, *arguments):
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    configure_logs(*arguments)
    return written


def test_json_lines_carry_the_run_and_one_object_each(monkeypatch):
    written = lines(monkeypatch, "json", "info", False)
    begin_run("run-1")
    logging.getLogger("perfectgym_source.extract").info("read %s", "clübs\nand more")
    [line] = written.getvalue().splitlines()
    entry = json.loads(line)
    assert entry["run_id"] == "run-1"
    assert entry["message"] == "read clübs\nand more"
    assert entry["level"] == "info"


def test_what_lies_below_the_level_is_not_shown_but_progress_is(monkeypatch):
    written = lines(monkeypatch, "text", "warning", False)
    logging.getLogger("perfectgym_source").info("no")
    logging.getLogger(PROGRESS).info("yes")
    assert written.getvalue() == "yes\n"


def test_quiet_leaves_errors_only(monkeypatch):
    written = lines(monkeypatch, "text", "debug", True)
    logging.getLogger(PROGRESS).info("progress")
    logging.getLogger("perfectgym_source").warning("warning")
    logging.getLogger("perfectgym_source").error("error")
    assert written.getvalue() == "error\n"


def test_a_line_names_the_step_and_the_most_first():
    collector = LineCollector(1000)
    with collector("Extract"):
        collector.update("clubs", 4)
        collector.update("classes", 12_300)
        line = collector.line()
    assert line.startswith("Extract, 0 s: classes 12,300, clubs 4")


def test_a_line_tells_how_far_each_list_is_though_no_row_has_come_yet():
    collector = LineCollector(1000)
    with collector("Extract"):
        collector.update("Resources", 0)
        collector.update("clubs", 4)
        collector.update("classes", 0, message="3 pages, 0 of 8 clubs")
        collector.update("classes", 0, message="12 pages, 3 of 8 clubs")
        line = collector.line()
    assert line == "Extract, 0 s: clubs 4, classes 0 (12 pages, 3 of 8 clubs)"
    with collector("Normalize"):
        collector.update("classes", 7)
        assert collector.line() == "Normalize, 0 s: classes 7"


def test_lines_come_at_intervals_and_end_with_the_step(monkeypatch):
    written = lines(monkeypatch, "text", "warning", False)
    collector = LineCollector(0.01)
    with collector("Load"):
        collector.update("Jobs")
        while written.getvalue().count("Load") < 2:
            collector._ended.wait(0.01)
    thread = collector._thread
    thread.join(10)
    assert not thread.is_alive()
