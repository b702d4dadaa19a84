"""What can happen to a run, as plain data, so that Hypothesis can draw, print and shrink it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlt.common.storages import LoadStorage
from dlt.load import Load
from dlt.pipeline import Pipeline
from hypothesis import strategies as st
from support.edits import Edit

from perfectgym_source.api.client import Client
from perfectgym_source.catalog import ENDPOINTS
from perfectgym_source.sandbox import Fault

KILLS: dict[str, tuple[type, str]] = {
    "at a request": (Client, "get"),
    "before normalizing": (Pipeline, "normalize"),
    "before loading": (Pipeline, "load"),
    "between load jobs": (Load, "complete_jobs"),
    "before the load is noted": (Load, "complete_package"),
    "after the load is noted": (LoadStorage, "complete_load_package"),
}
"""Where a run can be killed: at one of the calls of a method."""
HALF_LOADED = ("between load jobs", "before the load is noted")
"""Those after which tables may hold what the state does not know."""
FAULTS: dict[str, dict[str, Any]] = {
    **{str(status): {"kind": "status", "status": status} for status in (403, 500, 503)},
    "429": {"kind": "status", "status": 429, "retry_after": "0"},
    "revoke": {"kind": "revoke", "times": 1},
    "delay": {"kind": "delay", "seconds": 0.01},
    **{kind: {"kind": kind} for kind in ("drop", "truncate", "html", "garbage", "empty")},
    **{kind: {"kind": kind} for kind in ("envelope", "no_elements", "redirect")},
    "repeat_page": {"kind": "repeat_page", "skip": 1},
}
"""Every kind of fault. A status 404 is none: it says that a parent is gone."""
REPEATABLE: dict[str, dict[str, int]] = {
    ENDPOINTS[name].path: params
    for name, params in {
        "contracts": {},
        "classes": {"clubId": 1},
        "users": {"page": 2},
        "countries": {"page": 2},
        "cities": {"page": 2},
    }.items()
}
"""The paths of lists of several pages, with the parameters of requests that can be answered with
the page before. Page 1 instead of page 2 is noticed; what it would do to page 1 nobody could
notice."""


class Killed(BaseException):
    """Ends a run as a kill does: nothing catches it."""


@dataclass(frozen=True)
class Trouble:
    """A fault in a run: a kind of `FAULTS`, for a list."""

    path: str
    kind: str
    times: int | None
    skip: int

    def fault(self) -> Fault:
        """The sandbox's fault."""
        given = {"times": self.times, "skip": self.skip, **FAULTS[self.kind]}
        if self.kind == "repeat_page":
            given["params"] = REPEATABLE[self.path]
        return Fault(self.path, **given)


@dataclass(frozen=True)
class Meanwhile:
    """Edits at the `number`-th request for a list, before it is answered."""

    resource: str
    number: int
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Plan:
    """What one run loads and what happens to it; by default all, and nothing.

    Attributes:
        resources: What is selected.
        refreshed: What of it is read from the beginning.
        on_error: The setting of that name.
        troubles: Faults.
        meanwhile: Edits while it runs.
        kill: One of `KILLS` and the number of the call, or None.
        on_new_machine: Whether it runs without the working folder of the runs before.
    """

    resources: tuple[str, ...]
    refreshed: tuple[str, ...] = ()
    on_error: str = "continue"
    troubles: tuple[Trouble, ...] = ()
    meanwhile: tuple[Meanwhile, ...] = ()
    kill: tuple[str, int] | None = None
    on_new_machine: bool = False


def lists_of_edits(
    actions: Mapping[str, Sequence[str]], min_size: int = 1, max_size: int = 6
) -> st.SearchStrategy[tuple[Edit, ...]]:
    """Edits with some of these actions, which are given by table."""
    edit = st.sampled_from(list(actions)).flatmap(
        lambda table: st.builds(
            Edit,
            st.sampled_from(actions[table]),
            st.just(table),
            st.integers(0, 200),
            st.integers(0, 3),
        )
    )
    return st.lists(edit, min_size=min_size, max_size=max_size).map(tuple)


def plans(
    resources: tuple[str, ...], lists: Mapping[str, str], actions: Mapping[str, Sequence[str]]
) -> st.SearchStrategy[Plan]:
    """Runs of these resources or some of them, with edits meanwhile that have these actions.

    `lists` are the paths of the lists that runs read, by the names that the sandbox records.
    """
    some = st.lists(st.sampled_from(resources), min_size=1, unique=True).map(tuple)
    troubles = st.builds(
        Trouble,
        st.sampled_from(list(lists.values())),
        st.sampled_from(list(FAULTS)),
        st.sampled_from([1, 2, None]),
        st.sampled_from([0, 0, 1, 2]),
    ).filter(lambda trouble: trouble.kind != "repeat_page" or trouble.path in REPEATABLE)
    meanwhile = st.builds(
        Meanwhile,
        st.sampled_from(list(lists)),
        st.sampled_from([1, 1, 2, 3]),
        lists_of_edits(actions, 1, 3),
    )
    kills = st.tuples(st.sampled_from(list(KILLS)), st.integers(0, 4)).map(
        lambda kill: kill if kill[0] in ("at a request", "between load jobs") else (kill[0], 0)
    )
    selected = st.just(resources) | some
    common = {
        "resources": selected,
        "refreshed": st.just(()) | selected,
        "on_error": st.sampled_from(["continue", "raise"]),
        "on_new_machine": st.booleans(),
    }
    troubled = {"troubles": st.lists(troubles, min_size=1, max_size=2).map(tuple)}
    edited = {"meanwhile": st.lists(meanwhile, min_size=1, max_size=2).map(tuple)}
    return st.one_of(
        st.builds(Plan, selected),
        st.builds(Plan, **common),
        st.builds(Plan, **common, **troubled),
        st.builds(Plan, **common, **edited),
        st.builds(Plan, **common, kill=kills),
        st.builds(Plan, **common, **troubled, **edited, kill=st.none() | kills),
    )


def lists_of(resources: Sequence[str]) -> dict[str, str]:
    """The paths of the lists of these resources, and of those whose ids they take."""
    names = dict.fromkeys([*resources, *parents_of(resources)])
    return {name: ENDPOINTS[name].path for name in names}


def parents_of(resources: Sequence[str]) -> Iterator[str]:
    """The lists whose ids the requests for these resources take."""
    for name in resources:
        for parent in ENDPOINTS[name].parents:
            yield from parents_of([parent.table])
            yield parent.table


def killing(method: Callable[..., Any], number: int) -> Callable[..., Any]:
    """A method that raises `Killed` at one of its calls, counted from 0."""
    calls = iter(range(number + 1))

    def call(*args: Any, **kwargs: Any) -> Any:
        if next(calls, None) == number:
            raise Killed
        return method(*args, **kwargs)

    return call
