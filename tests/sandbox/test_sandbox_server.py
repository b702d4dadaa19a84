"""The server: connections, compression, speed, start and stop, and the command."""

from __future__ import annotations

import ast
import gzip
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from support.sandbox_client import Client, token

import perfectgym_source
from perfectgym_source.sandbox import RecordedRequest, Sandbox, World
from perfectgym_source.sandbox.__main__ import greeting
from perfectgym_source.sandbox.encoding import _with_the_standard_library as encode_slowly
from perfectgym_source.sandbox.encoding import encode

ROOT = Path(perfectgym_source.__file__).parents[1]


def raw(client: Client) -> tuple[http.client.HTTPConnection, dict[str, str]]:
    """A connection below `requests`, and the header that signs its requests."""
    sandbox = client.sandbox
    connection = http.client.HTTPConnection(sandbox.host, sandbox.port, timeout=5)
    return connection, {"Authorization": str(client.session.headers["Authorization"])}


def test_a_connection_is_kept_for_many_requests(reading_employee: Client) -> None:
    connection, headers = raw(reading_employee)
    connection.connect()
    port = connection.sock.getsockname()
    for path in ("Clubs/Clubs", "Nothing", "Classes/Classes?clubId=1"):
        connection.request("GET", f"/Api/{path}", headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.version == 11
        assert connection.sock.getsockname() == port
    connection.close()


def test_the_body_of_a_refused_request_does_not_spoil_the_connection(
    reading_employee: Client,
) -> None:
    connection, headers = raw(reading_employee)
    connection.request("POST", "/Api/Clubs/Clubs", body=b"GET / HTTP/1.1\r\n\r\n", headers=headers)
    assert connection.getresponse().read()
    connection.request("GET", "/Api/Clubs/Clubs", headers=headers)
    assert connection.getresponse().status == 200
    connection.close()


def test_large_answers_are_compressed_for_those_who_can_read_them(
    reading_employee: Client,
) -> None:
    connection, headers = raw(reading_employee)

    def ask(path: str, **more: str) -> tuple[str | None, bytes]:
        connection.request("GET", f"/Api/{path}", headers={**headers, **more})
        answer = connection.getresponse()
        return answer.getheader("Content-Encoding"), answer.read()

    encoding, plain = ask("Classes/Classes?clubId=1")
    assert encoding is None
    for _ in range(2):
        encoding, packed = ask("Classes/Classes?clubId=1", **{"Accept-Encoding": "gzip, deflate"})
        assert encoding == "gzip"
        assert gzip.decompress(packed) == plain
        assert len(packed) < len(plain) / 4
    encoding, _ = ask("Contracts/FreezeReasons", **{"Accept-Encoding": "gzip"})
    assert encoding is None
    connection.close()


def test_a_page_kept_compressed_is_forgotten_when_the_world_changes(
    sandbox: Sandbox, employee: Client
) -> None:
    before = employee.elements("Clubs/Clubs")
    assert employee.elements("Clubs/Clubs") == before
    sandbox.world.change("clubs", 1, name="Renamed")
    assert employee.elements("Clubs/Clubs")[-1]["name"] == "Renamed"


def test_a_page_of_classes_takes_milliseconds(reading_employee: Client) -> None:
    connection, headers = raw(reading_employee)
    seconds = []
    for _ in range(50):
        started = time.perf_counter()
        connection.request("GET", "/Api/Classes/Classes?clubId=1", headers=headers)
        assert len(connection.getresponse().read()) > 100_000
        seconds.append(time.perf_counter() - started)
    connection.close()
    assert statistics.median(seconds) < 0.02  # a delayed acknowledgement would cost 0.04


def test_an_exception_in_the_hook_is_shown_as_500(employee: Client) -> None:
    def fail(_: RecordedRequest) -> None:
        raise LookupError("the hook of the test")

    sandbox = employee.sandbox
    sandbox.on_request = fail
    assert employee.get("Clubs/Clubs").status_code == 500
    assert [type(error) for error in sandbox.errors] == [LookupError]
    sandbox.clear_records()
    sandbox.on_request = None
    assert employee.get("Clubs/Clubs").status_code == 200


def test_a_stopped_sandbox_answers_no_more_and_starts_again_at_its_port() -> None:
    sandbox = Sandbox().start()
    client = Client(sandbox, sandbox.employee)
    url = sandbox.base_url
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        client.get("Clubs/Clubs")
    with sandbox:
        assert sandbox.base_url == url
        assert client.get("Clubs/Clubs").status_code == 200


def test_a_running_sandbox_cannot_be_started_and_a_taken_port_not_be_had(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RuntimeError, match="running already"):
        sandbox.start()
    with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1, port {sandbox.port}"):
        Sandbox(world=sandbox.world, port=sandbox.port).start()


def test_one_world_can_be_served_twice(sandbox: Sandbox, employee: Client) -> None:
    with Sandbox(world=sandbox.world) as second:
        sandbox.world.change("clubs", 1, name="Shared")
        other = Client(second, second.employee)
        assert other.elements("Clubs/Clubs") == employee.elements("Clubs/Clubs")
        second.revoke_tokens()
        assert employee.get("Clubs/Clubs").status_code == 200


def test_nothing_is_logged(employee: Client, capfd: pytest.CaptureFixture[str]) -> None:
    employee.get("Clubs/Clubs")
    employee.get("Nothing")
    assert capfd.readouterr() == ("", "")


def test_the_command_prints_what_to_paste_and_serves_until_it_is_told_to_stop() -> None:
    command = [sys.executable, "-m", "perfectgym_source.sandbox", "--size", "tiny", "--seed", "3"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [*command, "--expires-in", "60"], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(14)]
        values = [line.partition("=")[2] for line in lines if line.startswith("SOURCES__")]
        assert [mode for *_, mode in (values[:4], values[4:])] == ["employee", "user"]
        for url, username, password, _ in (values[:4], values[4:]):
            form = {"username": username, "password": password, "grant_type": "password"}
            answer = requests.post(f"{url}/oauth/authorize", data=form, timeout=5)
            assert answer.json()["expires_in"] == 60
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0


def test_credentials_are_the_same_for_the_same_seed(sandbox: Sandbox) -> None:
    with Sandbox(size="tiny", seed=1) as again:
        assert greeting(again) == greeting(sandbox).replace(sandbox.base_url, again.base_url)
        assert token(again, sandbox.member.username, sandbox.member.password).status_code == 200


def test_the_sandbox_knows_nothing_of_the_connector() -> None:
    folder = ROOT / "perfectgym_source" / "sandbox"
    for module in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                if name.startswith("perfectgym_source"):
                    assert name.startswith("perfectgym_source.sandbox"), module


def test_json_is_the_same_without_orjson() -> None:
    row = World("tiny").classes[0]
    assert json.loads(encode(row)) == json.loads(encode_slowly(row)) == row
