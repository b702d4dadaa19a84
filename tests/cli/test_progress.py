"""Progress lines and logs, as cron sees them."""

import io
import json
import logging
import sys
import threading

import pyte
import pytest
from rich.live import Live

from perfectgym_source.catalog import ENDPOINTS
from perfectgym_source.cli import screen
from perfectgym_source.cli.progress import LineCollector, collector
from perfectgym_source.cli.screen import ScreenCollector
from perfectgym_source.extract.progress import EndpointProgress, ExtractProgress
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


def looks(collector, *steps):
    """Go through steps of dlt; each is its name and what it counts."""
    found = []
    for step, counts in steps:
        with collector(step):
            for name, inc, total in counts:
                collector.update(name, inc, total)
            found.append(collector.look())
    return found


def test_what_dlt_counts_is_shown_without_its_own_tables():
    rows = [("Files", 0, 4), ("_dlt_pipeline_state", 1, None), ("clubs", 4, None)]
    jobs = [("Jobs", 1, 12)]
    steps = [
        ("Normalize perfectgym in 17.5", rows),
        ("Load perfectgym in 17.5", jobs),
        ("Load perfectgym in 18.5", jobs),
    ]
    normalize, load, other = looks(LineCollector(1000), *steps)
    assert (normalize.step, normalize.rows, normalize.all_jobs) == ("normalize", {"clubs": 4}, 0)
    assert (load.step, load.rows, load.jobs, load.all_jobs) == ("load", {"clubs": 4}, 1, 12)
    assert other.rows == {}  # another package


def test_jobs_that_failed_are_not_counted_twice():
    lines = LineCollector(1000)
    with lines("Load x"):
        lines.update("Jobs", 0, 3)
        lines.update("Jobs", 1)
        lines.update("Jobs", 1, message="WARNING: Some of the jobs failed!", label="Failed")
        lines.update("Jobs", inc=0, inc_total=2)
        look = lines.look()
    assert (look.jobs, look.all_jobs) == (1, 5)


def test_lines_come_at_intervals_and_end_with_the_step(monkeypatch):
    written = lines(monkeypatch, "text", "warning", False)
    collector = LineCollector(0.01)
    with collector("Load"):
        thread = collector._thread
        while written.getvalue().count("load, ") < 2:
            collector._ended.wait(0.01)
    assert not thread.is_alive()


def test_no_thread_outlives_a_step_that_fails(monkeypatch):
    lines(monkeypatch, "text", "warning", False)
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), LineCollector(0.01)("Extract"):
        raise KeyboardInterrupt
    assert threading.active_count() == before


class Extraction:
    """An extraction of a number of contracts, one of which takes a second."""

    def __init__(self, contracts):
        self.fees = EndpointProgress(ENDPOINTS["contract_fees"], partitions=contracts)
        self.details = None

    def __call__(self):
        endpoints = [self.fees, self.details] if self.details else [self.fees]
        return ExtractProgress(endpoints, 10, connections=8, possible_pace=1.0)


def estimates(monkeypatch, extraction, *changes):
    """Return what is printed, before and after changes of the extraction."""
    written = lines(monkeypatch, "text", "warning", False)
    collector = LineCollector(1000)
    collector.follow(extraction)
    for change in (lambda: None, *changes):
        change()
        collector.estimate(collector.look())
        collector.estimate(collector.look())
    return written.getvalue().splitlines()


def test_a_long_extraction_is_estimated_once(monkeypatch):
    found = estimates(monkeypatch, Extraction(600))
    assert found == ["Still to come: about 600 requests, 10 min at 1.0 requests/s."]


def test_a_short_extraction_is_not_estimated(monkeypatch):
    assert estimates(monkeypatch, Extraction(59)) == []


def test_it_is_estimated_again_when_all_lists_are_known(monkeypatch):
    extraction = Extraction(300)
    extraction.details = EndpointProgress(ENDPOINTS["message_details"])

    def all_are_known():
        extraction.details = EndpointProgress(ENDPOINTS["message_details"], partitions=900)

    assert estimates(monkeypatch, extraction, all_are_known) == [
        "Still to come: at least 300 requests, 5 min 0 s at 1.0 requests/s.",
        "Still to come: about 1,200 requests, 20 min at 1.0 requests/s.",
    ]


@pytest.mark.parametrize(
    ("choice", "is_terminal", "term", "kind"),
    [
        ("auto", True, "xterm", ScreenCollector),
        ("bars", True, "xterm", ScreenCollector),
        ("tqdm", True, "xterm", ScreenCollector),
        ("log", True, "xterm", LineCollector),
        ("auto", True, "dumb", LineCollector),
        ("auto", False, "xterm", LineCollector),
        ("bars", False, "xterm", LineCollector),
        ("off", True, "xterm", type(None)),
    ],
)
def test_lines_are_drawn_where_a_terminal_can(choice, is_terminal, term, kind, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", term)
    assert type(collector(choice, 30, is_terminal)) is kind


def test_a_warning_that_is_printed_while_lines_are_drawn_overwrites_nothing(monkeypatch):
    """The lines become fewer between the two steps of its print."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    monkeypatch.setattr(screen, "SECONDS", 600)
    monkeypatch.setattr(screen, "screen_lines", lambda lines, *_: lines)
    monkeypatch.setenv("TERM", "xterm-256color")
    console = screen._SteadyConsole(file=written, force_terminal=True, width=80, soft_wrap=True)
    shown = ScreenCollector(console)
    process = Live.process_renderables
    other = threading.Thread(target=lambda: shown.show(["one line"]))

    def interrupted(live, renderables):
        found = process(live, renderables)
        if threading.current_thread() is threading.main_thread() and other.ident is None:
            other.start()
            other.join(0.2)  # it has to wait for the end of the print
        return found

    with shown("Extract"):
        print("above", file=sys.stderr)
        shown.show(["first line", "second line", "third line"])
        monkeypatch.setattr(Live, "process_renderables", interrupted)
        print("a warning", file=sys.stderr)
        other.join()
    terminal = pyte.Screen(80, 24)
    pyte.Stream(terminal).feed(written.getvalue().replace("\n", "\r\n"))
    assert [line.rstrip() for line in terminal.display if line.strip()] == ["above", "a warning"]
