"""Cursors: what is asked for again, what is new, and how little of it is kept."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfectgym_source.extract.state.cursors import (
    LEAP,
    MOST_DOUBTED,
    PRUNE_AT,
    Cursor,
    Cursors,
)
from perfectgym_source.extract.state.packing import pack, unpack_partitions

OVERLAP = 100


def saved(cursor, overlap=OVERLAP):
    """The cursor as the next run finds it."""
    cursor.prune(overlap)
    return Cursor.unpacked(cursor.packed())


def received(*rows):
    cursor = Cursor()
    cursor.receive(rows, OVERLAP)
    return saved(cursor)


def test_a_new_cursor_asks_for_everything():
    cursor = Cursor()
    assert cursor.is_at_start
    assert cursor.start(OVERLAP) == 0
    assert cursor.is_new(1, 1, OVERLAP)


def test_the_next_run_asks_again_for_the_overlap():
    cursor = received((1_000, 1))
    assert not cursor.is_at_start
    assert cursor.start(OVERLAP) == 900
    assert received((50, 1)).start(OVERLAP) == 0


def test_where_a_run_began_does_not_move_while_it_receives():
    cursor = received((1_000, 1))
    cursor.receive([(5_000, 2)], OVERLAP)
    assert cursor.start(OVERLAP) == 900
    assert cursor.is_new(1_001, 3, OVERLAP)


def test_rows_of_the_overlap_that_were_received_are_not_new():
    cursor = received((950, 1), (1_000, 2))
    assert not cursor.is_new(950, 1, OVERLAP)
    assert not cursor.is_new(1_000, 2, OVERLAP)


def test_a_row_that_was_committed_late_is_new():
    cursor = received((950, 1), (1_000, 2))
    assert cursor.is_new(960, 3, OVERLAP)
    assert cursor.is_new(950, 4, OVERLAP)
    assert cursor.is_new(951, 1, OVERLAP)


def test_a_row_above_the_cursor_is_new():
    assert received((1_000, 2)).is_new(1_001, 2, OVERLAP)


def test_a_row_below_the_overlap_is_not_new():
    cursor = received((1_000, 1))
    assert not cursor.is_new(900, 7, OVERLAP)
    assert cursor.is_new(901, 7, OVERLAP)


def test_a_row_without_version_is_new_until_its_id_was_received():
    cursor = received((0, 1), (1_000, 2))
    assert not cursor.is_new(0, 1, OVERLAP)
    assert cursor.is_new(0, 3, OVERLAP)


def test_a_cursor_of_unversioned_rows_forgets_none():
    cursor = received((0, 1), (0, 2))
    assert cursor.is_at_start
    assert [cursor.is_new(0, row_id, OVERLAP) for row_id in (1, 2, 3)] == [False, False, True]


def test_a_held_row_is_new_in_the_next_run_and_rows_after_it_that_were_received_are_not():
    cursor = Cursor()
    for version in (1_000, 1_020):
        cursor.receive([(version, version)], OVERLAP)
    cursor.hold_below(1_020)
    cursor.hold_below(1_010)
    cursor.hold_below(1_015)
    cursor = saved(cursor)
    assert cursor.value == 1_009
    assert not cursor.is_new(1_000, 1_000, OVERLAP)
    assert cursor.is_new(1_010, 1_010, OVERLAP)
    assert not cursor.is_new(1_020, 1_020, OVERLAP)
    assert cursor.is_new(1_021, 1_020, OVERLAP)


@pytest.mark.parametrize(("beyond", "value"), [(MOST_DOUBTED, 2), (MOST_DOUBTED + 1, None)])
@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_a_few_rows_beyond_a_leap_are_not_followed(beyond, value, size):
    rows = [(1, 1), (2, 2), *((2 * LEAP + i, 10 + i) for i in range(beyond))]
    cursor = Cursor()
    for start in range(0, len(rows), size):
        cursor.receive(rows[start : start + size], OVERLAP)
    cursor = saved(cursor)
    assert cursor.value == (value or rows[-1][0])
    assert not any(cursor.is_new(*row, OVERLAP) for row in rows)
    assert cursor.is_new(3, 1, OVERLAP) == (value == 2)


def test_a_leap_counts_from_where_the_cursor_stood_and_not_from_nothing():
    assert received((2 * LEAP, 1)).value == 2 * LEAP
    cursor = received((1, 1))
    cursor.receive([(2 * LEAP, 2)], OVERLAP)
    assert saved(cursor).value == 1


def test_a_cursor_is_ahead_if_nothing_that_it_remembers_is_there():
    cursor = received((950, 1), (1_000, 2))
    assert cursor.is_ahead(0, OVERLAP)
    for may_vanish in (True, False):
        assert cursor.is_ahead(900, OVERLAP, may_vanish)
        assert cursor.is_ahead(901, OVERLAP, may_vanish) is not may_vanish
        assert not Cursor().is_ahead(0, OVERLAP, may_vanish)
    assert not received((950, 1), (1_000, 2)).is_ahead(0, overlap=0)


@pytest.mark.parametrize(
    ("rows", "may_vanish", "is_ahead"),
    [
        ([(950, 1), (1_000, 2)], False, False),
        ([(1_000, 2), (1_001, 1)], False, False),
        ([(1_000, 2)], False, True),
        ([(1_000, 2)], True, False),
        ([(950, 1), (960, 2)], False, True),
        ([(950, 1), (960, 2)], True, True),
        ([(500, 1), (1_000, 2)], True, True),
        ([(500, 1), (950, 1), (1_000, 2)], True, False),
        ([(0, 1), (1_000, 2)], True, False),
        ([(1_001, 3)], True, False),
        ([(1_001, 3)], False, True),
    ],
)
def test_versions_fell_if_a_row_of_the_overlap_has_a_lower_one_or_does_not_come(
    rows, may_vanish, is_ahead
):
    cursor = received((920, 2), (950, 1), (1_000, 2))
    for row in rows:
        cursor.receive([row], OVERLAP)
    assert cursor.is_ahead(rows[-1][0], OVERLAP, may_vanish) is is_ahead


def test_holding_a_row_without_version_starts_anew():
    cursor = Cursor()
    cursor.receive([(1_000, 1)], OVERLAP)
    cursor.hold_below(0)
    assert saved(cursor).value == 0


def test_what_lies_below_the_overlap_is_forgotten():
    cursor = Cursor()
    for version in range(1, 10_001):
        cursor.receive([(version, version)], OVERLAP)
    cursor.prune(OVERLAP)
    assert len(cursor.packed()) == 1 + 2 * OVERLAP


@settings(max_examples=8, deadline=None)
@given(size=st.integers(1, 5_000), is_shuffled=st.booleans(), seed=st.integers())
def test_forgetting_while_rows_come_changes_nothing(size, is_shuffled, seed):
    rows = [(version, 7 * version) for version in range(1, 30_000)]
    if is_shuffled:
        random.Random(seed).shuffle(rows)
    in_pages = Cursor()
    for start in range(0, len(rows), size):
        in_pages.receive(rows[start : start + size], OVERLAP)
    assert len(in_pages._received) <= PRUNE_AT + size + 2 * OVERLAP
    assert saved(in_pages).packed() == received(*rows).packed()


VERSIONS = st.integers(0, LEAP) | st.integers(2**63 - LEAP, 2**63 - 1)
ROWS = st.lists(st.tuples(VERSIONS, st.integers(-(2**63), 2**63 - 1)), max_size=20)
PARTITIONS = st.dictionaries(st.text(max_size=12).filter(str.isascii), ROWS, max_size=8)


@settings(max_examples=150, deadline=None)
@given(partitions=PARTITIONS, overlap=st.integers(0, 2**40))
def test_the_state_gives_back_the_same_cursors(partitions, overlap):
    cursors = Cursors()
    for partition, rows in partitions.items():
        for version, row_id in rows:
            cursors[partition].receive([(version, row_id)], overlap)
    again = Cursors(cursors.state(overlap))
    for partition, rows in partitions.items():
        if not rows:
            continue
        assert again[partition].value in (version for version, _ in rows)
        for version, row_id in rows:
            assert not again[partition].is_new(version, row_id, overlap)
    assert again.state(overlap) == cursors.state(overlap)


@settings(max_examples=100, deadline=None)
@given(
    versions=st.lists(st.integers(1, 500), unique=True, min_size=1, max_size=40),
    late=st.integers(0, OVERLAP - 1),
)
def test_a_late_commit_within_the_overlap_is_never_lost(versions, late):
    cursor = received(*((version, version) for version in versions))
    version = max(versions) - late
    if version > 0 and version not in versions:
        assert cursor.start(OVERLAP) < version
        assert cursor.is_new(version, version, OVERLAP)


def test_units_that_were_never_read_are_not_there():
    cursors = Cursors()
    cursors["7"].receive([(5, 1)], OVERLAP)
    assert cursors.first_ids() == set()
    assert Cursors(cursors.state(OVERLAP)).first_ids() == {7}
    assert list(unpack_partitions(cursors.state(OVERLAP))) == ["7"]
    for nothing in (None, ""):
        assert unpack_partitions(Cursors(nothing).state(OVERLAP)) == {}
        assert Cursors(nothing).first_ids() == set()


def test_cursors_that_do_not_move_keep_their_text():
    cursors = Cursors()
    for partition in ("7", "8"):
        cursors[partition].receive([(5, 1)], OVERLAP)
    state = pack({"8": [5, 0, 1], "7": [5, 0, 1]})  # in another order, and not as columns
    later = Cursors(state)
    assert later.state(OVERLAP) == state
    later["7"].receive([(5, 1)], OVERLAP)
    assert later.state(OVERLAP) == state
    later["9"].start(OVERLAP)
    assert unpack_partitions(later.state(OVERLAP)) == {
        "7": [5, 0, 1],
        "8": [5, 0, 1],
        "9": [0],
    }
    later.restart("7")
    assert unpack_partitions(later.state(OVERLAP))["7"] == [0]
