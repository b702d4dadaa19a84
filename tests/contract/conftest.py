"""What the tests over real sockets share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from perfectgym_source.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A PerfectGym installation on a port of this machine."""
    with Sandbox(size="tiny", seed=1) as running:
        yield running
