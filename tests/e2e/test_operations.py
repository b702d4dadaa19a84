"""What keeps a nightly run in view: history, status, alerts, checks, and the state tools."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.program import Program

from perfectgym_source.sandbox import Fault, Sandbox

RESOURCES = ("--resources", "clubs,classes")


class Receiver:
    """Takes the alerts of a run."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str]] = []
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                got.append((self.path, self.rfile.read(length).decode()))
                self.send_response(200)
                self.end_headers()

            do_POST = do_GET

            def log_message(self, *arguments: object) -> None:
                """Tests are quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def taken(self) -> list[tuple[str, str]]:
        found = list(self.got)
        self.got.clear()
        return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


def test_a_failure_and_the_recovery_are_told_once_and_every_run_is_in_the_history(
    configured: Program, sandbox: Sandbox, receiver: Receiver
) -> None:
    configured.environment.update(
        ALERTS__WEBHOOK_URL=f"{receiver.url}/hook",
        ALERTS__PING_URL=f"{receiver.url}/ping",
        SOURCES__PERFECTGYM__ATTEMPTS="1",
    )
    assert configured(*RESOURCES).returncode == 0
    assert receiver.taken() == [("/ping/start", ""), ("/ping", "")]

    sandbox.faults.add(Fault("Classes/Classes", "status", status=500, times=None))
    for told in (1, 0):
        assert configured(*RESOURCES).returncode == 4
        start, end, *hooks = receiver.taken()
        assert (start[0], end[0]) == ("/ping/start", "/ping/fail")
        assert len(hooks) == told
        for path, body in hooks:
            assert path == "/hook"
            assert "classes" in json.loads(body)["text"]

    sandbox.faults.clear()
    sandbox.world.add("classes", club_id=1)
    assert configured(*RESOURCES).returncode == 0
    [hook] = [body for path, body in receiver.taken() if path == "/hook"]
    assert "recovered" in json.loads(hook)["text"]

    refused = configured(*RESOURCES, SOURCES__PERFECTGYM__PASSWORD="wrong")
    assert refused.returncode == 3
    sandbox.world.add("classes", club_id=1)
    assert configured(*RESOURCES).returncode == 0
    found = configured.query("SELECT outcome, exit_code FROM perfectgym._runs ORDER BY started_at")
    assert found == [("ok", 0), ("partial", 4), ("partial", 4), ("ok", 0), ("failed", 3), ("ok", 0)]
    assert configured.query(
        "SELECT rows_new, rows_changed FROM perfectgym._run_resources r "
        "JOIN perfectgym._runs USING (run_id) "
        "WHERE r.resource = 'classes' ORDER BY started_at DESC LIMIT 1"
    ) == [(1, 0)]


def test_alerts_that_cannot_be_sent_change_nothing_and_give_no_address_away(
    configured: Program,
) -> None:
    done = configured(*RESOURCES, ALERTS__WEBHOOK_URL="http://127.0.0.1:9/T0KEN",
                      ALERTS__PING_URL="http://127.0.0.1:9/T0KEN")  # fmt: skip
    assert done.returncode == 0
    assert "alerts.ping_url" in done.stderr
    assert "T0KEN" not in done.stdout + done.stderr


@pytest.mark.usefixtures("loaded")
def test_the_status_says_what_is_fresh_and_what_was_never_loaded(configured: Program) -> None:
    fresh = configured("status", *RESOURCES)
    assert fresh.returncode == 0, fresh.stdout
    overdue = configured("status", "--json", "--resources", "clubs,contracts")
    assert overdue.returncode == 9
    assert json.loads(overdue.stdout)["overdue"] == ["contracts"]


@pytest.mark.usefixtures("loaded")
def test_the_state_is_shown_and_forgotten_for_one_resource(
    configured: Program, sandbox: Sandbox
) -> None:
    shown = configured("state")
    assert shown.returncode == 0
    assert "classes" in shown.stdout
    asked = configured("reset", "classes")
    assert (asked.returncode, "--yes" in asked.stderr) == (2, True)
    assert configured("reset", "classes", "--yes").returncode == 0
    again = json.loads(configured("--json", *RESOURCES).stdout)
    assert again["rows"] == {"classes": len(sandbox.world.truth("classes"))}
    assert configured("reset", "clases", "--yes").returncode == 2


@pytest.mark.usefixtures("loaded")
def test_two_commands_are_refused_in_a_line_and_nothing_is_reset(configured: Program) -> None:
    state = configured("state").stdout
    refused = configured("--reset", "classes", "--yes", "--status", *RESOURCES)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        "Error: --status and --reset cannot be given together: run one after the other.\n"
    )
    assert configured("state").stdout == state


def test_checks_fail_the_run_where_they_are_to(configured: Program, sandbox: Sandbox) -> None:
    configured.environment.update(CHECKS__MODE="fail", CHECKS__MAX_DROP_PERCENT="10")
    arguments = ("--resources", "lead_sources")
    assert configured(*arguments).returncode == 0
    for row in sandbox.world.rows("lead_sources")[1:]:
        sandbox.world.purge("lead_sources", row)
    done = configured(*arguments)
    assert done.returncode == 10
    assert "lead_sources shrank" in done.stdout
    wrong = configured(*arguments, CHECKS__MODE="fial")
    assert wrong.returncode == 2
    assert "'fail'" in wrong.stderr


def test_the_log_is_json_with_the_runs_id(configured: Program, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("Clubs/Clubs", "status", status=503, times=1))
    done = configured("--json", "--log-format", "json", "--log-level", "info", *RESOURCES)
    entries = [json.loads(line) for line in done.stderr.splitlines()]
    run_id = json.loads(done.stdout)["run_id"]
    retries = [entry for entry in entries if "503" in entry["message"]]
    assert [entry["run_id"] for entry in retries] == [run_id]


@pytest.mark.usefixtures("loaded")
def test_no_file_of_the_history_is_left_behind(configured: Program) -> None:
    folder = Path(configured.environment["DLT_DATA_DIR"])
    assert [path for path in folder.rglob("*perfectgym_runs*") if path.is_dir()] == []
