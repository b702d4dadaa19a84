"""A sandbox that takes no more than so many requests at once, and in a second."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from perfectgym_source.sandbox.limits import Limits


def test_requests_beyond_a_limit_are_refused_and_say_when_to_come_again() -> None:
    limits = Limits(per_second=5)
    found = [limits.work(0.0) for _ in range(20)]
    assert found[:5] == [None] * 5
    refused = [each for each in found if each is not None]
    assert refused
    assert (refused[0].status, refused[0].retry_after) == (429, "1")


def test_requests_wait_in_a_line() -> None:
    limits = Limits(at_once=1)
    assert limits._line is not None
    with ThreadPoolExecutor(1) as pool:
        with limits._line:
            waiting = pool.submit(limits.work, 0.0)
            assert not waiting.done()
        assert waiting.result(10) is None
