"""How many threads read at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from perfectgym_source.extract.concurrency import PERIOD, ConcurrencyLimiter, fitting_limit


class Machine:
    """Clocks that go on as told."""

    def __init__(self):
        self.now = 0.0
        self.used = 0.0
        self.is_stopped = False

    def turns(self, most):
        return ConcurrencyLimiter(
            most, lambda: self.is_stopped, lambda: self.now, lambda: self.used
        )

    def go_on(self, share):
        """Another period, of which this share is processor time."""
        self.now += 1.01 * PERIOD
        self.used += 1.01 * PERIOD * share


def test_fewer_threads_read_while_the_processor_is_busy_and_more_when_it_no_longer_is():
    assert [fitting_limit(limit, 1.1) for limit in (8, 2, 1)] == [7, 1, 1]
    assert [fitting_limit(limit, 0.5) for limit in (1, 2, 7)] == [2, 4, 14]
    assert [fitting_limit(limit, 0.8) for limit in (1, 8)] == [1, 8]


def test_a_thread_that_is_one_too_many_lets_the_others_go_on():
    machine = Machine()
    turns = machine.turns(2)
    with ThreadPoolExecutor(1) as pool, turns:
        pool.submit(turns.__enter__).result()
        machine.go_on(1.1)
        other = pool.submit(turns.yield_slot)
        while turns.limit == 2:
            time.sleep(0.001)
        assert not other.done()
        turns.__exit__(None, None, None)
        other.result(10)
        assert turns.limit == 1


def test_more_threads_than_configured_never_read():
    machine = Machine()
    turns = machine.turns(3)
    turns.limit = 2
    with turns:
        machine.go_on(0.1)
        turns.yield_slot()
    assert turns.limit == 3


def test_the_limit_stays_where_fewer_threads_read_anyway():
    machine = Machine()
    turns = machine.turns(8)
    with turns:
        machine.go_on(1.1)
        turns.yield_slot()
    assert turns.limit == 8


def test_a_thread_that_waits_for_the_network_lets_others_in():
    machine = Machine()
    turns = machine.turns(2)
    turns.limit = 1
    others_read = threading.Event()

    def read():
        with turns:
            others_read.set()

    with ThreadPoolExecutor(1) as pool, turns:
        other = pool.submit(read)
        assert not others_read.wait(2 * PERIOD)
        machine.go_on(0.0)
        assert others_read.wait(10)
        other.result()


def test_threads_take_turns():
    machine = Machine()
    turns = machine.turns(1)
    order, waits = [], threading.Event()

    def read():
        waits.set()
        with turns:
            order.append("other")

    with ThreadPoolExecutor(1) as pool, turns:
        other = pool.submit(read)
        waits.wait(10)
        turns.yield_slot()
        order.append("first")
        while "other" not in order:
            machine.go_on(1.0)
            turns.yield_slot()
        order.append("first again")
        other.result()
    assert order == ["first", "other", "first again"]


def test_nobody_waits_when_the_run_is_stopped():
    machine = Machine()
    turns = machine.turns(1)

    def read():
        with turns:
            return True

    with ThreadPoolExecutor(1) as pool, turns:
        other = pool.submit(read)
        machine.is_stopped = True
        assert other.result(10)
