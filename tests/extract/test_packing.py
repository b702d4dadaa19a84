"""The text that dlt's state holds: it gives back what was packed, and stays small."""

import base64
import random
import zlib

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from perfectgym_source.extract.state.packing import (
    pack,
    pack_ids,
    pack_partitions,
    unpack,
    unpack_first_ids,
    unpack_ids,
    unpack_partitions,
    unpack_values,
)

NUMBERS = st.integers(0, 2**63 - 1)
PAIRS = st.tuples(st.integers(-(2**63), 2**64 - 1), st.integers(-(2**63), 2**63 - 1))
VALUES = st.builds(
    lambda value, pairs: [value, *(number for pair in pairs for number in pair)],
    NUMBERS,
    st.lists(PAIRS, max_size=3),
)
FORMS = ("{}", "{}|{}", "{}#1", "{}|{}|{}#12", "", "#1", "-{}", "0{}", "{}%", "{}\n", "½{}", "x")
PARTITIONS = st.one_of(
    *(st.builds(form.format, *[NUMBERS] * form.count("{}")) for form in FORMS[:4]),
    st.sampled_from([form.format(*"789") for form in FORMS]),
)


@settings(max_examples=300, deadline=None)
@example({form.format(*"123"): [5, 0, 1] for form in FORMS})
@example({"1": [5], "01": [6]})
@example({"1": [2**63 - 1], "2": [1], "3": [0]})
@example({})
@given(st.dictionaries(PARTITIONS, VALUES, max_size=6))
def test_partitions_come_back(partitions):
    state = pack_partitions(partitions)
    assert unpack_partitions(state) == partitions
    assert sorted(unpack_values(state)) == sorted(numbers[0] for numbers in partitions.values())
    assert pack_partitions(dict(reversed(partitions.items()))) == state


def of_earlier_versions(value):
    return base64.b85encode(zlib.compress(orjson.dumps(value), 9)).decode("ascii")


def test_what_earlier_versions_stored_is_read():
    partitions = {"": [9, 0, 1, 4, -7], "12|3#1": [0], "8": [5]}
    for found in (partitions, {}, {str(n): [n, 0, n] for n in range(2_000)}):
        assert unpack_partitions(of_earlier_versions(found)) == found
        assert sorted(unpack_values(of_earlier_versions(found))) == sorted(
            n[0] for n in found.values()
        )
    assert unpack_ids(of_earlier_versions([3, 1, 5])) == {3, 4, 9}
    assert unpack(of_earlier_versions({"1": 2})) == {"1": 2}
    assert unpack_first_ids(of_earlier_versions(partitions)) == {12, 8}


@given(st.sampled_from(FORMS[:4]), st.dictionaries(NUMBERS, NUMBERS, max_size=6))
def test_the_first_ids_of_partitions_are_read_alone(form, values):
    packed = pack_partitions({form.format(i, 2, 3): [value] for i, value in values.items()})
    assert unpack_first_ids(packed) == set(values)
    # As JSON, beside others.
    odd = {form.format(i, 2, 3): [value] for i, value in values.items()} | {"": [1], "#1": [2]}
    assert unpack_first_ids(pack(odd)) == set(values)


@given(st.sets(st.integers(-(2**63), 2**63 - 1)))
def test_ids_come_back(ids):
    assert unpack_ids(pack_ids(ids)) == ids


def test_texts_of_any_value_are_told_from_those_of_earlier_versions():
    for value in ({}, [], {"": 0}, "x" * 10_000, list(range(10_000))):
        assert unpack(pack(value)) == value
        assert pack(value)[0] != of_earlier_versions(value)[0]


def test_ten_thousand_cursors_take_less_than_eighty_kilobytes():
    """Of members whose ids have gaps; every third has no message."""
    numbers = random.Random(1)
    partitions, member = {}, 1_000_000
    for _ in range(10_000):
        member += numbers.choice((1, 1, 1, 2, 5))
        version = 5_000_000_000 + numbers.randrange(100_000_000)
        message = [version, 0, numbers.randrange(1_000_000)]
        partitions[str(member)] = message if numbers.random() < 2 / 3 else [0]
    state = pack_partitions(partitions)
    assert len(state) < 80_000
    assert state.isascii()
    assert state.isprintable()
    assert unpack_partitions(state) == partitions
