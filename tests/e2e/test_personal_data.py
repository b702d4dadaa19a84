"""Personal data that is hashed or left out is written nowhere, at every log level."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.program import Program
from support.written import written

from perfectgym_source.sandbox import Fault, Sandbox

KEY = "canary-key-0123456789"
RULES = {
    "keep": "",
    "hash": 'pii = "hash"\n',
    "drop": 'pii = "drop"\n',
    "table": '[sources.perfectgym.pii]\ndefault = "hash"\nidentity = "drop"\n'
    '"users.email" = "drop"\nunknown = "drop"\n',
}


def configure(program: Program, rules: str) -> None:
    """Put the rules and the key where a person puts them."""
    folder = program.folder / ".dlt"
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(f"[sources.perfectgym]\n{RULES[rules]}")
    (folder / "secrets.toml").write_text(f'[sources.perfectgym]\npii_key = "{KEY}"\n')


@pytest.mark.parametrize(
    ("rules", "trouble"),
    [("keep", "none"), ("hash", "none"), ("table", "none"), ("drop", "failing list")],
)
def test_no_personal_value_is_written_anywhere(
    configured: Program, sandbox: Sandbox, rules: str, trouble: str
) -> None:
    configure(configured, rules)
    world = sandbox.world
    for number, user in enumerate(world.users):
        world.change(
            "users", user, firstName=f"canary-{number}", email=f"Canary-{number}@mail.example",
            personalId=f"canary-{number}", nickname=f"canary-{number}",
        )  # fmt: skip
    world.change("users", world.users[0], presentInClub="canary", sex={"email": "canary"})
    if trouble == "failing list":
        sandbox.faults.add(
            Fault(path="Clubs/Clubs", kind="envelope", times=None,
                  body={"code": "Locked", "property": "", "message": "canary is locked"})
        )  # fmt: skip

    done = configured("--resources", "users,class_types,clubs", RUNTIME__LOG_LEVEL="DEBUG")

    assert done.returncode == (0 if trouble == "none" else 4), done.stderr
    assert len(done.stdout + done.stderr) > 10_000
    texts = [
        *written(configured.folder),
        (Path("stdout"), done.stdout.encode()),
        (Path("stderr"), done.stderr.encode()),
    ]
    if configured.database.exists():
        tables = configured.query(
            "select concat_ws('.', database_name, schema_name, table_name) from duckdb_tables() "
            "where not internal"
        )
        texts += [
            (Path(table), str(configured.query(f"select t::varchar from {table} t")).encode())
            for (table,) in tables
        ]
        assert any(str(where).endswith(".class_types") for where, _ in texts)
    own = configured.folder / ".dlt" / "secrets.toml"
    found = [
        str(where)
        for where, content in texts
        if where != own and (b"canary" in content or b"Canary" in content)
    ]
    assert found == [] or rules == "keep"
    assert found != [] or rules != "keep", "the search finds nothing at all"
    assert [str(where) for where, content in texts if KEY.encode() in content] == [str(own)]


def test_rules_in_a_file_make_the_columns_that_they_say(
    configured: Program, sandbox: Sandbox
) -> None:
    configure(configured, "table")
    assert configured("--resources", "users").returncode == 0
    columns = configured.query(
        "select column_name from duckdb_columns() where table_name = 'users'"
    )
    assert {("first_name",), ("phone_number",)} <= set(columns)
    assert not {("email",), ("personal_id",), ("number",)} & set(columns)
    [(rows, hashed)] = configured.query(
        "select count(*), count(*) filter (regexp_full_match(first_name, '[0-9a-f]{32}')) "
        "from perfectgym.users"
    )
    assert rows == hashed == len(sandbox.world.users)

    sandbox.clear_records()
    other = configured("--resources", "users", SOURCES__PERFECTGYM__PII="drop")
    assert other.returncode == 2
    assert "another dataset" in other.stderr
    assert sandbox.requests == []


def test_a_wrong_rule_is_refused_as_usage(configured: Program, sandbox: Sandbox) -> None:
    done = configured(SOURCES__PERFECTGYM__PII='{"users.emial": "drop"}')
    assert done.returncode == 2
    assert "did you mean 'users.email'?" in done.stderr
    assert sandbox.requests == []
