"""The published file: who can read it, and what of others stays when it is replaced."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from support import older_duckdb
from support.fork_server import ForkServer
from support.installation import RESOURCES, change, published, truth
from support.program import Program

from perfectgym_source.sandbox import Sandbox, World


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(world=World("tiny", seed=1, quirks=False)) as running:
        yield running


def header_version(file: Path) -> int:
    """The storage version in the header of a DuckDB file."""
    with open(file, "rb") as opened:
        version: int = struct.unpack("<8x4sQ", opened.read(20))[1]
    return version


def schemas(file: Path) -> set[str]:
    with duckdb.connect(str(file), read_only=True) as connection:
        found = connection.execute(
            "SELECT schema_name FROM duckdb_schemas() WHERE database_name = ? AND NOT internal",
            [file.stem],
        ).fetchall()
    return {name for (name,) in found}


def load(server: ForkServer, *arguments: str) -> str:
    done = server.run(*(arguments or RESOURCES))
    assert done.code == 0, done.errors
    return done.errors


def execute(file: Path, *statements: str) -> None:
    with duckdb.connect(str(file)) as connection:
        for sql in statements:
            connection.execute(sql)


def test_an_older_duckdb_reads_all_tables_and_what_it_makes_stays(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    load(server, "--group", "company,club")
    file = configured.database
    tables = configured.query(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name = 'perfectgym'"
    )
    assert len(tables) > 50
    older_duckdb.ask(file, *(f"SELECT * FROM {schema}.{table}" for schema, table in tables))
    name = "perfectgym.classes"
    older_duckdb.ask(
        file,
        "CREATE SCHEMA reports",
        f"CREATE VIEW reports.busy AS SELECT count(*) AS n FROM {name} WHERE attendees_count = 321",
        "CREATE TABLE reports.notes AS SELECT 'kept' AS note",
    )
    [(row, *_), *_] = [(row,) for row in sandbox.world.rows("classes")]
    sandbox.world.change("classes", row, attendeesCount=321)
    load(server, "--group", "company,club")
    assert header_version(file) == 64
    sql = "SELECT n, note FROM reports.busy, reports.notes"
    assert older_duckdb.ask(file, sql) == [[1, "kept"]]
    assert configured.query(sql) == [(1, "kept")]


def test_files_of_another_storage_version_are_converted_once_and_nothing_is_lost(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    load(server)
    # As an earlier release left it: with a storage version and a schema that are no longer there.
    for file in (configured.loading_file, configured.database):
        newer = file.with_suffix(".newer")
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{configured.loading_file}' AS old (READ_ONLY)")
            connection.execute(f"ATTACH '{newer}' AS new (STORAGE_VERSION 'latest')")
            connection.execute("COPY FROM DATABASE old TO new")
            connection.execute("CREATE SCHEMA IF NOT EXISTS new.perfectgym_staging")
            versions = "_dlt_version AS FROM old.perfectgym._dlt_version"
            connection.execute(f"CREATE TABLE IF NOT EXISTS new.perfectgym_staging.{versions}")
        times = file.stat()
        newer.replace(file)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert header_version(configured.loading_file) > 64
    assert schemas(configured.database) == {"perfectgym", "perfectgym_staging"}

    asked = len(sandbox.requests)
    load(server)
    assert len(sandbox.requests) - asked < asked  # the cursors are there
    for file in (configured.loading_file, configured.database):
        assert header_version(file) == 64
    assert schemas(configured.database) == {"perfectgym"}
    assert published(configured) == truth(sandbox.world)
    assert "converted" not in load(server)


def test_the_storage_version_is_a_setting_of_the_pipeline(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    config = configured.folder / ".dlt" / "config.toml"
    config.parent.mkdir()
    config.write_text('[pipelines.core]\nstorage_version = "v9.9.9"\n')
    done = configured(*RESOURCES)
    assert done.returncode == 2
    assert "pipelines.core.storage_version must be 'latest' or a version" in done.stderr
    assert sandbox.token_requests == []
    config.write_text('[pipelines.core]\nstorage_version = "latest"\n')
    load(server)
    first = header_version(configured.database)
    config.write_text('[pipelines.core]\nstorage_version = "v1.1.3"\n')  # that of v1.0.0
    load(server)
    assert (first > 64, header_version(configured.database)) == (True, 64)
    assert published(configured) == truth(sandbox.world)


THEIRS = (
    "CREATE SCHEMA theirs",
    "CREATE TYPE theirs.mood AS ENUM ('good', 'bad')",
    "CREATE SEQUENCE theirs.numbers START 5",
    "CREATE TABLE theirs.notes (id INTEGER PRIMARY KEY DEFAULT nextval('theirs.numbers'), "
    "mood theirs.mood, twice INTEGER GENERATED ALWAYS AS (id * 2), CHECK (id > 0))",
    "INSERT INTO theirs.notes (mood) VALUES ('good'), ('bad')",
    "CREATE TABLE theirs.parts (note INTEGER REFERENCES theirs.notes (id), data JSON)",
    """INSERT INTO theirs.parts VALUES (6, '{"a": 1}')""",
    "CREATE INDEX by_mood ON theirs.notes (mood)",
    "CREATE INDEX by_id ON gym.perfectgym.classes (id)",
    "CREATE VIEW theirs.counted AS SELECT count(*) AS n FROM gym.perfectgym.classes",
    "CREATE VIEW gym.perfectgym.inside AS SELECT id FROM gym.perfectgym.classes",
    "CREATE TABLE gym.perfectgym.copied AS SELECT * FROM gym.perfectgym.classes LIMIT 3",
    "CREATE MACRO main.plus(a, b := 2) AS a + b",
    "CREATE MACRO main.of_club(club) AS TABLE SELECT * FROM gym.perfectgym.classes "
    "WHERE club_id = club",
    "COMMENT ON TABLE theirs.notes IS 'ours to keep'",
)
SEEN = (
    "SELECT id, mood::VARCHAR, twice FROM theirs.notes ORDER BY id",
    "SELECT note, data FROM theirs.parts",
    "SELECT n = (SELECT count(*) FROM gym.perfectgym.classes) FROM theirs.counted",
    "SELECT count(*) = (SELECT count(*) FROM gym.perfectgym.classes) FROM gym.perfectgym.inside",
    "SELECT count(*) FROM gym.perfectgym.copied",
    "SELECT plus(1), plus(1, b := 5)",
    "SELECT count(*) > 0 FROM of_club(1)",
    "SELECT comment FROM duckdb_tables() WHERE table_name = 'notes'",
    "SELECT index_name FROM duckdb_indexes() ORDER BY index_name",
)


def test_what_others_made_in_the_published_file_is_carried_over(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    database = configured.folder / "gym.duckdb"
    into = (*RESOURCES, "--database", "gym.duckdb")

    def seen() -> list[object]:
        with duckdb.connect(str(database), read_only=True) as connection:
            return [connection.execute(sql).fetchall() for sql in SEEN]

    load(server, *into)
    execute(database, *THEIRS)
    before, file = seen(), database.stat()
    # A run that finds nothing new does not touch the file, though somebody else did.
    for _ in range(2):
        load(server, *into)
        assert database.stat() == file
    change(sandbox.world, random.Random(1))
    load(server, *into)
    assert seen() == before
    # The loading file that is made from it holds theirs too; it does not bring back what they drop.
    (configured.folder / "gym_loading.duckdb").unlink()
    execute(database, "DROP VIEW theirs.counted", "INSERT INTO theirs.notes (mood) VALUES ('bad')")
    change(sandbox.world, random.Random(2))
    load(server, *into)
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("SELECT max(id) FROM theirs.notes").fetchall() == [(7,)]
        views = connection.execute(
            "SELECT view_name FROM duckdb_views() WHERE NOT internal AND database_name = 'gym'"
        ).fetchall()
        assert views == [("inside",)]
        [(classes,)] = connection.execute("SELECT count(*) FROM perfectgym.classes").fetchall()
    assert classes == len(sandbox.world.truth("classes"))


@pytest.mark.usefixtures("loaded")
def test_what_cannot_be_carried_over_is_refused_by_its_name_and_nothing_is_lost(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    with duckdb.connect(str(configured.database)) as connection:
        connection.execute("USE perfectgym")
        connection.execute("CREATE UNIQUE INDEX only_one ON clubs (name)")
    first, second, *_ = sandbox.world.clubs
    sandbox.world.change("clubs", second["id"], name=first["name"])
    before = configured.database.read_bytes()
    done = server.run(*RESOURCES)
    assert done.code == 5, done.errors
    assert "index perfectgym.only_one" in done.errors
    assert "Nothing is lost" in done.errors
    assert configured.database.read_bytes() == before
    with duckdb.connect(str(configured.database)) as connection:
        connection.execute("DROP INDEX perfectgym.only_one")
    load(server)
    assert published(configured) == truth(sandbox.world)


@pytest.mark.usefixtures("loaded")
def test_the_history_stays_in_the_published_file_and_is_written_again_where_it_was_dropped(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    load(server)  # finds nothing to check
    change(sandbox.world, random.Random(1))
    load(server)
    checks = "SELECT count(DISTINCT run_id) FROM perfectgym._run_checks"
    [(before,)] = configured.query(checks)
    assert before == 2
    for file in (configured.database, configured.loading_file):
        execute(file, f"DROP TABLE {file.stem}.perfectgym._run_checks")
    change(sandbox.world, random.Random(2))
    errors = load(server)
    assert "history" not in errors
    assert configured.query(checks) == [(1,)]
    assert configured.query("SELECT count(*) FROM perfectgym._runs") == [(4,)]


@pytest.mark.usefixtures("loaded")
def test_schemas_of_others_that_look_like_those_of_dlt_are_carried_over(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    own = "perfectgym"
    execute(
        configured.database,
        *(f"CREATE SCHEMA {name}" for name in ("archive", "half", "extras", "odd", "my_staging")),
        *(
            f"CREATE TABLE archive.{name} AS FROM {own}.{name}"
            for name in ("_dlt_version", "_dlt_loads", "_dlt_pipeline_state", "classes")
        ),
        f"CREATE TABLE half._dlt_version AS FROM {own}._dlt_version",
        f"CREATE TABLE my_staging._dlt_version AS FROM {own}._dlt_version",
        "CREATE TABLE odd._dlt_version AS SELECT 1 AS version",
        *(
            f"CREATE TABLE extras.{name} AS SELECT * REPLACE ('perfectgym_extras' AS schema_name) "
            f"FROM {own}.{name}"
            for name in ("_dlt_version", "_dlt_loads")
        ),
        "CREATE TABLE extras.classes AS SELECT 1 AS id",
    )
    tables = (
        "SELECT schema_name, table_name, estimated_size FROM duckdb_tables() "
        "WHERE schema_name <> 'perfectgym' ORDER BY ALL"
    )
    before = configured.query(tables)
    file = configured.database.stat()
    load(server)
    assert configured.database.stat() == file
    change(sandbox.world, random.Random(1))
    load(server)
    configured.loading_file.unlink()
    change(sandbox.world, random.Random(2))
    load(server)
    assert configured.query(tables) == before
    assert published(configured) == truth(sandbox.world)
    # The loading file that was made from the published one does not take them for its own.
    execute(configured.database, "INSERT INTO extras.classes VALUES (2)", "DROP SCHEMA odd CASCADE")
    execute(configured.database, "DELETE FROM archive.classes")
    change(sandbox.world, random.Random(3))
    load(server)
    assert configured.query("SELECT count(*) FROM extras.classes") == [(2,)]
    assert configured.query("SELECT count(*) FROM archive.classes") == [(0,)]
    assert schemas(configured.database) == {"perfectgym", "archive", "half", "extras", "my_staging"}


@pytest.mark.parametrize("has_loading_file", [False, True], ids=["new machine", "left behind"])
@pytest.mark.usefixtures("loaded")
def test_what_others_made_does_not_keep_the_loading_file_from_being_converted(
    configured: Program, sandbox: Sandbox, server: ForkServer, has_loading_file: bool
) -> None:
    newer = configured.folder / "newer.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{configured.loading_file}' AS old (READ_ONLY)")
        connection.execute(f"ATTACH '{newer}' AS gym (STORAGE_VERSION 'latest')")
        connection.execute("COPY FROM DATABASE old TO gym")
        for sql in (
            "CREATE SCHEMA gym.theirs",
            "CREATE TABLE gym.theirs.any AS SELECT 1::VARIANT AS thing",
            "CREATE TABLE gym.theirs.log (id BIGINT)",
            "CREATE TRIGGER logged AFTER INSERT ON gym.perfectgym.classes REFERENCING NEW "
            "TABLE AS new FOR EACH STATEMENT INSERT INTO gym.theirs.log SELECT id FROM new",
        ):
            connection.execute(sql)
    if has_loading_file:
        shutil.copy(newer, configured.loading_file)
    else:
        configured.loading_file.unlink()
    newer.replace(configured.database)
    before = configured.database.read_bytes()
    change(sandbox.world, random.Random(1))
    done = server.run(*RESOURCES)
    assert done.code == 5, done.errors
    assert "trigger perfectgym.logged" in done.errors
    assert configured.database.read_bytes() == before
    execute(configured.database, "DROP TRIGGER logged ON perfectgym.classes")
    done = server.run(*RESOURCES)
    assert done.code == 5, done.errors
    assert "table theirs.any" in done.errors
    assert "VARIANT" in done.errors
    assert 'storage_version = "latest"' in done.errors
    execute(configured.database, "DROP TABLE theirs.any")
    load(server)
    assert published(configured) == truth(sandbox.world)
    assert configured.query("SELECT count(*) FROM theirs.log") == [(0,)]


@pytest.mark.usefixtures("loaded")
def test_what_cannot_be_converted_is_named_with_the_way_out(
    configured: Program, server: ForkServer
) -> None:
    newer = configured.folder / "newer.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{configured.loading_file}' AS old (READ_ONLY)")
        connection.execute(f"ATTACH '{newer}' AS new (STORAGE_VERSION 'latest')")
        connection.execute("COPY FROM DATABASE old TO new")
        connection.execute("CREATE TABLE new.perfectgym.any AS SELECT 1::VARIANT AS thing")
    newer.replace(configured.loading_file)
    configured.database.unlink()
    done = server.run(*RESOURCES)
    assert done.code == 5, done.errors
    assert "cannot be converted to the storage version v1.0.0" in done.errors
    assert "VARIANT" in done.errors
    assert 'storage_version = "latest"' in done.errors
    assert "once" not in done.errors
    assert "what was extracted" not in done.errors


def test_owner_mode_access_list_and_attributes_are_kept_and_a_link_stays_a_link(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    (configured.folder / "real").mkdir()
    real = configured.folder / "real" / "data.duckdb"
    configured.database.symlink_to(real)
    load(server)
    assert real.stat().st_mode & 0o777 == 0o640
    # user::rw-, user:1234:r--, group::---, mask::r--, other::---
    entries = [(1, 6, -1), (2, 4, 1234), (4, 0, -1), (16, 4, -1), (32, 0, -1)]
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    attributes = {"user.note": b"kept", "system.posix_acl_access": acl}
    for name, value in [*attributes.items()]:
        try:
            os.setxattr(real, name, value)
        except OSError:  # the file system has no such thing
            del attributes[name]
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(real, 1235, 1234)
    before = real.stat()
    change(sandbox.world, random.Random(1))
    load(server)
    after = real.stat()
    assert after.st_ino != before.st_ino
    kept = ("st_mode", "st_uid", "st_gid")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert {name: os.getxattr(real, name) for name in attributes} == attributes
    assert configured.database.is_symlink()


_PROGRAM = """
import duckdb, sys
is_reader = sys.argv[2] == "True"
connection = duckdb.connect(sys.argv[1], read_only=is_reader)
if not is_reader:
    connection.execute("CREATE TABLE main.mine AS SELECT 42 AS answer")
print("open", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def holding(file: Path, is_reader: str = "False") -> Iterator[subprocess.Popen[bytes]]:
    """A program that has the file open, for writing or for reading only."""
    program = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(file), is_reader],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert program.stdout is not None and program.stdout.readline() == b"open\n"
        yield program
    finally:
        program.kill()
        program.communicate()


@pytest.mark.usefixtures("loaded")
def test_a_file_that_somebody_writes_is_not_replaced_and_what_a_dead_writer_left_is_kept(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    change(sandbox.world, random.Random(1))
    before = published(configured)
    with holding(configured.database):
        done = server.run(*RESOURCES, "--wait", "0.3")
        assert done.code == 7, done.errors
        assert f"gym.duckdb is open in {os.path.realpath(sys.executable)}" in done.errors
    assert configured.database.with_name("gym.duckdb.wal").exists()
    assert published(configured) == before
    load(server)
    assert published(configured) == truth(sandbox.world)
    assert configured.query("SELECT answer FROM main.mine") == [(42,)]


@pytest.mark.usefixtures("loaded")
def test_a_published_file_that_somebody_writes_is_not_taken_for_an_empty_one(
    configured: Program, server: ForkServer
) -> None:
    configured.loading_file.unlink()
    with holding(configured.database):
        for command in (("status", *RESOURCES), ("state",)):
            done = server.run(*command)
            assert (done.code, done.output) == (7, ""), done.errors
            assert f"gym.duckdb is open in {os.path.realpath(sys.executable)}" in done.errors


@pytest.mark.usefixtures("loaded")
def test_what_a_dead_writer_left_is_kept_while_somebody_reads_the_file(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    with holding(configured.database) as writer:
        writer.kill()
        writer.wait()
    log = configured.database.with_name("gym.duckdb.wal")
    assert log.exists()
    change(sandbox.world, random.Random(1))
    with holding(configured.database, "True"):
        load(server, *RESOURCES, "--wait", "0.3")
        assert not log.exists()  # of the old file; DuckDB would put it into the new one
    assert published(configured) == truth(sandbox.world)
    assert configured.query("SELECT answer FROM main.mine") == [(42,)]


def of_the_future() -> bytes:
    """A DuckDB file with a storage version that is still to come."""
    header = b"DUCK" + struct.pack("<Q", 1234) + bytes(4096 - 20)
    checksum = 5381
    for (word,) in struct.iter_unpack("<Q", header):
        checksum ^= word * 0xBF58476D1CE4E5B9 % 2**64
    return struct.pack("<Q", checksum) + header + bytes(8192)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ""),
        (b"garbage" * 1000, "is no DuckDB database"),
        (of_the_future(), "was written by a newer DuckDB (storage version 1234)"),
    ],
    ids=["empty", "garbage", "newer"],
)
@pytest.mark.parametrize("name", ["gym.duckdb", "gym_loading.duckdb"])
def test_a_file_that_cannot_be_opened_is_told_as_what_it_is(
    configured: Program, sandbox: Sandbox, server: ForkServer, name: str, content: bytes, words: str
) -> None:
    (configured.folder / name).write_bytes(content)
    done = server.run(*RESOURCES)
    if not words and name == "gym.duckdb":
        # It only says who may read what comes.
        assert done.code == 0, done.errors
        return
    assert done.code == 5
    assert f"{name} {words}" in done.errors
    assert ("away" in done.errors) == ("newer" not in words)
    assert ("pip install -U duckdb" in done.errors) == ("newer" in words)
    assert (configured.folder / name).read_bytes() == content
    assert sandbox.token_requests == []


def test_names_that_cannot_work_are_refused_before_the_first_request(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    (configured.folder / "who?").mkdir()
    for given in (
        ("--dataset", "perfectgym_staging"),
        ("--dataset", "gym_loading"),
        ("--dataset", "gym"),
        ("--database", "PerfectGym.duckdb"),
        ("--dataset", "a b;c"),
        ("--dataset", "x" * 80, "--destination", "postgres"),
        ("--database", "who?/gym.duckdb"),
        ("--database", ""),
        ("--database", "gym_loading.duckdb"),
    ):
        done = server.run(*RESOURCES, *given)
        assert (done.code, "Traceback" in done.errors) == (2, False), (given, done.errors)
    assert sandbox.token_requests == []
    assert [path.name for path in configured.folder.glob("*.duckdb*")] == []


def test_files_that_differ_in_their_ending_only_do_not_meet(
    configured: Program, server: ForkServer
) -> None:
    load(server, "--resources", "clubs")
    for name in ("gym.db", "gym"):
        load(server, "--resources", "class_types", "--database", name)
        with duckdb.connect(str(configured.folder / name), read_only=True) as connection:
            tables = connection.sql("SELECT table_name FROM duckdb_tables()").fetchall()
        assert ("class_types",) in tables
        assert ("clubs",) not in tables
    assert len(list(configured.folder.glob("gym_loading*"))) == 3


@pytest.mark.usefixtures("loaded")
def test_a_file_of_the_former_default_name_is_renamed_by_the_printed_commands_and_goes_on(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    former = configured.folder / "perfectgym.duckdb"
    configured.database.rename(former)
    configured.loading_file.rename(configured.folder / "perfectgym_loading.duckdb")
    execute(
        former,
        "USE perfectgym.perfectgym",
        "CREATE VIEW mine AS SELECT id FROM clubs",
    )
    for command in ((), ("status",), ("load", "--destination", "filesystem")):
        refused = server.run(*command, *RESOURCES)
        assert refused.code == 2, refused.errors
        assert "neither its history nor its views" in refused.errors
    commands = " ".join(refused.errors.split()).split("go on with it: ")[1]
    assert commands == (
        "mv perfectgym.duckdb gym.duckdb && mv perfectgym_loading.duckdb gym_loading.duckdb"
    )
    subprocess.run(commands, shell=True, cwd=configured.folder, check=True)
    change(sandbox.world, random.Random(1))
    load(server)
    assert published(configured) == truth(sandbox.world)
    [(rows,)] = configured.query("SELECT count(*) FROM perfectgym.mine")
    assert rows == len(sandbox.world.truth("clubs"))
    assert configured.query("SELECT count(*) FROM perfectgym._runs") == [(2,)]


def test_the_former_default_name_is_of_no_concern_where_another_file_is_named(
    configured: Program, server: ForkServer
) -> None:
    (configured.folder / "perfectgym.duckdb").touch()
    load(server, *RESOURCES, "--database", "other.duckdb")


@pytest.mark.usefixtures("loaded")
def test_a_view_with_the_qualified_names_of_the_readme_can_be_made_and_stays(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    execute(configured.database, "CREATE VIEW perfectgym.mine AS SELECT id FROM perfectgym.clubs")
    change(sandbox.world, random.Random(1))
    load(server)
    [(rows,)] = configured.query("SELECT count(*) FROM perfectgym.mine")
    assert rows == len(sandbox.world.truth("clubs"))
