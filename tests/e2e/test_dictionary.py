"""`perfectgym marts --docs` as a process; the file in a browser."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from support.browser import chromium, page
from support.marts_project import running_in
from support.program import Program

from perfectgym_source.destination.marts_schemas import PROJECT
from perfectgym_source.sandbox import Sandbox

LOADED = "load", "--resources", "clubs,club_visits"
SHOWS = "document.body && document.body.innerText.includes({!r})".format
NODES = """angular.element(document.querySelector('#cy')).scope().graph.elements
  .filter(e => e.group === 'nodes').map(e => e.data.name)"""


def test_the_dictionary_explains_all_tables_in_one_file(
    configured: Program, sandbox: Sandbox
) -> None:
    assert configured(*LOADED).returncode == 0
    before = configured.database.read_bytes()
    done = configured("marts", "--docs", "dictionary.html", "--json", **running_in(PROJECT))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["outcome"], found["file"], found["marts"]) == ("ok", "dictionary.html", None)
    assert configured.database.read_bytes() == before

    file = configured.folder / "dictionary.html"
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text("utf-8")
    _has_nothing_private(text, configured, sandbox)
    # What was loaded has its type; the other generation is not there.
    assert '"id":{"name":"id","type":"BIGINT"' in text
    assert not re.search(r'"(source|model)\.perfectgym\.(stg_)?perfectgym_v22', text)
    _works_in_a_browser(file)


def _has_nothing_private(text: str, program: Program, sandbox: Sandbox) -> None:
    secrets = [value for name, value in program.environment.items() if "PASSWORD" in name]
    names = [club["name"] for club in sandbox.world.clubs]
    assert secrets and names
    folders = [str(program.folder), str(Path(__file__).parents[2]), str(Path.home()) + os.sep]
    assert [word for word in (*secrets, *names, *folders) if word in text] == []
    assert not re.search(
        r"//[\w.-]*(cloudfront|dbt\.com)|sinter-collect|<link rel|gym_loading", text
    )


def _works_in_a_browser(file: Path) -> None:
    executable = chromium()
    if executable is None:
        pytest.skip("needs Chromium: apt-get install chromium, or CHROMIUM=path")
    with page(executable) as browser:
        browser.open(file.as_uri())
        browser.wait_for(SHOWS("PerfectGym data dictionary"))
        assert browser.evaluate(SHOWS("fct_contract\tsuccessor_key"))

        browser.click("document.querySelector('#search')")
        browser.command("Input.insertText", text="fct_visit")
        browser.wait_for(SHOWS("search results"))
        browser.wait_for("/^fct_visit\\s*model$/m.test(document.body.innerText)")

        assert browser.errors == []
        assert [url for url in browser.requested if not url.startswith("data:")] == [file.as_uri()]

        browser.open("about:blank")
        browser.open(
            f"{file.as_uri()}#!/model/model.perfectgym.fct_visit?g_v=1&g_i=%2Bfct_visit%2B"
        )
        browser.wait_for(SHOWS("The first entry, in the club's local time."))
        browser.wait_for(f"({NODES}).includes('fct_visit')")
        lineage = browser.wait_for(f"({NODES}).length > 9 && {NODES}")
        assert {"club_visits", "int_perfectgym__visit", "kpi_club_day"} <= set(lineage)

        assert browser.errors == []


def test_a_folder_that_is_not_there_is_said_before_anything_is_done(configured: Program) -> None:
    done = configured("marts", "--docs", "nowhere/dictionary.html")
    assert done.returncode == 2
    assert "There is no folder nowhere for --docs" in done.stderr


def test_without_a_load_there_is_nothing_to_explain(configured: Program) -> None:
    done = configured("marts", "--docs", "dictionary.html")
    assert done.returncode == 2
    assert "Nothing has been loaded" in done.stderr
    assert not (configured.folder / "dictionary.html").exists()
