"""API v2.2 from the outside: credentials, both generations in one run, check, verify, demo."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from support.program import Program, demo_loads, settings_for

from perfectgym_source.sandbox import Fault, Installation, Sandbox


@pytest.fixture
def newer() -> Iterator[Sandbox]:
    """An installation of API v2.2."""
    with Sandbox(size="tiny", seed=1, api="v2.2", quirks=False) as running:
        yield running


@pytest.fixture
def by_keys(program: Program, newer: Sandbox) -> Program:
    """The program, configured for an installation of API v2.2."""
    return replace(program, environment={**program.environment, **keys_for(newer)})


def keys_for(sandbox: Sandbox) -> dict[str, str]:
    return {
        "SOURCES__PERFECTGYM__BASE_URL": f"{sandbox.base_url}/v2.2/odata/",
        "SOURCES__PERFECTGYM__CLIENT_ID": sandbox.client.client_id,
        "SOURCES__PERFECTGYM__CLIENT_SECRET": sandbox.client.client_secret,
        "SOURCES__PERFECTGYM__RETRY_WAIT": "0.01",
    }


def test_one_run_loads_installations_of_both_generations(
    program: Program, sandbox: Sandbox, newer: Sandbox
) -> None:
    folder = program.folder / ".dlt"
    folder.mkdir(exist_ok=True)
    south = "[sources.perfectgym.installations.south]"
    north = "[sources.perfectgym.installations.north]"
    (folder / "config.toml").write_text(
        "[sources.perfectgym]\n"
        f'{north}\nbase_url = "{sandbox.base_url}"\n{south}\nbase_url = "{newer.base_url}"\n'
    )
    account, client = sandbox.employee, newer.client
    (folder / "secrets.toml").write_text(
        f'{north}\nusername = "{account.username}"\npassword = "{account.password}"\n'
        f'{south}\nclient_id = "{client.client_id}"\nclient_secret = "{client.client_secret}"\n'
    )
    (folder / "secrets.toml").chmod(0o600)
    done = program("load", "core", "--json")
    assert done.returncode == 0, done.stderr
    [(classes,)] = program.query("SELECT count(*) FROM perfectgym_north.classes")
    [(bookings,)] = program.query("SELECT count(*) FROM perfectgym_south.class_bookings")
    assert classes == len(sandbox.world.truth("classes"))
    assert bookings == len(newer.world.sets.rows("ClassBookings"))
    assert sandbox.violations == newer.violations == []
    again = program("load", "core")
    assert again.returncode == 0, again.stderr
    assert program("status").returncode == 0
    assert program("verify", "--resources", "clubs").returncode == 0
    shown = done.stdout + done.stderr + again.stdout + again.stderr
    for file in program.folder.rglob("*"):
        if file.is_file() and file.parent.name != ".dlt":
            assert client.client_secret.encode() not in file.read_bytes()
    assert client.client_secret not in shown and client.client_id not in shown


def test_the_path_of_the_working_folder_is_no_part_of_the_rows(by_keys: Program) -> None:
    """DuckDB takes `id=7` in the path of a file for a column of its rows."""
    by_keys.environment["DLT_DATA_DIR"] = str(by_keys.folder / "it's id=7 [x]")
    names = ("--resources", "clubs,members_in_club")
    done = by_keys(*names)
    assert done.returncode == 0, done.stderr
    [clubs] = by_keys.query(
        "SELECT count(*), count(DISTINCT id), max(id) = 7 FROM perfectgym.clubs"
    )
    assert clubs == (4, 4, False)
    [(snapshot,)] = by_keys.query("SELECT count(*) FROM perfectgym.members_in_club")
    assert snapshot > 2
    verified = by_keys("verify", "--resources", "clubs")
    assert verified.returncode == 0, verified.stderr


def test_a_dataset_takes_one_generation(
    by_keys: Program, sandbox: Sandbox, program: Program
) -> None:
    assert by_keys("--resources", "clubs").returncode == 0
    older = replace(program, environment={**program.environment, **settings_for(sandbox)})
    refused = older("--resources", "clubs", SOURCES__PERFECTGYM__INSTALLATION="127.0.0.1")
    assert refused.returncode == 2
    assert "holds rows of API v2.2: cannot load API v1 into it" in refused.stderr


def test_credentials_of_both_generations_are_a_question(by_keys: Program) -> None:
    account = {"SOURCES__PERFECTGYM__USERNAME": "u", "SOURCES__PERFECTGYM__PASSWORD": "p"}
    asked = by_keys("check", "--resources", "clubs", **account)
    assert asked.returncode == 2
    assert "sources.perfectgym.api is missing" in asked.stderr
    chosen = by_keys("check", "--resources", "clubs", SOURCES__PERFECTGYM__API="v2.2", **account)
    assert chosen.returncode == 0, chosen.stderr
    assert "signed in as API client" in chosen.stdout and "employee" not in chosen.stdout


def test_an_api_client_is_no_member(by_keys: Program) -> None:
    refused = by_keys("check", SOURCES__PERFECTGYM__MODE="user")
    assert refused.returncode == 2
    assert "an API client is no member" in refused.stderr


def test_a_wrong_secret_is_a_refused_sign_in_and_not_shown(by_keys: Program) -> None:
    wrong = {"SOURCES__PERFECTGYM__CLIENT_SECRET": "WRONG-SECRET"}
    for command in ("load", "check"):
        done = by_keys(command, "--resources", "clubs,members", **wrong)
        assert done.returncode == 3, done.stderr
        assert "refuses the client id and secret" in done.stderr
        assert "WRONG-SECRET" not in done.stdout + done.stderr


def test_names_of_the_other_generation_are_refused(by_keys: Program) -> None:
    done = by_keys("load", "--resources", "clubs,users")
    assert done.returncode == 2
    assert "The resource 'users' is one of API v1, and API v2.2 is read" in done.stderr


def test_check_tells_what_an_installation_has_and_lacks(program: Program) -> None:
    differs = Installation(
        lacks=["MemberNotes", "Members.secondName", "Companies.version"], adds=["Members.shoeSize"]
    )
    with Sandbox(size="tiny", seed=1, api="v2.2", quirks=False, installation=differs) as sandbox:
        checking = replace(program, environment={**program.environment, **keys_for(sandbox)})
        done = checking("check", "--json", "--resources", "members,member_notes,companies,clubs")
    assert done.returncode == 4
    findings = {each["resource"]: each for each in json.loads(done.stdout)["findings"]}
    assert findings["members"]["unknown_fields"] == ["shoeSize"]
    assert findings["members"]["missing_fields"] == ["secondName"]
    assert findings["member_notes"]["works"] is False
    assert "does not filter by version" in findings["companies"]["text"]
    assert findings["clubs"]["text"].endswith("on the first page")


def test_differences_are_found_and_repaired(by_keys: Program, newer: Sandbox) -> None:
    selected = ("--resources", "companies,cancel_reasons,member_custom_attributes,member_balances")
    assert by_keys(*selected).returncode == 0
    right = by_keys("verify", *selected)
    assert right.returncode == 0, right.stdout
    sets = newer.world.sets
    sets.change("CancelReasons", sets.rows("CancelReasons")[0], name="next run")
    sets.add("MemberCustomAttributes", value="next run")
    assert by_keys("verify", *selected).returncode == 0
    file = by_keys.loading_file
    with duckdb.connect(str(file)) as connection:
        for table, key in (("companies", "id"), ("member_balances", "member_id")):
            connection.execute(
                f"delete from perfectgym.{table} where {key} = "
                f"(select min({key}) from perfectgym.{table})"
            )
        connection.execute("update perfectgym.cancel_reasons set name = 'wrong' where id % 2 = 0")
    wrong = by_keys("verify", *selected)
    assert wrong.returncode == 8, wrong.stdout
    repaired = by_keys("repair", *selected)
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr


def test_a_list_that_a_run_refuses_is_a_difference_that_repair_leaves_alone(
    by_keys: Program, newer: Sandbox
) -> None:
    sets = newer.world.sets
    tag = sets.rows("MemberTags")[0]
    for member in sets.rows("Members"):
        sets.relate("Members", member, "tags", [tag.key])
    program, selected = by_keys, ("--resources", "members_to_tags")
    sweeps = {"SOURCES__PERFECTGYM__SWEEP_HOURS": "0"}
    assert program(*selected, **sweeps).returncode == 0
    empty = b'{"value": []}'
    newer.faults.add(Fault("v2.2/odata/Members", "garbage", times=None, body=empty))
    refused = program(*selected, **sweeps)
    assert refused.returncode == 4
    assert "rows have vanished from the list at once: none of them is removed" in refused.stdout
    wrong = program("verify", *selected, **sweeps)
    assert wrong.returncode == 8, wrong.stdout
    repaired = program("repair", *selected, **sweeps)
    assert "members_to_tags is not repaired: most of its rows" in repaired.stdout
    [(count,)] = program.query("SELECT count(*) FROM perfectgym.members_to_tags")
    assert count == len(sets.rows("Members"))
    believed = program("load", *selected, "--full-refresh", "members_to_tags", **sweeps)
    assert believed.returncode == 0
    assert program.query("SELECT count(*) FROM perfectgym.members_to_tags") == [(0,)]


def test_the_demo_of_v22_has_a_file_of_its_own(program: Program) -> None:
    demo_loads(program, "clubs", "members")
    done = program("demo", "--no-marts", "--api", "v2.2", "--size", "tiny")
    assert done.returncode == 0, done.stderr
    file: Path = program.folder / "demo_v22.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        [(count,)] = connection.sql("SELECT count(*) FROM perfectgym.members").fetchall()
    assert count > 0
    assert program("status", "--demo", "--demo-api", "v2.2").returncode == 0
