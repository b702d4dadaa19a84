"""API v2.2: who gets in, what must never be requested, and how it refuses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from support.odata_client import ODataClient
from support.sandbox_client import Client, token

import perfectgym_source
from perfectgym_source.sandbox import Installation, Sandbox
from perfectgym_source.sandbox.__main__ import greeting


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A tiny installation of v2.2 that the test may change."""
    with Sandbox(size="tiny", seed=1, api="v2.2") as running:
        yield running
        assert running.errors == []


@pytest.fixture
def client(sandbox: Sandbox) -> ODataClient:
    """A client with the keys of `sandbox`."""
    return ODataClient(sandbox)


def message(answer: requests.Response) -> str:
    """The text of an OData error body."""
    error = answer.json()["error"]
    assert set(error) >= {"code", "message"}
    return str(error["message"])


@pytest.mark.parametrize("header", ["X-Client-Id", "X-Client-Secret"])
@pytest.mark.parametrize("value", [None, "wrong", ""])
def test_both_keys_are_needed_on_each_request(
    client: ODataClient, header: str, value: str | None
) -> None:
    client.session.headers[header] = value  # type: ignore[assignment]
    answer = client.get("Clubs")
    assert answer.status_code == 401
    assert message(answer)
    assert not client.sandbox.requests[-1].authorized


def test_keys_whose_right_was_taken_away_open_nothing(client: ODataClient) -> None:
    client.sandbox.keys_hold = False
    assert client.get("Clubs").status_code == 401
    client.sandbox.keys_hold = True
    assert client.get("Clubs").status_code == 200


def test_a_token_of_v1_does_not_open_sets(sandbox: Sandbox) -> None:
    employee = Client(sandbox, sandbox.employee)
    assert employee.get("v2.2/odata/Clubs").status_code == 401


def test_the_keys_open_v1_too(client: ODataClient) -> None:
    url = f"{client.sandbox.base_url}/Clubs/Clubs"
    assert len(client.session.get(url).json()["elements"]) == 4
    assert client.sandbox.violations == []


def test_an_installation_of_v1_alone_has_no_sets_and_takes_no_keys() -> None:
    with Sandbox(size="tiny") as sandbox:
        client = ODataClient(sandbox)
        assert client.get("Clubs").status_code == 401
        assert client.session.get(f"{sandbox.base_url}/Clubs/Clubs").status_code == 401
        assert token(sandbox, sandbox.employee.username, sandbox.employee.password).ok


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_any_method_but_get_is_a_violation(client: ODataClient, method: str) -> None:
    answer = client.session.request(method, f"{client.root}/Clubs(1)")
    assert answer.status_code == 405
    assert [record.method for record in client.sandbox.violations] == [method]


@pytest.mark.parametrize(
    "path",
    ["v2.2/Members/AddMember", "v2.2/Files/GetDownloadUrl?fileId=1", "v2.2/ODATA/Clubs", "Nothing"],
)
def test_a_path_that_is_not_below_odata_is_a_violation(client: ODataClient, path: str) -> None:
    answer = client.session.get(f"{client.sandbox.base_url}/{path}")
    assert answer.status_code == 400
    assert len(client.sandbox.violations) == 1


def test_keys_at_the_token_endpoint_are_a_violation(client: ODataClient) -> None:
    client.session.post(f"{client.sandbox.base_url}/oauth/authorize", data={"username": "a"})
    assert [record.path for record in client.sandbox.violations] == ["oauth/authorize"]


def test_a_secret_in_the_address_is_a_violation(client: ODataClient) -> None:
    client.get("Clubs", filter=f"name eq '{client.sandbox.client.client_secret}'")
    assert len(client.sandbox.violations) == 1


def test_the_secret_stays_out_of_records_and_representations(client: ODataClient) -> None:
    sandbox = client.sandbox
    client.get("Clubs", top=1)
    assert sandbox.client.client_secret not in repr(sandbox.client) + repr(sandbox.requests)


@pytest.mark.parametrize(
    "path",
    [
        "Nothing",
        "clubs",
        "$metadata",
        "Clubs(999)",
        "Clubs(²)",
        "Clubs/x",
        "Clubs/1/zones",
        "Clubs/$count",
    ],
)
def test_what_is_not_there_is_404_with_an_odata_body(client: ODataClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert message(answer)
    assert client.sandbox.violations == []


def test_one_row_comes_by_either_spelling_of_its_key(client: ODataClient) -> None:
    truth = client.sandbox.world.sets.truth("Clubs")[1]
    for path in ("Clubs(2)", "Clubs/2"):
        assert client.page(path) == truth
        assert client.page(path, select="name,id") == {"name": truth["name"], "id": 2}
        assert client.sandbox.requests[-1].path == "v2.2/odata/Clubs(2)"


@pytest.mark.parametrize(
    "name",
    ["ReferralCampaigns", "ApplicationDictionaryValues", "MemberBalances", "ClubTranslations"],
)
def test_some_sets_have_no_single_rows(client: ODataClient, name: str) -> None:
    row = client.sandbox.world.sets.rows(name)[0]
    key = row.get("id") or row.get("memberId") or row["clubId"]
    assert client.get(f"{name}({key})").status_code == 404


def test_a_query_that_is_too_long_is_refused_as_by_the_web_server(client: ODataClient) -> None:
    ids = ",".join(str(number) for number in range(700))
    assert client.get("Clubs", filter=f"id in ({ids})").status_code == 404


def test_requests_are_recorded_with_set_and_options(client: ODataClient) -> None:
    client.session.get(f"{client.root}/Members?$Filter=id gt 5&$top=2&other=1")
    record = client.sandbox.requests[-1]
    assert (record.path, record.table, record.status) == ("v2.2/odata/Members", "Members", 200)
    assert record.params == {"$filter": "id gt 5", "$top": "2", "other": "1"}
    assert (record.mode, record.authorized) == ("employee", True)


def test_a_slow_set_holds_up_no_other(client: ODataClient) -> None:
    client.sandbox.world.sets.installation = Installation(slow={"MemberNotes": 0.2})
    client.get("MemberNotes")
    client.get("Clubs")
    slow, fast = (record.seconds for record in client.sandbox.requests[-2:])
    assert slow >= 0.2 > fast


def test_the_command_serves_v22() -> None:
    command = [sys.executable, "-m", "perfectgym_source.sandbox", "--size", "tiny", "--api", "v2.2"]
    root = str(Path(perfectgym_source.__file__).parents[1])
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": root}
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(7)]
        url, _, client_id, secret = [
            line.partition("=")[2] for line in lines if line.startswith("SOURCES__")
        ]
        headers = {"X-Client-Id": client_id, "X-Client-Secret": secret}
        answer = requests.get(f"{url}/v2.2/odata/Clubs", headers=headers, timeout=5)
        assert len(answer.json()["value"]) == 4
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_there_is_no_third_api() -> None:
    with pytest.raises(ValueError, match=r"no API 'v3': choose from v1, v2\.2"):
        Sandbox(api="v3")


def test_the_greeting_names_what_v22_takes(sandbox: Sandbox) -> None:
    lines = greeting(sandbox).splitlines()
    settings = dict(line.split("=", 1) for line in lines if line.startswith("SOURCES__"))
    assert settings == {
        "SOURCES__PERFECTGYM__BASE_URL": sandbox.base_url,
        "SOURCES__PERFECTGYM__API": "v2.2",
        "SOURCES__PERFECTGYM__CLIENT_ID": sandbox.client.client_id,
        "SOURCES__PERFECTGYM__CLIENT_SECRET": sandbox.client.client_secret,
    }
