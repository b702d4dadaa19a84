"""What a user may not keep of a file that is replaced."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from perfectgym_source.destination.duckdb.loading_file import opened
from perfectgym_source.destination.duckdb.replacement import keep_attributes, write_text
from perfectgym_source.errors import ConfigurationError


@pytest.mark.parametrize(("mode", "kept"), [(0o640, 0o600), (0o660, 0o600), (0o644, 0o644)])
def test_a_group_that_nobody_chose_gets_no_permission_of_its_own(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    mode: int,
    kept: int,
) -> None:
    def refused(*_: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refused)
    old, new = tmp_path / "old", tmp_path / "new"
    for file in (old, new):
        file.touch()
    old.chmod(mode)
    keep_attributes(old, new)
    assert new.stat().st_mode & 0o777 == kept
    assert "does not let this user keep owner, group" in caplog.text


def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    with pytest.raises(ConfigurationError, match="cannot be written"), opened(tmp_path / "x", 0):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_text_replaces_a_file_and_goes_into_a_pipe_and_what_is_neither_is_told(
    tmp_path: Path,
) -> None:
    file, pipe = tmp_path / "page.html", tmp_path / "pipe"
    for text in ("first", "second"):
        write_text(file, text)
        assert file.read_text() == text
    os.mkfifo(pipe)
    writing = threading.Thread(target=write_text, args=(pipe, "page"))
    writing.start()
    assert pipe.read_text() == "page"
    writing.join()
    assert pipe.is_fifo()
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"file/page\.html cannot be written: Not a dir"):
        write_text(tmp_path / "file" / "page.html", "page")
