"""Sandboxes for the tests: a fresh one for each test, and one that nobody changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.sandbox_client import Client

from perfectgym_source.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A tiny installation that the test may change."""
    with Sandbox(size="tiny", seed=1) as running:
        yield running
        assert running.errors == []


@pytest.fixture
def employee(sandbox: Sandbox) -> Client:
    """The API user of `sandbox`, signed in."""
    return Client(sandbox, sandbox.employee)


@pytest.fixture
def member(sandbox: Sandbox) -> Client:
    """The demo member of `sandbox`, signed in."""
    return Client(sandbox, sandbox.member)


@pytest.fixture(scope="session")
def untouched() -> Iterator[Sandbox]:
    """A tiny installation that no test changes."""
    with Sandbox(size="tiny", seed=1) as running:
        yield running
        assert running.errors == []


@pytest.fixture(scope="session")
def reading_employee(untouched: Sandbox) -> Client:
    """The API user of `untouched`."""
    return Client(untouched, untouched.employee)


@pytest.fixture(scope="session")
def reading_member(untouched: Sandbox) -> Client:
    """The demo member of `untouched`."""
    return Client(untouched, untouched.member)
