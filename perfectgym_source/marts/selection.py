"""Which models a build has to build: those that what was loaded since the last build feeds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..destination.marts_schemas import model_files
from .record import MartsRecord

_AS_OF = "int_perfectgym__as_of"


@dataclass(frozen=True)
class Loaded:
    """What dlt has loaded in a run.

    Attributes:
        pending: The number of load packages of an earlier run that were completed first.
        loads: The ids of all loads.
        tables: The tables that they wrote.
    """

    pending: int = 0
    loads: Collection[str] = ()
    tables: Collection[str] = ()


@dataclass(frozen=True)
class State:
    """What the marts depend on.

    Attributes:
        fingerprint: What identifies the project and its variables.
        as_of: The last day that counts.
        last_load: dlt's newest load.
        loads: The number of its loads.
        api: The generation of the API, as the names of models have it.
    """

    fingerprint: str
    as_of: str | None
    last_load: str | None
    loads: int
    api: str


def selected(
    last: MartsRecord | None, before: State, now: State, tables: Collection[str]
) -> list[str] | None:
    """Return dbt's selectors of the models to build.

    Args:
        last: The record of the build before, if there was one.
        before: The state without the loads of this run: a load that no build has seen, as after a
            kill, has every model built.
        now: The state.
        tables: The tables that the loads of this run wrote.

    Returns:
        None if all have to be built; an empty list if none has.
    """
    if last is None or last.fingerprint != now.fingerprint:
        return None
    if (last.last_load, last.loads) != (before.last_load, before.loads):
        return None
    models = model_files()
    names = [f"stg_perfectgym_{now.api}__{table}" for table in sorted(tables)]
    names += [_AS_OF] if last.as_of != now.as_of else []
    names += last.failed_models
    return [f"{name}+" for name in dict.fromkeys(names) if name in models]
