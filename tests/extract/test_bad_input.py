"""What the API should never send: each ends in a right load or in a clear error.

Every fault strikes a list by row version, one by page number and a single answer in the same run.
"""

from __future__ import annotations

import gzip
import itertools
import json
import shutil
import time
import tracemalloc

import pytest
from support.clients import make_client
from support.each import for_each
from support.loading import Target, keep
from support.truth import check

from perfectgym_source.api import client as api_client
from perfectgym_source.errors import ApiError, PagingError, RequestRefused, Unavailable
from perfectgym_source.sandbox import Fault, Sandbox, World
from perfectgym_source.transform.flatten import MOST_UNKNOWN

BY_VERSION, BY_PAGE, SINGLE = "club_visits", "countries", "lead_sources"
PATHS = {BY_VERSION: "Users/ClubVisits/All", BY_PAGE: "Geo/Countries", SINGLE: "Crm/Lead/Sources"}
MEGABYTE = 1 << 20
GZIP = {"Content-Encoding": "gzip"}
NOT_PROMISED = (Unavailable, "not the promised JSON")
NO_LIST = (Unavailable, "the response holds no list")
NO_OBJECT = (ApiError, "not an object")


def make_world():
    world = World("tiny", 1)
    keep(world, BY_VERSION, [row.key for row in world.rows(BY_VERSION)[:150]])
    return world


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A folder into which the three lists and the clubs were loaded once."""
    folder = tmp_path_factory.mktemp("loaded")
    with Sandbox(world=make_world()) as sandbox:
        target = Target(folder, sandbox)
        target.load(*PATHS, "clubs")
        target.close()
    return folder


@pytest.fixture
def target(loaded, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(loaded, folder)
    with Sandbox(world=make_world()) as sandbox:
        yield Target(folder, sandbox, attempts=2, on_error="continue")


def strike(target, kind="status", **options):
    for path in PATHS.values():
        target.sandbox.faults.add(Fault(path, kind, **{"status": 200, "times": None, **options}))


def change_all(target):
    for table in (*PATHS, "clubs"):
        target.sandbox.world.change(table, target.sandbox.world.rows(table)[0])


def elements(text):
    return {"body": b'{"elements": %s}' % text}


def megabytes(count):
    """A body of JSON's white space, made while it is sent."""
    return lambda: itertools.repeat(b" " * MEGABYTE, count)


BODIES = {
    "empty": ({"body": b""}, NOT_PROMISED),
    "html": ({"body": b"<html>Sign in</html>"}, NOT_PROMISED),
    "nothing": ({"body": b"{}"}, NO_LIST),
    "bare list": ({"body": b"[]"}, NO_LIST),
    "elements null": (elements(b"null"), (Unavailable, "elements is null")),
    "elements empty object": (elements(b"{}"), NO_LIST),
    "element empty object": (elements(b"[{}]"), (ApiError, "")),
    "elements text": (elements(b'"[]"'), NO_LIST),
    "duplicate key, the last one counts": (
        {"body": b'{"elements": [], "elements": null}'},
        NO_LIST,
    ),
    "100,000 levels": (elements(b"[" * 100_000 + b"]" * 100_000), NOT_PROMISED),
    "element null": (elements(b"[null]"), NO_OBJECT),
    "element number": (elements(b"[1, 2.5]"), NO_OBJECT),
    "element text": (elements(b'["x"]'), NO_OBJECT),
    "element list": (elements(b"[[]]"), NO_OBJECT),
    "errors beside elements": (
        {"body": b'{"elements": [], "errors": [{"code": "Busy"}]}'},
        (RequestRefused, "Busy"),
    ),
    "an error in place of the last row": (
        elements(b'[{"id": 1, "timestamp": 1}, {"error": {"code": "Cut", "message": "no"}}]'),
        (RequestRefused, "Cut"),
    ),
    "refused": ({"status": 400, "body": b"[" * 100_000}, (RequestRefused, "status 400")),
    "redirect": ({"status": 302, "headers": {"Location": "/login"}}, (ApiError, "redirects")),
    "gzip that is none": ({"body": b"{}", "headers": GZIP}, (Unavailable, "cannot be unpacked")),
    "gzip unannounced": ({"body": gzip.compress(b'{"elements": []}')}, NOT_PROMISED),
    "unknown encoding": (
        {"body": b"\x01\x02", "headers": {"Content-Encoding": "lzma"}},
        NOT_PROMISED,
    ),
    "length too long": (
        {"body": b'{"elements": []}', "headers": {"Content-Length": "99", "Connection": "close"}},
        (Unavailable, "broke off"),
    ),
    "length too short": (
        {"body": b'{"elements": []}', "headers": {"Content-Length": "9"}},
        NOT_PROMISED,
    ),
    "100 MB": (
        {"body": megabytes(100), "headers": {"Content-Length": str(100 * MEGABYTE)}},
        (ApiError, "more than 1 MB"),
    ),
    "100 MB in chunks": ({"body": megabytes(100)}, (ApiError, "more than 1 MB")),
    "100 MB packed": (
        {"body": gzip.compress(b" " * (100 * MEGABYTE), 1), "headers": GZIP},
        (ApiError, "more than 1 MB"),
    ),
    "100 MB in a refusal": (
        {"status": 400, "body": megabytes(100)},
        (RequestRefused, "400"),
    ),
}


@for_each((name, *body) for name, body in BODIES.items())
def test_a_bad_answer_is_a_clear_error_and_costs_no_row(name, fault, error, target, monkeypatch):
    # The real limit is that of `test_the_memory_for_an_answer_is_bounded`.
    monkeypatch.setattr(api_client, "MOST_BYTES", MEGABYTE)
    kind, words = error
    target.sandbox.faults.clear()
    change_all(target)
    strike(target, **fault)
    run = target.load(*PATHS, "clubs")
    assert {str(failure.resource) for failure in run.report.failures} == set(PATHS)
    for failure in run.report.failures:
        assert isinstance(failure.error, kind)
        assert words in str(failure.error)
    assert run.rows == {"clubs": 1}
    target.sandbox.faults.clear()
    target.load(*PATHS)
    for table in PATHS:
        check(target, table)


def test_rows_of_a_version_list_need_versions(target):
    good = {"id": 1, "timestamp": 2**62}
    for row, words in (
        ({"id": 1}, "has no timestamp"),
        ({**good, "timestamp": -5}, "begin with timestamp -5: the API does not filter them"),
        ({**good, "timestamp": "x"}, "timestamp of a row is not a number"),
        ({**good, "timestamp": 2**63}, "beyond 64 bits"),
    ):
        body = {"elements": [row]}
        fault = target.sandbox.faults.add(
            Fault(PATHS[BY_VERSION], "status", status=200, body=body, times=None)
        )
        [failure] = target.load(BY_VERSION).report.failures
        assert isinstance(failure.error, PagingError)
        assert words in str(failure.error), row
        fault.times = 0
    target.load(BY_VERSION)
    check(target, BY_VERSION)


@pytest.mark.parametrize("identity", [None, "", "x", str(2**64)])
def test_a_row_without_an_id_keeps_no_other_row_from_its_table(target, identity):
    odd = {"id": identity, "timestamp": 2**62, "timeZone": "GMT Standard Time"}
    zero = {"id": 0, "timestamp": 2**62 + 1}
    for path in (PATHS[BY_VERSION], "Clubs/Clubs"):
        body = {"elements": [odd, zero, {"id": 1, "timestamp": 2**62 + 2}]}
        target.sandbox.faults.add(Fault(path, "status", status=200, body=body, times=None))
    for _ in range(2):
        run = target.load(BY_VERSION, "clubs", full_refresh=["all"])
        assert run.report.failures == []
        assert run.rows == {BY_VERSION: 2, "clubs": 2}
        for table in (BY_VERSION, "clubs"):
            assert f"{table}: 1 row has no id and cannot be loaded." in run.report.warnings
            assert {0, 1} <= set(target.values(table, "id"))


@pytest.mark.parametrize("order", ["backwards", "one version"])
def test_a_full_page_that_cannot_be_gone_on_from_is_an_error(target, order):
    version = {"backwards": lambda i: 2**62 - i, "one version": lambda i: 2**62}[order]
    rows = [{"id": 10**6 + i, "timestamp": version(i)} for i in range(100)]
    fault = Fault(PATHS[BY_VERSION], "status", status=200, body={"elements": rows}, times=None)
    target.sandbox.faults.add(fault)
    [failure] = target.load(BY_VERSION).report.failures
    assert isinstance(failure.error, PagingError)
    assert fault.fired <= 2


def test_pages_that_come_again_are_an_error(target):
    strike(target, "repeat_page", skip=1)
    run = target.load(BY_VERSION, BY_PAGE, full_refresh=["all"])
    failures = {failure.resource: failure.error for failure in run.report.failures}
    assert set(failures) == {BY_VERSION, BY_PAGE}
    assert all(isinstance(error, PagingError) for error in failures.values())
    target.sandbox.faults.clear()
    target.load(BY_VERSION, BY_PAGE)
    check(target, BY_VERSION)
    check(target, BY_PAGE)


def test_numbered_pages_that_never_end_are_an_error(target):
    rows = [{"id": i} for i in range(1, 101)]
    fault = Fault(PATHS[BY_PAGE], "status", status=200, body={"elements": rows}, times=None)
    target.sandbox.faults.add(fault)
    [failure] = target.load(BY_PAGE).report.failures
    assert isinstance(failure.error, PagingError)
    target.sandbox.faults.clear()
    target.load(BY_PAGE)
    check(target, BY_PAGE)


ODD_VALUES = {
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "beyond doubles": b"1e400",
    "beyond 64 bits": b"9" * 40,
    "NUL": b'"a\\u0000b"',
    "half a character": b'"\\ud83d"',
    "invalid UTF-8": b'"a\xffb"',
    "300 levels": b"[" * 300 + b"]" * 300,
    "900 levels": b"[" * 900 + b"]" * 900,
}


@pytest.mark.parametrize("value", ODD_VALUES)
def test_an_odd_value_costs_no_row(target, value):
    """It may stay in the row until the row changes: lists by row version give it no other time."""
    first = {"id": 2**53 + 1, "timestamp": 2**62}
    text = json.dumps({"elements": [first, {"id": -1, "timestamp": 2**62 + 1}]}).encode()
    odd = text.replace(b'"id": -1', b'"id": -1, "odd": 1, "odd": ' + ODD_VALUES[value])
    strike(target, body=odd)
    run = target.load(*PATHS, full_refresh=[BY_PAGE])  # most countries are gone
    assert run.report.failures == []
    for table in PATHS:
        assert {2**53 + 1, -1} <= set(target.values(table, "id"))
    target.sandbox.faults.clear()
    target.load(*PATHS)
    check(target, BY_PAGE)
    check(target, SINGLE)
    assert len(target.rows(BY_VERSION)) == 152


def test_ten_thousand_unknown_fields_are_kept_but_not_all_as_columns(target):
    fields = {f"field{i}": i for i in range(10_000)}
    body = {"elements": [{"id": 7, **fields}]}
    target.sandbox.faults.add(Fault(PATHS[SINGLE], "status", status=200, body=body))
    run = target.load(SINGLE)
    assert MOST_UNKNOWN - 5 <= len(run.report.unknown_fields) <= MOST_UNKNOWN
    [row] = target.rows(SINGLE)
    unreadable = json.loads(row["_unreadable"])
    assert len(unreadable) == 10_000 - len(run.report.unknown_fields)
    found = {**{name: row[name] for name in row if name.startswith("field")}, **unreadable}
    assert found == fields
    target.load(SINGLE)
    check(target, SINGLE)


def test_one_row_with_a_false_version_hides_no_change_of_another(target):
    world = target.sandbox.world
    false, other = world.rows(BY_VERSION)[:2]
    for version in (2**62, 2**61):
        world.assign(BY_VERSION, false, {}, version)
        assert target.load(BY_VERSION).rows == {BY_VERSION: 1}
        world.change(BY_VERSION, other)
        assert target.load(BY_VERSION).rows == {BY_VERSION: 1}
        assert target.load(BY_VERSION).rows == {}
        check(target, BY_VERSION)


@pytest.mark.parametrize("left", [0, 150])
def test_a_list_whose_versions_went_back_is_read_from_its_beginning(target, left):
    """As after the vendor has restored a backup, or moved the installation."""
    world = target.sandbox.world
    for number, row in enumerate(world.rows(BY_VERSION)):
        if number < left:
            world.assign(BY_VERSION, row, {"isDeleted": True}, 1 + number)
        else:
            world.purge(BY_VERSION, row)
    assert target.load(BY_VERSION).rows == ({BY_VERSION: left} if left else {})
    assert target.load(BY_VERSION).rows == {}
    if left:
        check(target, BY_VERSION)


def test_lists_that_are_read_from_their_beginning_anyway_are_read_once(tmp_path):
    """The list of clubs is, for the time zones; its first pages lie far below the cursor."""
    world = make_world()
    for _ in range(230):
        world.add("clubs")
    with Sandbox(world=world) as sandbox:
        target = Target(tmp_path, sandbox)
        target.load("clubs", "club_details")
        run = target.load("clubs", "club_details")
        assert (run.rows, run.report.warnings) == ({}, [])
        assert run.count["clubs"] == 3


def test_a_list_that_holds_a_row_in_two_versions_loads_the_later_one(tmp_path):
    row = {"id": 1, "timestamp": 7, "firstName": "Earlier", "instructorServices": []}
    later = {**row, "timestamp": 9, "firstName": "Later"}
    with Sandbox(world=World("tiny", 1)) as sandbox:
        body = json.dumps({"elements": [row, later]}).encode()
        sandbox.faults.add(Fault("Instructors/Instructors", "garbage", times=None, body=body))
        target = Target(tmp_path, sandbox)
        target.load("instructors")
        target.load("instructors")
        assert target.query("select first_name from instructors") == [("Later",)]


@pytest.mark.parametrize("table", ["contracts", "users"])
def test_child_rows_come_again_too_when_versions_went_back(tmp_path, table):
    world = World("tiny", 1)
    with Sandbox(world=world) as sandbox:
        target = Target(tmp_path, sandbox)
        target.load(table)
        for number, row in enumerate(world.rows(table), 1):
            world.assign(table, row, {}, number)
        assert target.load(table).report.warnings
        assert target.load(table).rows == {}
        check(target, table)


def test_a_row_that_goes_before_a_list_is_read_again_from_its_beginning_is_removed(tmp_path):
    world = World("tiny", 1)
    with Sandbox(world=world) as sandbox:
        target = Target(tmp_path, sandbox)
        target.load("users")
        for number, row in enumerate(world.rows("users"), 1):
            world.assign("users", row, {}, number)
        added = world.add("users")
        readings = []

        def purge(request):
            if request.table == "users" and request.params["page"] == "1":
                readings.append(request)
                if len(readings) == 2:
                    world.purge("users", added)

        sandbox.on_request = purge
        assert "read from its beginning" in str(target.load("users").report.warnings)
        assert len(readings) == 2
        target.load("users")
        check(target, "users")


@pytest.mark.parametrize("table", [BY_VERSION, "contracts", "users"])
@pytest.mark.parametrize("goes_on", [False, True])
def test_versions_that_went_back_by_less_than_the_overlap_are_noticed(tmp_path, table, goes_on):
    """The changes since the backup are undone, and later ones may have taken their versions."""
    world = World("tiny", 1)
    with Sandbox(world=world) as sandbox:
        target = Target(tmp_path, sandbox)
        target.load(table)
        first, second, third, other = world.rows(table)[:4]
        rows = (first, second, third)
        counter, backup = world.timestamp, [(dict(row), row["timestamp"]) for row in rows]
        for row in rows:
            world.change(table, row, isDeleted=True)
        assert target.load(table).rows[table] == 3
        for row, (fields, version) in zip(rows, backup):
            world.assign(table, row, fields, version)
        world.timestamp = counter
        for _ in range(5 if goes_on else 0):
            world.change(table, other)
        run = target.load(table)
        assert "lower row versions than before" in str(run.report.warnings)
        check(target, table)
        again = target.load(table)
        assert (again.rows, again.report.warnings) == ({}, [])


@pytest.mark.parametrize("shared", [2, 99])
def test_rows_that_share_a_version_across_a_page_are_all_loaded(tmp_path, shared):
    world = make_world()
    rows = world.rows(BY_VERSION)
    for row in rows[99 : 99 + shared]:
        world.purge(BY_VERSION, row)
        world.insert(BY_VERSION, row, rows[99]["timestamp"])
    with Sandbox(world=world) as sandbox:
        target = Target(tmp_path, sandbox)
        assert target.load(BY_VERSION).rows[BY_VERSION] == 150
        check(target, BY_VERSION)


@pytest.mark.parametrize("name", ["100 MB", "100 MB in chunks", "100 MB packed"])
@pytest.mark.parametrize("status", [200, 400])
def test_the_memory_for_an_answer_is_bounded(sandbox, name, status):
    fault = {**BODIES[name][0], "status": status}
    with make_client(sandbox) as client:
        client.get("Clubs/Clubs", {}, "clubs")
        sandbox.faults.add(Fault("Clubs/Clubs", "status", **fault))
        tracemalloc.start()
        try:
            with pytest.raises(ApiError, match="more than 64 MB" if status == 200 else "400"):
                client.get("Clubs/Clubs", {}, "clubs")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 85 * MEGABYTE
        assert len(client.get("Clubs/Clubs", {}, "clubs")) == 4


@pytest.mark.parametrize("path", ["oauth/authorize", "Clubs/Clubs"])
@pytest.mark.parametrize("name", ["100 MB", "100 MB in chunks", "100 MB packed"])
def test_the_memory_for_a_refused_token_and_for_a_sign_in_is_bounded(sandbox, name, path):
    """What comes after it is as if it had not been."""
    fault = {**BODIES[name][0], "status": 200 if path == "oauth/authorize" else 401}
    sandbox.faults.add(Fault(path, "status", **fault))
    with make_client(sandbox) as client:
        tracemalloc.start()
        try:
            assert len(client.get("Clubs/Clubs", {}, "clubs")) == 4
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8 * MEGABYTE


def test_an_answer_that_drips_is_given_up(sandbox):
    def drip():
        while True:
            yield b" "
            time.sleep(0.02)

    fault = sandbox.faults.add(Fault("Clubs/Clubs", "status", status=200, body=drip, times=None))
    begun = time.monotonic()
    client = make_client(sandbox, attempts=2, read_timeout=0.1)
    with client, pytest.raises(Unavailable, match="time limit"):
        client.get("Clubs/Clubs", {}, "clubs")
    assert fault.fired == 2
    assert time.monotonic() - begun < 30
