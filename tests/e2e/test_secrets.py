"""Neither the password nor a token is written anywhere, whatever happens and at every log level."""

from __future__ import annotations

import base64
import signal
import zlib
from pathlib import Path
from urllib.parse import quote

import pytest
from support.fork_server import ForkServer, Place
from support.program import Program
from support.written import written

from perfectgym_source.sandbox import Fault, Sandbox


def forms(secret: str) -> list[bytes]:
    """The secret as it is, in a URL, and inside base64."""
    return [secret.encode(), quote(secret, safe="").encode(), base64.b64encode(secret.encode())]


@pytest.mark.parametrize("trouble", ["none", "refused sign-in", "failing list", "bad database"])
def test_no_secret_is_written_anywhere(configured: Program, sandbox: Sandbox, trouble: str) -> None:
    secrets = [sandbox.employee.password]
    settings = {"RUNTIME__LOG_LEVEL": "DEBUG", "SOURCES__PERFECTGYM__ATTEMPTS": "2"}
    if trouble == "refused sign-in":
        secrets = ["canary-pa55/word+%"]
        settings["SOURCES__PERFECTGYM__PASSWORD"] = secrets[0]
    if trouble == "failing list":
        sandbox.faults.add(Fault(path="Clubs/Clubs", kind="status", status=500, times=None))
    if trouble == "bad database":
        configured.database.write_text("no database")

    done = configured("--resources", "clubs,classes,class_types", "--progress", "log", **settings)

    assert (done.returncode == 0) == (trouble == "none")
    tokens = sandbox.issued_tokens
    assert bool(tokens) == (trouble in ("none", "failing list"))
    found = [
        (str(where), secret)
        for secret in (*secrets, *tokens)
        for form in forms(secret)
        for where, content in (
            *written(configured.folder),
            (Path("stdout"), done.stdout.encode()),
            (Path("stderr"), done.stderr.encode()),
        )
        if form in content or form in _inflated(content)
    ]
    assert found == []


def _inflated(content: bytes) -> bytes:
    """dlt keeps its state as base64 of zlib in the destination."""
    try:
        return zlib.decompress(base64.b64decode(content, validate=True))
    except (ValueError, zlib.error):
        return b""


@pytest.mark.parametrize("status", [200, 403, 500])
@pytest.mark.parametrize("api", ["v1", "v2.2"])
def test_a_secret_that_the_api_quotes_is_not_shown(program: Program, api: str, status: int) -> None:
    with Sandbox(size="tiny", seed=1, api=api, quirks=False) as sandbox:
        if api == "v1":
            account, path = sandbox.employee, "Clubs/Clubs"
            settings = {"USERNAME": account.username, "PASSWORD": account.password}
        else:
            client, path = sandbox.client, "v2.2/odata/Clubs"
            settings = {"CLIENT_ID": client.client_id, "CLIENT_SECRET": client.client_secret}
        secrets = {settings.get("PASSWORD", settings.get("CLIENT_SECRET", ""))}
        fault = sandbox.faults.add(Fault(path, "status", status, times=None))

        def quote_secrets(request: object) -> None:
            secrets.update(sandbox.issued_tokens)
            fault.body = {"errors": [{"message": f"you sent {' '.join(secrets)}"}]}

        sandbox.on_request = quote_secrets
        settings |= {"BASE_URL": sandbox.base_url, "ATTEMPTS": "2", "RETRY_WAIT": "0.01"}
        environment = {f"SOURCES__PERFECTGYM__{name}": value for name, value in settings.items()}
        done = program("load", "--resources", "clubs", "--log-level", "debug", **environment)
    assert done.returncode == 4
    output = (Path("output"), (done.stdout + done.stderr).encode())
    assert b"you sent ***" in output[1]
    for where, content in (*written(program.folder), output):
        assert not [secret for secret in secrets if secret.encode() in content], where


def test_debug_logs_are_written_so_that_the_search_above_has_something_to_search(
    configured: Program,
) -> None:
    done = configured("--resources", "clubs", RUNTIME__LOG_LEVEL="DEBUG")
    assert len(done.stdout + done.stderr) > 5_000


def open_to_others(folder: Path) -> list[str]:
    """Files and folders that anybody but their owner can read or write."""
    return [
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.lstat().st_mode & 0o077
    ]


def test_nothing_that_is_written_can_be_read_by_others(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    place = Place("perfectgym_source.destination.duckdb.merging:MergeJob.run", "after", 2)
    resources = ("--resources", "clubs,classes,contracts")
    assert server.run(*resources, die_at=place).code == -signal.SIGKILL
    left = {path.suffix for path in configured.folder.rglob("*") if path.is_file()}
    assert {".parquet", ".duckdb", ".lock"} <= left
    assert open_to_others(configured.folder) == []
    done = server.run(*resources)
    assert done.code == 0, done.errors
    # The published file is for a group to read, until its owner gives it another mode.
    assert open_to_others(configured.folder) == ["gym.duckdb"]
    configured.database.chmod(0o604)
    for row in sandbox.world.rows("classes"):
        sandbox.world.change("classes", row, attendeesCount=77)
    assert server.run(*resources).code == 0
    assert configured.database.stat().st_mode & 0o777 == 0o604


def test_secrets_that_others_can_read_are_told_once(configured: Program) -> None:
    folder = configured.folder / ".dlt"
    folder.mkdir()
    files = {"secrets.toml": "[sources.perfectgym]\n", "config.toml": '[alerts]\nping_url = "x"\n'}
    for name, text in files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
    told = configured("check", "--resources", "clubs").stderr
    for name in files:
        assert told.count(f"chmod 600 {folder / name}") == 1
        (folder / name).chmod(0o640)
    assert "chmod" not in configured("check", "--resources", "clubs").stderr
    (folder / "config.toml").write_text('[pipelines.core]\ngroups = ["club"]\n')
    (folder / "config.toml").chmod(0o644)
    assert "chmod" not in configured("check", "--resources", "clubs").stderr
