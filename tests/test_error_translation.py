"""Whose an error is, by where it was raised."""

import errno
import queue
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
import requests
from dlt.destinations.exceptions import DatabaseTransientException
from dlt.pipeline.exceptions import PipelineStepFailed

from perfectgym_source.destination import Options, destination_for
from perfectgym_source.error_translation import explain
from perfectgym_source.errors import (
    ApiError,
    DestinationError,
    SignInError,
    SystemFailure,
)

FULL = OSError(errno.ENOSPC, "No space left on device")
DESTINATION = destination_for(Options("duckdb", Path("gym.duckdb"), "perfectgym"))


def failed(step, cause):
    """What dlt raises where a step fails."""
    pipeline = SimpleNamespace(pipeline_name="perfectgym", has_pending_data=False)
    error = PipelineStepFailed(pipeline, step, "1", cause)
    error.__cause__ = cause
    return error


def with_context(error, context):
    error.__context__ = context
    return error


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (failed("extract", FULL), SystemFailure, "No space left"),
        (failed("normalize", FULL), SystemFailure, "No space left"),
        (failed("load", FULL), DestinationError, "gym.duckdb failed"),
        (failed("sync", duckdb.IOException("It is so")), DestinationError, "failed: It is so."),
        (
            failed("load", DatabaseTransientException(duckdb.Error("It is so"))),
            DestinationError,
            "failed: It is so.",
        ),
        (
            with_context(failed("load", with_context(duckdb.Error("Real"), queue.Empty())), None),
            DestinationError,
            "failed: Real.",
        ),
        (failed("load", queue.Empty()), DestinationError, "failed: Empty"),
        (failed("extract", requests.ConnectionError("s3cret")), ApiError, "ConnectionError"),
        (failed("extract", ConnectionResetError()), ApiError, "ConnectionResetError"),
        (failed("extract", MemoryError()), SystemFailure, "memory"),
        (failed("extract", SignInError("No")), SignInError, "No."),
        (FULL, DestinationError, "gym.duckdb failed"),
        (
            PermissionError(errno.EACCES, "Permission denied", str(DESTINATION.folder / "x")),
            SystemFailure,
            "Permission denied: ",
        ),
        (
            NotADirectoryError(errno.ENOTDIR, "Not a directory", str(DESTINATION.folder.parent)),
            SystemFailure,
            "DLT_DATA_DIR",
        ),
    ],
)
def test_an_error_is_whose_step_it_was_raised_in(error, kind, words):
    found = DESTINATION.translate_error(error)
    assert type(found) is kind
    assert words in str(found)
    assert "s3cret" not in str(found)


@pytest.mark.parametrize("error", [KeyError("x"), failed("extract", KeyError("x"))])
def test_a_bug_stays_a_bug(error):
    assert DESTINATION.translate_error(error) is error
    assert explain(error) is error


@pytest.mark.parametrize(
    ("text", "is_damaged"),
    [
        ("Corrupt database file: computed checksum 1 does not match", True),
        ('The file "x" exists, but it is not a valid DuckDB database file!', True),
        ("Could not read enough bytes from file: attempted to read 9 bytes from location 1", True),
        ("Trying to read a database file with version number 69", False),
        ("Could not write file: No space left on device", False),
    ],
)
def test_a_file_is_moved_away_only_where_it_is_damaged(text, is_damaged):
    found = str(DESTINATION.translate_error(failed("load", duckdb.IOException(text))))
    assert ("move it" in found) is is_damaged
    assert "!." not in found


def test_a_database_file_that_must_not_be_read_is_named_with_what_to_do():
    error = PermissionError(errno.EACCES, "Permission denied", "gym.duckdb")
    found = DESTINATION.translate_error(error)
    assert type(found) is DestinationError
    assert "gym.duckdb" in str(found)
    assert "owner and permissions" in str(found)


def test_what_is_raised_outside_of_a_destination_is_the_systems():
    assert type(explain(FULL)) is SystemFailure
    assert type(explain(RuntimeError("can't start new thread"))) is SystemFailure
    assert "/x" in str(explain(FileNotFoundError(errno.ENOENT, "No such file", "/x")))
