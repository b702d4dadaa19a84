"""The pace that finds itself, against modelled servers, on a clock of their own.

The best throughput is that of the best fixed number of requests at a time, at no more than 1.5
times the latency of one request alone.
"""

from __future__ import annotations

import itertools
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.modelled import (
    BadHour,
    Bursts,
    Deepening,
    Knee,
    Limiter,
    Pausing,
    Queue,
    Response,
    Server,
    Swapping,
    best,
    read,
    read_with,
)
from support.modelled import Window as Within

from perfectgym_source.api.pace.congestion import LATE, PATIENCE, CongestionControl
from perfectgym_source.api.pace.rate_limit import LEAST_RATE, RateLimit
from perfectgym_source.api.pace.window import Window

KINDS = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Endpoints that differ in their latency a hundredfold."""

SERVERS = {
    "constant, 5 ms": lambda: Server(0.005),
    "constant, 2 s": lambda: Server(2.0),
    "a line behind 1": lambda: Queue(capacity=1),
    "a line behind 3": lambda: Queue(capacity=3),
    "a line behind 8": lambda: Queue(capacity=8),
    "a line behind 64": lambda: Queue(capacity=64),
    "a knee at 1": lambda: Knee(capacity=1),
    "a soft knee at 2": lambda: Knee(capacity=2, power=0.5),
    "a sharp knee at 4": lambda: Knee(capacity=4, power=2),
    "noise": lambda: Server(noise=0.5),
    "a noisy line behind 4": lambda: Queue(capacity=4, noise=0.2),
    "a very noisy line behind 8": lambda: Queue(capacity=8, noise=0.5),
    "stragglers": lambda: Server(noise=0.2, tail=0.05),
    "endpoints of different latency": lambda: Server(kinds=KINDS),
    "a line of different requests behind 4": lambda: Queue(kinds=KINDS, capacity=4),
    "different requests, noise, a knee at 8": lambda: Knee(kinds=KINDS, noise=0.3, capacity=8),
}


@pytest.mark.parametrize("name", SERVERS)
def test_the_pace_is_close_to_the_best_and_steady(name):
    most, least = best(SERVERS[name], 700, 16)
    trace = read(SERVERS[name](), 2500)
    since, end = trace.responses[800][0], trace.responses[-1][0]
    assert trace.throughput(since) >= 0.85 * most
    assert trace.latency(since) <= 1.5 * least
    assert trace.variation(since, end) <= 0.35


@pytest.mark.parametrize("name", SERVERS)
def test_the_start_is_gentle(name):
    trace = read(SERVERS[name](), 300)
    assert trace.limits[0][1] == 1
    for (_, before), (_, after) in itertools.pairwise(trace.limits):
        assert after <= 2 * before
    quickest = min(seconds for _, seconds, _, _ in trace.responses)
    for (since, _), (until, _) in itertools.pairwise(trace.limits):
        assert until - since >= 0.99 * quickest or since == 0


def test_no_more_requests_than_configured_are_under_way():
    assert max(limit for _, limit in read(Server(), 500, most=3).limits) == 3
    assert read(Server(), 100, most=1).limits == [(0.0, 1)]


@pytest.mark.parametrize(
    ("capacity", "times", "hour"),
    [(4, 2.0, 300.0), (16, 2.0, 100.0), (4, 5.0, 300.0), (16, 20.0, 300.0), (4, 50.0, 3600.0)],
)
def test_a_bad_hour_costs_no_more_than_the_server_does(capacity, times, hour):
    server = BadHour(capacity=capacity, times=times, begins=30.0, ends=30.0 + hour)
    trace = read(server, 10**6, seconds=50.0 + hour)
    good = capacity / server.latency
    assert trace.throughput(30 + hour / 3, 30 + hour) >= 0.85 * good / times
    # Within 300 requests after the hour, all is as before.
    recovered = 30 + hour + 300 / good
    assert trace.throughput(recovered) >= 0.85 * min(good, 16 / server.latency)


def test_a_bad_start_does_not_last():
    trace = read(BadHour(capacity=8, times=10.0, begins=0.0, ends=60.0), 4000)
    assert trace.throughput(70.0) >= 0.85 * 80


@pytest.mark.parametrize("asks", [True, False])
@pytest.mark.parametrize(("latency", "rate"), [(0.005, 10), (0.2, 10), (2.0, 2), (0.05, 40)])
def test_a_limit_that_nobody_has_told_is_found(latency, rate, asks):
    server = Limiter(latency, rate=rate, burst=rate, asks=asks)
    trace = read(server, 3000)
    since = trace.responses[1500][0]
    assert trace.throughput(since) >= 0.85 * rate
    refused = sum(status == 429 for _, _, _, status in trace.responses)
    assert refused <= 0.03 * len(trace.responses)


@pytest.mark.parametrize("asks", [True, False])
@pytest.mark.parametrize(("seconds", "is_fixed"), [(1.0, False), (10.0, False), (60.0, True)])
def test_a_limit_of_a_window_is_found_too(seconds, is_fixed, asks):
    server = Within(0.05, rate=10, seconds=seconds, is_fixed=is_fixed, asks=asks)
    trace = read(server, 10**6, seconds=300.0)
    assert trace.throughput(60.0) >= 8.5


UNSTEADY = {
    "each page slower than the last": lambda: Deepening(noise=0.2, capacity=100),
    "slow endpoints become quick ones": lambda: Swapping(kinds=(0.5, 5.0), capacity=100),
    "slower for a moment": lambda: Bursts(noise=0.1, capacity=100),
    "pauses": lambda: Pausing(noise=0.1, capacity=100),
    "latency that varies by its whole size": lambda: Server(noise=1.0),
}


@pytest.mark.parametrize("name", UNSTEADY)
def test_a_server_that_changes_by_itself_is_used(name):
    most, trace = read_with(UNSTEADY[name](), 2000, 16), read(UNSTEADY[name](), 2000)
    paces = [each.throughput(each.responses[700][0]) for each in (trace, most)]
    assert paces[0] >= 0.75 * paces[1]


def test_a_server_that_refuses_all_is_asked_slowly():
    class Closed(Server):
        def respond(self, now, under_way, kind, chance):
            return Response(0.01, 429, 1.0)

    trace = read(Closed(), 1, seconds=120.0)
    assert len(trace.responses) <= 120 * 2


def test_an_outage_is_over_when_it_is():
    class Outage(Server):
        def respond(self, now, under_way, kind, chance):
            return Response(0.05, 503) if 10 <= now < 70 else super().respond(now, 0, 0, chance)

    trace = read(Outage(), 12_000)
    assert trace.limit_at(69) == 1
    end = trace.responses[-1][0]
    assert trace.limit_at(end) == 16
    # Those that waited longest for their next attempt come after the outage, too.
    assert trace.throughput(end - 10) >= 0.85 * 160


class Clocks:
    """Clocks that go on as told."""

    def __init__(self):
        self.now = self.used = 0.0

    def control(self, most=16, rate=0.0, **more):
        return CongestionControl(
            most, rate, clock=lambda: self.now, processor=lambda: self.used, **more
        )

    def rounds(self, control, count, seconds, busy=0.0, under_way=1):
        """Let so many requests run after one another, each for so many seconds."""
        for _ in range(count):
            turns = [control.try_start() for _ in range(under_way)]
            self.now += seconds
            self.used += busy * seconds
            for turn in turns:
                turn.seconds, turn.kind = seconds, "clubs"
                turn.is_served = turn.has_connection = True
                control.end(turn)


def test_a_process_that_is_busy_itself_changes_nothing():
    clocks = Clocks()
    control = clocks.control()
    clocks.rounds(control, 20, 0.1, busy=0.9)
    assert control.limit == 1
    clocks.rounds(control, 4, 0.1)
    assert control.limit == 2


def test_requests_that_are_not_under_way_together_do_not_make_the_limit_grow():
    clocks = Clocks()
    control = clocks.control()
    clocks.rounds(control, 4, 0.1)
    clocks.rounds(control, 100, 0.1)
    assert control.limit == 2


def test_the_time_of_a_connection_counts_as_no_latency():
    clocks = Clocks()
    control = clocks.control()
    first = control.try_start()
    assert not first.has_connection
    first.seconds, first.kind = 5.0, "clubs"
    control.end(first)
    clocks.rounds(control, 4, 0.1)
    assert control.limit == 2
    assert control.try_start().has_connection
    assert not control.try_start().has_connection


def test_a_failure_halves_once_for_all_requests_that_were_under_way():
    clocks = Clocks()
    control = clocks.control()
    control._window.limit = 8
    turns = [control.try_start() for _ in range(8)]
    clocks.now += 1
    for turn in turns:
        turn.is_overloaded = True
        control.end(turn)
    assert (control.limit, control.refusals) == (4, 1)


def test_a_rate_that_is_configured_is_kept():
    clocks = Clocks()
    control = clocks.control(rate=10)
    begun = []
    while len(begun) < 50:
        turn = control.try_start()
        if isinstance(turn, float):
            clocks.now += turn
            continue
        begun.append(clocks.now)
        control.end(turn)
    assert begun[-1] == pytest.approx(4.9)


def test_a_pause_holds_all_and_is_not_cut_short():
    clocks = Clocks()
    control = clocks.control()
    control.pause(10)
    control.pause(1)
    assert control.try_start() == pytest.approx(10)
    clocks.now = 4.0
    control.pause(7)
    assert control.seconds_paused == pytest.approx(11)
    assert control.try_start() == pytest.approx(7)


def test_a_start_that_is_late_delays_none_unless_the_server_counts_strictly():
    limit = RateLimit(10, 0.0)
    limit.start(0.0)
    limit.start(0.15)
    assert limit.delay(0.15) == pytest.approx(0.05)
    limit.refuse(0.1, 0.2)
    late = 0.2 + limit.delay(0.2) + 0.05
    limit.start(late)
    assert limit.delay(late) == pytest.approx(1 / limit.rate(late))


def test_a_refused_rate_comes_back_carefully():
    limit = RateLimit(0, 0.0)
    for tenth in range(100):
        limit.serve(tenth / 10)
    assert limit.rate(10.0) == math.inf
    assert limit.refuse(9.9, 10.0)
    assert not limit.refuse(9.9, 10.1)
    rates = [limit.rate(10.0 + seconds) for seconds in range(60)]
    assert rates == sorted(rates)
    assert rates[0] == pytest.approx(7, rel=0.1)
    assert rates[20] == pytest.approx(10, rel=0.1)
    assert rates[30] < 1.1 * rates[20]


def test_refusals_in_a_row_lower_the_rate_and_do_not_forget_what_was_served():
    limit = RateLimit(0, 0.0)
    for tenth in range(100):
        limit.serve(tenth / 10)
    for second in range(10, 14):
        limit.refuse(second - 0.01, float(second))
    assert limit.rate(13.0) <= 1
    limit.serve(30.0)
    assert limit.rate(33.0) == pytest.approx(10, rel=0.1)


def test_refusals_alone_lower_the_rate_no_further_than_that():
    limit = RateLimit(0, 0.0)
    for second in range(1, 100):
        limit.refuse(second - 0.01, float(second))
    assert limit.rate(100.0) == LEAST_RATE


def test_threads_wait_for_their_turn_and_none_is_left_waiting():
    control = CongestionControl(4, 0)
    counted = itertools.count()

    def one(_):
        with control.turn() as turn:
            assert turn.under_way <= control.limit
            turn.seconds, turn.kind = 0.001, "clubs"
            next(counted)

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(one, range(2000)))
    assert next(counted) == 2000
    assert not control._under_way


def test_a_thread_that_waits_ends_with_the_run():
    stop = threading.Event()
    control = CongestionControl(1, 0, stop.is_set)

    def waits():
        with control.turn():
            return True

    with ThreadPoolExecutor(1) as pool, control.turn():
        waiting = pool.submit(waits)
        time.sleep(0.01)
        assert not waiting.done()
        stop.set()
        assert waiting.result(10)


def test_thousands_of_kinds_are_no_burden():
    window = Window(16, 0.0, lambda: 0.0)
    for number in range(20_000):
        window.end(window.start(), ("list", number), 0.1, 1, number + 0.1)
    assert len(window._latencies._kinds) <= 4096


def test_a_slow_first_response_does_not_hold_up_all_other_requests():
    clocks = Clocks()
    control = clocks.control()
    assert not isinstance(control.try_start(), float)
    assert control.try_start() == math.inf
    clocks.now += PATIENCE + 0.1
    assert not isinstance(control.try_start(), float)
    assert control.try_start() == math.inf


def test_a_slow_list_in_the_middle_of_a_run_does_not_hold_up_all_others_either():
    clocks = Clocks()
    control = clocks.control(most=2)
    clocks.rounds(control, 100, 0.5, busy=0.9)
    assert control.limit == 1
    slow = control.try_start()
    clocks.now += PATIENCE + 0.1
    assert control.try_start() == math.inf  # no more than twice as long as others
    clocks.now += LATE * 0.5
    clocks.rounds(control, 20, 0.5)
    assert control.try_start().under_way == 2
    control.end(slow)


def test_late_requests_have_others_in_their_place_but_no_more_than_twice_as_many():
    clocks = Clocks()
    control = clocks.control()
    control._window.limit = 2
    slow = [control.try_start() for _ in range(2)]
    clocks.now += PATIENCE + 0.1
    more = [control.try_start() for _ in range(2)]
    assert [turn.under_way for turn in more] == [3, 4]
    clocks.now += PATIENCE + 0.1
    assert control.try_start() == math.inf
    for turn in (*slow, *more):
        control.end(turn)


def test_a_decision_does_not_wait_for_the_slowest_request():
    clocks = Clocks()
    control = clocks.control()
    slow = control.try_start()
    clocks.now += PATIENCE + 0.1
    for _ in range(2):
        clocks.rounds(control, 4, 0.1)
    assert control.limit >= 2
    control.end(slow)


def test_quick_responses_count_no_more_often_than_slow_ones():
    window = Window(16, 0.0, lambda: 0.0)
    numbers = [window.start() for _ in range(12)]
    for quick in numbers[5:]:  # they began later
        window.end(quick, "clubs", 0.1, 1, 1.0)
    assert window.limit == 1
    for slow in numbers[:4]:
        window.end(slow, "clubs", 0.1, 1, 1.0)
    assert window.limit == 2


def test_one_at_a_time_stays_one_at_a_time():
    clocks = Clocks()
    control = clocks.control(most=1)
    assert not isinstance(control.try_start(), float)
    clocks.now += PATIENCE + 0.1
    assert control.try_start() == math.inf
