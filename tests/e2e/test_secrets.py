"""Neither the password nor a token is written anywhere, whatever happens and at every log level."""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from program import Program

from perfectgym_source.sandbox import Fault, Sandbox


def written(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every byte in every file below a folder; what is compressed also as it reads."""
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        yield path, content
        if content[:2] == b"\x1f\x8b":
            yield path, gzip.decompress(content)


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


def test_debug_logs_are_written_so_that_the_search_above_has_something_to_search(
    configured: Program,
) -> None:
    done = configured("--resources", "clubs", RUNTIME__LOG_LEVEL="DEBUG")
    assert len(done.stdout + done.stderr) > 10_000
