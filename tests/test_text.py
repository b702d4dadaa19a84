"""Words: plurals, lists that stay short, and text that is safe to show."""

import json
import logging

import pytest

from perfectgym_source.catalog import ENDPOINTS
from perfectgym_source.cli.rendering.report import failure_lines
from perfectgym_source.errors import ConfigurationError, PerfectGymError, RequestRefused
from perfectgym_source.extract.failures import wrong_mode
from perfectgym_source.extract.report import Failure
from perfectgym_source.pipeline.logs import configure_logs
from perfectgym_source.text import capped, counted, listed, one_line, printable

HOSTILE = "a\x1b[31mred\x1b]0;title\x07\r\nFAKE: b\x9bc\u2028d\u202ee\x00\ud800f"


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 requests"), (1, "1 request"), (1200, "1,200 requests")]
)
def test_a_noun_has_its_number(number, words):
    assert counted(number, "request") == words


def test_a_long_list_is_short_and_counted():
    names = [f"f{number}" for number in range(5000)]
    assert listed(names) == "f0, f1, f2, f3, f4, f5, f6, f7, f8, f9 and 4,990 more"
    assert capped(names)[-1] == "... and 4,990 more"
    assert listed(names[:10]).endswith("f9")
    assert capped(names[:10]) == names[:10]
    assert len(listed(["x" * 5000])) < 120


def test_control_characters_do_not_leave():
    shown = printable(HOSTILE)
    assert [c for c in shown if not c.isprintable() and c != "\n"] == []
    assert shown.count("\n") == 1
    assert one_line(HOSTILE).isprintable()
    assert printable("two\nlines\tof zażółć") == "two\nlines\tof zażółć"


def test_an_error_is_one_line_of_printable_text():
    assert str(RequestRefused(HOSTILE, hint="Do.", resource="clubs", request="GET x")).isprintable()
    assert len(str(RequestRefused("x" * 1_000_000, hint="Do."))) < 3000


@pytest.mark.parametrize("end", ["!", "?", ".", ". ", ""])
def test_a_sentence_has_one_mark_at_its_end(end):
    assert str(ConfigurationError(f"It is so{end}", hint="Do.")) in (
        "It is so. Do.",
        "It is so! Do.",
        "It is so? Do.",
    )


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_log_holds_no_control_characters_and_no_forged_lines(form, capfd):
    configure_logs(form, "warning", False)
    logging.getLogger("perfectgym_source.x").warning("It said %s", HOSTILE)
    [line] = capfd.readouterr().err.splitlines()
    text = json.loads(line)["message"] if form == "json" else line
    assert [c for c in text if not c.isprintable() and c != "\n"] == []


def test_the_log_names_a_failure_once_and_debug_each_time(capfd):
    for level, lines in (("warning", 2), ("debug", 5)):
        configure_logs("text", level, False)
        logger = logging.getLogger("perfectgym_source.x")
        for number in range(4):
            logger.error("%s", PerfectGymError("It broke", request=f"GET {number}"))
        logger.error("%s", PerfectGymError("It broke otherwise"))
        assert len(capfd.readouterr().err.splitlines()) == lines


@pytest.mark.parametrize(
    ("level", "of_dlt", "lines"),
    [("warning", "WARNING", 0), ("info", "WARNING", 1), ("debug", "WARNING", 3)]
    + [("warning", "DEBUG", 3)],
)
def test_what_dlt_logs_is_for_those_who_look_for_details(level, of_dlt, lines, capfd):
    configure_logs("text", level, False)
    logger = logging.getLogger("dlt")
    was, propagated = logger.level, logger.propagate
    try:
        logger.setLevel(of_dlt)
        logger.propagate = False
        logger.error("A job failed\nTraceback (most recent call last):\n  x")
        assert len(capfd.readouterr().err.splitlines()) == lines
    finally:
        logger.setLevel(was)
        logger.propagate = propagated


def refused(resource, number=0, status=403):
    error = RequestRefused("No", status=status, resource=resource, request=f"GET {number}")
    return Failure(resource, (number,), error)


def test_failures_that_differ_in_the_request_only_are_one_line():
    found = [refused("users", number) for number in range(3)] + [refused("clubs")]
    assert failure_lines(found) == ["users, clubs (4 parts): No."]
    assert failure_lines(found[:1]) == ["users of 0: No (users, GET 0)."]
    kinds = [Failure("x", (), RequestRefused(str(number))) for number in range(30)]
    assert failure_lines(kinds)[10:] == ["... and 20 more"]


OPEN = ("clubs", "classes", "instructors", "lead_sources")
OF_EMPLOYEES = ("users", "contracts", "club_visits", "memberships")


@pytest.mark.parametrize(
    ("mode", "status", "failing", "other"),
    [
        ("employee", 403, OF_EMPLOYEES, '"user"'),
        ("employee", 403, OPEN + OF_EMPLOYEES, '"user"'),
        ("user", 403, OPEN + OF_EMPLOYEES, '"employee"'),
        ("employee", 403, OF_EMPLOYEES[:3], None),
        ("employee", 500, OF_EMPLOYEES, None),
        ("employee", 403, (), None),
    ],
)
def test_an_account_of_the_other_mode_gets_a_sentence(mode, status, failing, other):
    errors = {name: refused(name, status=status).error for name in failing}
    hint = wrong_mode(mode, [ENDPOINTS[name] for name in OPEN + OF_EMPLOYEES], errors)
    assert hint is None if other is None else f"mode = {other}" in hint


def test_an_api_client_that_may_read_nothing_gets_another_sentence():
    errors = {name: refused(name, status=403).error for name in OPEN + OF_EMPLOYEES}
    hint = wrong_mode("employee", [ENDPOINTS[name] for name in OPEN + OF_EMPLOYEES], errors, True)
    assert "mode" not in hint and "right ApiAccess" in hint
