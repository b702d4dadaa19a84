"""JSON objects by the thousand: the values of their fields, and which of them are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import orjson

from ..catalogue.columns import ArrayField, ObjectField, ScalarField

EMPTY: Mapping[str, Any] = {}
Objects = Sequence[Mapping[str, Any]]
SAMPLE = 200


def pick(
    objects: Objects, fields: Sequence[ScalarField | ObjectField | ArrayField]
) -> list[Sequence[Any] | None]:
    """For each field, its value in each object, or None where no object has it.

    Of the names under which a field may come, the first counts whose value is not blank.
    """
    present = set().union(*objects)
    single = [f.names[0] for f in fields if len(f.names) == 1 and f.names[0] in present]
    found: dict[str, Sequence[Any]] = {}
    if len(single) > 1:
        try:
            # One call for each object, where all of them have the same fields.
            found = dict(zip(single, zip(*map(itemgetter(*single), objects))))
        except KeyError:
            found = {}
    picked: list[Sequence[Any] | None] = []
    for field in fields:
        known = [name for name in field.names if name in present]
        if not known:
            picked.append(None)
        elif field.names[0] in found:
            picked.append(found[field.names[0]])
        else:
            values = [o.get(known[0]) for o in objects]
            for alias in known[1:]:
                values = [
                    o.get(alias, v) if v is None or v == "" or v == "null" else v
                    for o, v in zip(objects, values)
                ]
            picked.append(values)
    return picked


def distinct(objects: Objects) -> tuple[Objects, Sequence[int]] | None:
    """The distinct ones among objects, and for each object which of them it is.

    Embedded objects are references, mostly to few rows: it is worth while to decode each once.

    Returns:
        None where most of them differ, or cannot be compared as JSON.
    """
    places: dict[bytes, int] = {}
    found: list[int] = []
    try:
        for start in range(0, len(objects), SAMPLE):
            found += [
                places.setdefault(text, len(places))
                for text in map(orjson.dumps, objects[start : start + SAMPLE])
            ]
            if len(places) > len(found) // 2:
                return None
    except TypeError:
        return None
    first: dict[int, int] = {}
    for row, place in enumerate(found):
        first.setdefault(place, row)
    return [objects[row] for row in first.values()], found
