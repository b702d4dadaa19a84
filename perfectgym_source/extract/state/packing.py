"""Compact text for dlt's state: thousands of ids, counts and cursors in one value.

Numbers of many partitions (one for each parent) are stored as columns, so that 100,000 cursors take
a few hundred kilobytes and are read in a moment.
"""

from __future__ import annotations

import base64
import itertools
import re
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

_PARTITION = re.compile(r"\d+(?:\|\d+)*(?:#\d+)?")
"""The text of a partition that has parents: see `partition_key`."""
_NUMBER = re.compile(r"\d+")
_COLUMNS = b"%"
"""How columns begin: with the form of their partitions (`%d|%d`), which no JSON begins with."""
_BASE85 = "c"
"""How texts of earlier versions begin, which were in Base85; those in Base64 begin with e."""
_WIDTH = 8


def pack(value: Any) -> str:
    """Return a value of JSON's types as compressed text."""
    return _compressed(orjson.dumps(value))


def unpack(state: str) -> Any:
    """Return the value that `pack` packed."""
    return orjson.loads(_content(state))


def pack_ids(ids: Iterable[int]) -> str:
    """Return a set of ids as text: about a byte for each where they are close."""
    return pack(_deltas(sorted(ids)))


def unpack_ids(state: str) -> set[int]:
    """Return the ids that `pack_ids` packed."""
    return set(itertools.accumulate(unpack(state)))


def pack_partitions(partitions: Mapping[str, Sequence[int]]) -> str:
    """Return numbers by partition as text.

    Args:
        partitions: By the partition's text, a value that is not negative, and then any number of
            pairs.
    """
    try:
        return _compressed(_as_columns(partitions))
    except (TypeError, ValueError, struct.error):  # other texts, and numbers beyond 64 bits
        return pack(dict(sorted(partitions.items())))


def unpack_partitions(state: str) -> dict[str, list[int]]:
    """Return the numbers that `pack_partitions` packed."""
    content = _content(state)
    if not content.startswith(_COLUMNS):
        found: dict[str, list[int]] = orjson.loads(content)
        return found
    form, highest, (*ids, below, counts, firsts, seconds) = _columns(content)
    partitions = map(form.__mod__, zip(*map(itertools.accumulate, ids)))
    numbers = itertools.chain.from_iterable(zip(firsts, seconds))
    return {
        partition: [value, *itertools.islice(numbers, 2 * count)]
        for partition, value, count in zip(partitions, _values(highest, below), counts)
    }


def unpack_values(state: str) -> Sequence[int]:
    """Return only the values that `pack_partitions` packed, in no particular order."""
    content = _content(state)
    if not content.startswith(_COLUMNS):
        return [numbers[0] for numbers in orjson.loads(content).values()]
    _, highest, columns = _columns(content)
    return _values(highest, columns[-4])


def unpack_first_ids(state: str) -> set[int]:
    """Return only the first id of each partition with parents that `pack_partitions` packed."""
    content = _content(state)
    if not content.startswith(_COLUMNS):
        found = filter(_PARTITION.fullmatch, orjson.loads(content))
        return {int(_NUMBER.findall(partition)[0]) for partition in found}
    return set(itertools.accumulate(_columns(content)[2][0]))


def _as_columns(partitions: Mapping[str, Sequence[int]]) -> bytes:
    first = next(iter(partitions), "")
    if not _PARTITION.fullmatch(first):
        raise ValueError("not the text of a partition with parents")
    form = _NUMBER.sub("%d", first)
    rows = []
    for partition, numbers in partitions.items():
        ids = tuple(map(int, _NUMBER.findall(partition)))
        if form % ids != partition:
            raise ValueError("the partitions differ in form")
        rows.append((ids, numbers))
    rows.sort()
    highest = max(numbers[0] for _, numbers in rows)
    pairs = [numbers[1:] for _, numbers in rows]
    columns: list[Sequence[int]] = [
        *map(_deltas, zip(*(ids for ids, _ in rows))),
        # Most are close below the highest; 0 is that of partitions without rows.
        [highest - numbers[0] + 1 if numbers[0] else 0 for _, numbers in rows],
        [len(numbers) // 2 for numbers in pairs],
        [number for numbers in pairs for number in numbers[::2]],
        [number for numbers in pairs for number in numbers[1::2]],
    ]
    head = f"{form}\n{len(rows)} {len(columns[-1])} {highest}\n"
    return head.encode() + b"".join(map(_bytes_of, columns))


def _columns(content: bytes) -> tuple[str, int, list[Sequence[int]]]:
    """Return the form of the partitions, the highest value, and the columns of `_as_columns`."""
    form, head, rest = content.split(b"\n", 2)
    rows, pairs, highest = map(int, head.split())
    sizes = [rows] * (form.count(_COLUMNS) + 2) + [pairs] * 2
    ends = list(itertools.accumulate(_WIDTH * size for size in sizes))
    columns = [_numbers_of(rest[start:end]) for start, end in zip([0, *ends], ends)]
    return form.decode(), highest, columns


def _values(highest: int, below: Iterable[int]) -> list[int]:
    return [highest - number + 1 if number else 0 for number in below]


def _bytes_of(numbers: Sequence[int]) -> bytes:
    """Return numbers as bytes, the lowest of all numbers first: the highest compress to nothing."""
    whole = struct.pack(f"<{len(numbers)}q", *numbers)
    return b"".join(whole[index::_WIDTH] for index in range(_WIDTH))


def _numbers_of(content: bytes) -> Sequence[int]:
    size = len(content) // _WIDTH
    whole = bytearray(len(content))
    for index in range(_WIDTH):
        whole[index::_WIDTH] = content[index * size : (index + 1) * size]
    return struct.unpack(f"<{size}q", whole)


def _deltas(numbers: Sequence[int]) -> list[int]:
    return [later - earlier for earlier, later in zip([0, *numbers], numbers)]


def _compressed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content)).decode("ascii")


def _content(state: str) -> bytes:
    decode = base64.b85decode if state.startswith(_BASE85) else base64.b64decode
    return zlib.decompress(decode(state))
