"""Responses that a cache or a proxy has mixed up hold the rows of another list: that is noticed."""

from __future__ import annotations

from typing import Any

import pytest
from support.clients import make_client

from perfectgym_source.api.other_lists import other_list
from perfectgym_source.catalog import V1, V22
from perfectgym_source.errors import Unavailable
from perfectgym_source.sandbox import Fault, Sandbox, World

BASE = "https://a.example/Api/v2.2/odata/"
TRUTH = {"classes_window": "classes (window)"}


def reason(api: Any, path: str, context: object, rows: list[Any]) -> str | None:
    found = other_list(api, path, context, rows)
    return found.reason if found is not None else None


@pytest.mark.parametrize(
    "context",
    [
        f"{BASE}$metadata#Members",
        "$metadata#Members",
        "#members",
        f"{BASE}$metadata#Members(id,version,tags(id))",
        f"{BASE}$metadata#Members/$entity",
        f"{BASE}$metadata#PerfectGym.Container.Members",
    ],
)
def test_the_context_of_a_response_names_the_list(context: str) -> None:
    assert reason(V22, "Members", context, []) is None
    assert reason(V22, "Companies", context, []) == "the response holds the rows of Members"


@pytest.mark.parametrize(
    "context",
    [None, "", 5, {"a": "#Members"}, "Members", f"{BASE}$metadata", "#Guests", "#Members2"]
    + ["#Collection(PerfectGym.Member)", "#Edm.String", "#"],
)
def test_a_context_that_names_no_list_is_believed(context: object) -> None:
    assert reason(V22, "Companies", context, []) is None


@pytest.fixture(scope="module")
def world() -> World:
    return World("tiny", 1)


def test_rows_of_a_list_are_its_own(world: World) -> None:
    for name, endpoint in V1.endpoints.items():
        rows = world.truth(TRUTH.get(name, name))
        assert reason(V1, endpoint.path, None, rows) is None, name
    for endpoint in V22.endpoints.values():
        rows = world.sets.truth(endpoint.path, *endpoint.expanded)
        assert reason(V22, endpoint.path, None, rows) is None, endpoint.name


def test_rows_of_most_other_lists_are_known_by_their_fields(world: World) -> None:
    rows = {name: world.truth(TRUTH.get(name, name))[:3] for name in V1.endpoints}
    pairs = [
        (name, other)
        for name in V1.endpoints
        for other in V1.endpoints
        if rows[other] and V1.endpoints[name].path != V1.endpoints[other].path
    ]
    noticed = [
        (name, other)
        for name, other in pairs
        if reason(V1, V1.endpoints[name].path, None, rows[other]) is not None
    ]
    assert len(noticed) > len(pairs) / 2
    assert {("class_types", "users"), ("users", "classes"), ("club_visits", "clubs")} <= {*noticed}


@pytest.mark.parametrize(
    "row",
    [
        {"id": 1, "title": "own fields that the installation renamed", "a": 1, "b": 2, "c": 3},
        {"id": 1, "timestamp": 5, "isDeleted": True},
        {"id": 1, "name": "Yoga", "timestamp": 5, "email": None, "birthDate": None},
        {"id": 1},
        {},
        None,
    ],
)
def test_fields_that_tell_little_are_believed(row: Any) -> None:
    assert reason(V1, V1.endpoints["class_types"].path, None, [row]) is None


def test_a_list_that_is_not_documented_may_have_any_fields(world: World) -> None:
    path = V1.endpoints["product_targets"].path
    assert reason(V1, path, None, world.truth("users")) is None
    assert reason(V1, "Elsewhere/All", None, world.truth("users")) is None


def test_a_mixed_up_response_is_requested_again() -> None:
    with Sandbox(world=World("tiny", 1)) as sandbox, make_client(sandbox, attempts=2) as client:
        users = sandbox.world.truth("users")[:3]
        path = V1.endpoints["class_types"].path
        fault = sandbox.faults.add(Fault(path, "status", status=200, body={"elements": users}))
        assert len(client.get(path, {"timestamp": "0"}, "class_types")) > 2
        assert fault.fired == 1
        fault.times = None
        with pytest.raises(Unavailable, match="the rows of Users/Users "):
            client.get(path, {"timestamp": "0"}, "class_types")
