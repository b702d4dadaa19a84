"""`perfectgym report` as a process: in a browser, as a file, and what it says if it cannot."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.request import urlopen

import duckdb
import pytest
from jsonschema import Draft202012Validator
from support.browser import Page, chromium, page
from support.mart_figures import Counted
from support.mart_tables import CLUBS, MONTHS, Rows, database, made_up
from support.program import PERFECTGYM, Program

from perfectgym_source.report.words import count, month_name

DEEP = """
window.deep = (css, root = document) => [
  ...root.querySelectorAll(css),
  ...[...root.querySelectorAll('*')].flatMap(e => e.shadowRoot ? deep(css, e.shadowRoot) : [])];
window.choose = (select, text) => {
  const option = [...select.options].find(o => o.text === text);
  Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value')
    .set.call(select, option.value);
  select.dispatchEvent(new Event('change', {bubbles: true})) }; true
"""
DRAWN = "document.querySelectorAll('figure .chart svg').length === 13"


@pytest.fixture(scope="module")
def rows() -> Rows:
    return made_up()


@pytest.fixture
def built(program: Program, rows: Rows) -> Program:
    """The program with marts in its DuckDB file."""
    database(program.database, rows)
    return program


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    executable = chromium()
    if executable is None:
        pytest.skip("needs Chromium: apt-get install chromium, or CHROMIUM=path")
    with page(executable) as opened:
        yield opened


@contextmanager
def serving(program: Program, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the report's server; yields the process and its address."""
    process = subprocess.Popen(
        [sys.executable, str(PERFECTGYM), "report", "--no-browser", *arguments],
        cwd=program.folder,
        env=program.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), process.communicate()
        assert process.stdout.readline() == "Ctrl-C ends it.\n"
        yield process, address
    finally:
        process.kill()
        process.communicate()


def members(rows: Rows, month: date, *clubs: str) -> str:
    found = Counted(rows, month, month, clubs).monthly("kpi_club_month", "members_end")
    return f"{month_name(month)}: members {count(found[month])}"


def has_label(label: str) -> str:
    labels = "[...document.querySelectorAll('[aria-label]')]"
    return f"{labels}.some(e => e.ariaLabel === {json.dumps(label)})"


@pytest.mark.timeout(300)
def test_the_app_in_a_browser_shows_what_the_filters_leave(
    built: Program, browser: Page, rows: Rows
) -> None:
    with serving(built) as (process, address):
        browser.open(address)
        browser.wait_for(DRAWN, 120)
        browser.evaluate(DEEP)
        last, earlier = MONTHS[-2], MONTHS[-8]
        assert browser.evaluate(has_label(members(rows, last)))
        assert "Gym report, Jan 2026" in browser.text()

        # The last month, and the headline with it.
        browser.evaluate(f"choose(deep('select')[1], {month_name(earlier)!r})")
        browser.wait_for(f"document.body.innerText.includes('Gym report, {month_name(earlier)}')")
        browser.wait_for(f"{DRAWN} && !{has_label(members(rows, last))}")
        assert browser.evaluate(has_label(members(rows, earlier)))

        # One club.
        browser.click("deep('button', deep('marimo-multiselect')[0].shadowRoot)[0]")
        option = f"deep('[role=option]').find(e => e.textContent.includes({CLUBS['a|2']!r}))"
        browser.wait_for(f"!!{option}")
        browser.click(option)
        browser.wait_for(has_label(members(rows, earlier, "a|2")))
        browser.wait_for(f"document.body.innerText.includes('{CLUBS['a|2']}; ')")
        found = Counted(rows, earlier, earlier, ["a|2"]).monthly("kpi_club_month", "members_end")
        tiles = browser.evaluate("[...document.querySelectorAll('.value')].map(e => e.innerText)")
        assert tiles[0] == count(found[earlier])

        # Nothing is asked of any other machine, and nothing went wrong.
        hosts = {entry.split("/")[2] for entry in browser.requested if "//" in entry}
        assert hosts == {address.split("/")[2]}
        assert browser.errors == []
        # While the page is open, others can write the file.
        duckdb.connect(str(built.database)).close()
        assert process.poll() is None
        browser.open("about:blank")
    assert not list(Path(built.folder).glob("__marimo__"))


def test_the_page_is_a_page_of_the_browser_without_errors(
    built: Program, browser: Page, tmp_path: Path, rows: Rows
) -> None:
    done = built("report", "--html", "report.html")
    assert (done.returncode, done.stdout) == (0, "Written: report.html\n")
    for width, is_dark in ((1280, False), (1280, True), (390, False)):
        browser.open((built.folder / "report.html").as_uri(), width, is_dark=is_dark)
        browser.wait_for(f"document.readyState === 'complete' && {DRAWN}")
        assert browser.errors == []
        assert len(browser.requested) == 1
        # Nothing is wider than the window.
        assert browser.evaluate("document.documentElement.scrollWidth") == width
        ink, paper = browser.evaluate(
            "[getComputedStyle(document.querySelector('svg text')).fill, "
            "getComputedStyle(document.body).backgroundColor]"
        )
        assert (ink, paper) == (
            ("rgb(227, 231, 234)", "rgb(21, 25, 29)")
            if is_dark
            else ("rgb(29, 35, 40)", "rgb(255, 255, 255)")
        )
    assert browser.evaluate(has_label(members(rows, MONTHS[-2])))


def test_the_file_is_its_owners_and_a_failure_keeps_the_old_one(built: Program) -> None:
    done = built("report", "--html", "report.html", "--json")
    found = json.loads(done.stdout)
    schema = Path(__file__).parents[2] / "docs" / "result.schema.json"
    Draft202012Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(found)
    assert (found["command"], found["outcome"], found["file"]) == ("report", "ok", "report.html")
    assert (found["first_month"], found["last_month"]) == ("2024-02-01", "2026-01-01")
    assert found["currencies"] == ["EUR"]
    file = built.folder / "report.html"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_bytes()
    built.database.unlink()
    failed = built("report", "--html", "report.html")
    assert failed.returncode == 2
    assert "Nothing was loaded yet" in failed.stderr
    assert "perfectgym load" in failed.stderr
    assert file.read_bytes() == text
    assert [path.name for path in built.folder.glob("*report*")] == ["report.html"]


def test_what_cannot_be_done_is_said_before_anything_is_served(program: Program) -> None:
    nothing = program("report")
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert "Nothing was loaded yet: there is no gym.duckdb" in nothing.stderr
    as_json = program("report", "--json")
    assert as_json.returncode == 2
    assert "--json needs --html" in as_json.stderr
    database(program.database, schema="other")
    none = program("report")
    assert none.returncode == 2
    assert "no marts of perfectgym" in none.stderr
    assert "perfectgym marts" in none.stderr


def test_without_its_packages_it_names_the_pip_command(built: Program) -> None:
    (built.folder / "sitecustomize.py").write_text(
        "import importlib.util as util\n"
        "found = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'marimo' else found(name, *more)\n"
    )
    done = built.exec("report", PYTHONPATH=str(built.folder))
    assert done.returncode == 2
    assert "The report needs marimo" in done.stderr
    assert "pip install 'perfectgym-source[report]'" in done.stderr


def test_a_folder_that_is_not_there_is_named(built: Program) -> None:
    done = built("report", "--html", "no/such/report.html")
    assert done.returncode == 2
    assert "There is no folder no/such" in done.stderr


@pytest.mark.parametrize("option", [("report", "--html"), ("marts", "--docs")], ids=" ".join)
def test_a_file_of_another_kind_is_not_replaced(built: Program, option: tuple[str, str]) -> None:
    """Such as the database, by a slip."""
    before = built.database.read_bytes()
    done = built(*option, built.database.name)
    assert (done.returncode, built.database.read_bytes() == before) == (2, True)
    assert "gym.duckdb is there, and is no HTML file." in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_only_this_machine_and_the_token_open_it_until_it_is_ended(
    built: Program, number: int
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with serving(built, "--port", str(port)) as (process, address):
        plain, _, token = address.partition("?access_token=")
        assert plain == f"http://127.0.0.1:{port}/"
        assert len(token) > 20
        end = time.monotonic() + 60
        for wrong in (plain, f"{plain}?access_token=x"):
            with urlopen(wrong, timeout=max(1, end - time.monotonic())) as response:
                assert "/auth/login" in response.url
        beside = built("report", "--no-browser", "--port", str(port))
        assert beside.returncode == 2
        assert f"The port {port} cannot be used" in beside.stderr
        process.send_signal(number)
        output, errors = process.communicate(timeout=20)
        assert (process.returncode, output, errors) == (0, "\n", "")
