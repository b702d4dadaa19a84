"""`verify` and `repair` on a server, as on the DuckDB file."""

from __future__ import annotations

from collections.abc import Callable

import psycopg2
import pytest
from click.testing import CliRunner
from support.places import Place
from support.tables import assert_equal, in_postgres

from perfectgym_source.cli.command import Call
from perfectgym_source.cli.main import command
from perfectgym_source.errors import DestinationError
from perfectgym_source.sandbox import Sandbox
from perfectgym_source.verify.repair import repair
from perfectgym_source.verify.verification import Verification, verify

NAMES = ("clubs", "classes", "contracts", "users", "products", "lead_sources", "product_targets")
DAMAGE = """
    INSERT INTO classes SELECT * FROM classes WHERE id = (SELECT max(id) FROM classes);
    DELETE FROM classes WHERE id = (SELECT min(id) FROM classes);
    UPDATE classes SET timestamp = timestamp - 1, attendees_count = -1
        WHERE id = (SELECT min(id) FROM classes);
    INSERT INTO clubs (id, timestamp) VALUES (99, 1);
    UPDATE clubs SET timestamp = NULL WHERE id = 1;
    INSERT INTO contracts (id, timestamp) VALUES (-5, 1);
    INSERT INTO contracts__discounts (contract_id, _position) VALUES (-5, 0), (-5, 1);
    DELETE FROM lead_sources WHERE id = (SELECT min(id) FROM lead_sources);
    INSERT INTO products (club_id, name) VALUES (1, 'Towel'), (77, NULL);
    DELETE FROM product_targets WHERE ctid = (SELECT min(ctid) FROM product_targets);
    DELETE FROM users__contracts WHERE ctid = (SELECT min(ctid) FROM users__contracts);
"""
DAMAGED = {
    "classes": (1, 1, 1),
    "clubs": (0, 1, 1),
    "contracts": (0, 1, 0),
    "contracts__discounts": (0, 2, 0),
    "lead_sources": (1, 0, 0),
    "products": (0, 2, 0),
    "product_targets": (1, 0, 0),
    "users__contracts": (1, 0, 0),
}
"""The missing, extra and stale rows of each table after it."""


@pytest.fixture
def server(local: Place, postgres: str, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", postgres)
    return local.at("postgres")


@pytest.fixture
def spoil(postgres: str) -> Callable[[str], None]:
    """Runs statements behind the product's back."""

    def execute(statements: str) -> None:
        connection = psycopg2.connect(postgres, options="-c search_path=perfectgym")
        with connection, connection.cursor() as cursor:
            cursor.execute(statements)
        connection.close()

    return execute


def differences(found: Verification) -> dict[str, tuple[int, int, int]]:
    """Missing, extra and stale rows of the tables that have any."""
    assert all(finding.pending == 0 for finding in found.tables)
    counts = {f.table: (f.missing, f.extra, f.stale) for f in found.tables}
    return {table: numbers for table, numbers in counts.items() if any(numbers)}


def test_damage_is_found_and_repaired(
    server: Place, postgres: str, spoil: Callable[[str], None]
) -> None:
    server.load(*NAMES)
    loaded = in_postgres(postgres)
    assert differences(verify(server.options(*NAMES))) == {}

    spoil(DAMAGE)
    done = repair(server.options(*NAMES))
    assert differences(done.before) == DAMAGED
    assert done.outcome == "equal"
    assert_equal(in_postgres(postgres), loaded)
    assert differences(verify(server.options(*NAMES))) == {}


def test_values_behind_an_unchanged_row_version_are_found_and_repaired(
    server: Place, postgres: str, spoil: Callable[[str], None]
) -> None:
    server.load(*NAMES)
    loaded = in_postgres(postgres)
    spoil("""
        UPDATE classes SET attendees_count = -1, start_date = NULL
            WHERE id = (SELECT min(id) FROM classes);
        UPDATE products SET price = price + 0.000000001
            WHERE ctid = (SELECT min(ctid) FROM products WHERE price IS NOT NULL);
        UPDATE users__contracts SET payment_plan_name = 'x'
            WHERE ctid = (SELECT min(ctid) FROM users__contracts);
    """)
    done = repair(server.options(*NAMES))
    stale = dict.fromkeys(("classes", "products", "users__contracts"), (0, 0, 1))
    assert differences(done.before) == stale
    named = {diff.table: set(diff.stale_columns) for diff in done.before.tables if diff.stale}
    assert named == {
        "classes": {"attendees_count", "start_date"},
        "products": {"price"},
        "users__contracts": {"payment_plan_name"},
    }
    assert done.outcome == "equal"
    assert_equal(in_postgres(postgres), loaded)


def test_the_command_tells_differences_by_its_exit_code(
    server: Place,
    sandbox: Sandbox,
    spoil: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The log of the tests stays as it is.
    monkeypatch.setattr("perfectgym_source.cli.command.configure_logs", lambda *_: None)
    server.load("clubs", "classes")
    spoil("UPDATE clubs SET timestamp = 1 WHERE id = 1")
    spoil("INSERT INTO clubs (id, timestamp) VALUES (99, 1)")
    spoil("DELETE FROM classes WHERE club_id = 2")

    def run(name: str) -> tuple[int, str]:
        arguments = [name, "--destination", "postgres", "--resources", "clubs,classes"]
        environment = {
            "SOURCES__PERFECTGYM__BASE_URL": sandbox.base_url,
            "SOURCES__PERFECTGYM__USERNAME": sandbox.employee.username,
            "SOURCES__PERFECTGYM__PASSWORD": sandbox.employee.password,
        }
        done = CliRunner().invoke(
            command, arguments, env=environment, standalone_mode=False, obj=Call("")
        )
        return done.return_value, done.output

    code, text = run("verify")
    assert code == 8
    for line in ("extra in clubs: 99", "stale in clubs: 1", "missing in classes: "):
        assert f"\n{line}" in text
    assert "rows of postgres (perfectgym) compared" in text
    code, text = run("repair")
    assert code == 0
    assert "1 row removed from clubs" in text
    assert "2 tables are equal to the API." in text
    assert run("verify")[0] == 0


def test_installations_in_one_dataset_are_compared_and_repaired_apart(
    server: Place, spoil: Callable[[str], None]
) -> None:
    one, two = (
        server.options("users", shared_dataset=True, installation=name) for name in ("one", "two")
    )
    server.load("users", **one.source)
    server.load("users", **two.source)
    spoil("INSERT INTO users (installation, id, timestamp) VALUES ('one', -1, 1), ('two', -1, 1)")
    assert repair(one).outcome == "equal"
    assert differences(verify(two)) == {"users": (0, 1, 0)}


def test_a_table_that_was_dropped_is_wholly_missing_and_made_again(
    server: Place, postgres: str, spoil: Callable[[str], None]
) -> None:
    server.load("clubs", "users")
    loaded = in_postgres(postgres)
    spoil("DROP TABLE users__contracts; INSERT INTO users (id, timestamp) VALUES (-1, 1)")
    with pytest.raises(DestinationError, match="users__contracts"):
        server.load("users", full_refresh=["users"])
    done = repair(server.options("clubs", "users"))
    contracts = len(loaded["users__contracts"])
    assert differences(done.before) == {"users": (0, 1, 0), "users__contracts": (contracts, 0, 0)}
    assert done.outcome == "equal"
    assert_equal(in_postgres(postgres), loaded)
