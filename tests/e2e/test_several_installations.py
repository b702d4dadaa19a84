"""Several installations in one run, named pipelines, and what the command line says of them."""

from __future__ import annotations

import json
import socket

import pytest
from support.program import Program

from perfectgym_source.sandbox import Sandbox


def configure(program: Program, config: str, secrets: str) -> None:
    folder = program.folder / ".dlt"
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(config)
    (folder / "secrets.toml").write_text(secrets)


def closed_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.fixture
def three(program: Program, sandbox: Sandbox) -> Program:
    """A healthy installation, one whose password is wrong, and one that is down."""
    sections = {
        "north": sandbox.base_url,
        "east": sandbox.base_url,
        "south": f"http://127.0.0.1:{closed_port()}/Api",
    }
    config = "[sources.perfectgym]\nretry_wait = 0.01\nattempts = 2\n"
    secrets = ""
    for name, url in sections.items():
        head = f"[sources.perfectgym.installations.{name}]\n"
        config += f'{head}base_url = "{url}"\n'
        password = "no such password" if name == "east" else sandbox.employee.password
        secrets += f'{head}username = "{sandbox.employee.username}"\npassword = "{password}"\n'
    configure(program, config, secrets)
    return program


def test_each_installation_is_loaded_whatever_becomes_of_the_others(
    three: Program, sandbox: Sandbox
) -> None:
    done = three("--json", "--resources", "clubs,classes")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    found = json.loads(done.stdout)["installations"]
    assert found["north"]["outcome"] == "ok"
    assert found["north"]["dataset"] == "perfectgym_north"
    assert (found["east"]["outcome"], found["east"]["exit_code"]) == ("failed", 3)
    assert found["south"]["outcome"] in ("failed", "partial")
    [(rows,)] = three.query("SELECT count(*) FROM perfectgym_north.classes")
    assert rows == len(sandbox.world.truth("classes"))
    assert "no such password" not in done.stdout + done.stderr

    text = three("--resources", "clubs", "--installation", "north,south")
    assert text.returncode == 4
    assert "== north" in text.stdout
    assert "== south" in text.stdout

    alone = three("--resources", "clubs", "--installation", "north")
    assert alone.returncode == 0
    assert "Nothing new" in alone.stdout


def test_installations_go_into_one_dataset_where_that_is_configured(
    three: Program, sandbox: Sandbox
) -> None:
    config = three.folder / ".dlt" / "config.toml"
    config.write_text(
        config.read_text()
        + "[pipelines.all]\nresources = ['clubs']\nshared_dataset = true\n"
        + "installations = ['north', 'twin']\n"
        + f'[sources.perfectgym.installations.twin]\nbase_url = "{sandbox.base_url}"\n'
    )
    account = {
        "SOURCES__PERFECTGYM__INSTALLATIONS__TWIN__USERNAME": sandbox.employee.username,
        "SOURCES__PERFECTGYM__INSTALLATIONS__TWIN__PASSWORD": sandbox.employee.password,
    }
    assert three("all", **account).returncode == 0
    found = three.query(
        "SELECT installation, count(*) FROM perfectgym.clubs GROUP BY ALL ORDER BY 1"
    )
    assert found == [("north", 4), ("twin", 4)]


@pytest.mark.parametrize(
    ("config", "arguments", "words"),
    [
        ("[pipelines.core]\nresorces = ['clubs']", [], ["pipelines.core.resorces", "'resources'"]),
        ("[pipelines.core]\nresources = ['clubz']", [], ["'clubz'", "'clubs'"]),
        ("[pipelines.mine]\nwait = 3", ["mine"], ["pipelines.mine.resources"]),
        ("[pipelines.core]\nwait = 'long'", [], ["pipelines.core.wait"]),
        ("", ["cor"], ["'cor'", "'core'"]),
        (
            "[sources.perfectgym.installations.a]\nbase_ur = 'x'",
            [],
            ["installations.a.base_ur", "'base_url'"],
        ),
        (
            "[sources.perfectgym.installations.a]\nsubdomain = 'x'",
            [],
            ["installations.a.username", "secrets.toml"],
        ),
        (
            "[sources.perfectgym.installations.a]\nsubdomain = 'x'",
            ["--installation", "b"],
            ["'b'"],
        ),
    ],
)
def test_what_is_wrong_in_the_configuration_is_named_before_any_request(
    program: Program, config: str, arguments: list[str], words: list[str]
) -> None:
    configure(program, config, "")
    done = program(*arguments)
    assert done.returncode == 2, done.stderr
    for word in words:
        assert word in done.stderr
    assert not program.database.exists()


def test_a_flag_beats_the_file_and_the_file_what_is_shipped(
    configured: Program, sandbox: Sandbox
) -> None:
    configure(
        configured,
        "[pipelines.core]\nresources = ['clubs']\ngroups = []\ndataset = 'ours'\n"
        "database = 'mine.duckdb'\nconcurrency = 1\n",
        "",
    )
    summary = json.loads(configured("--json").stdout)
    assert (summary["dataset"], summary["destination"]) == ("ours", "mine.duckdb")
    assert set(summary["requests"]) == {"clubs"}
    summary = json.loads(configured("--json", "--dataset", "flagged").stdout)
    assert summary["dataset"] == "flagged"


def test_the_shipped_pipelines_are_listed(program: Program) -> None:
    done = program("list", "pipelines")
    assert done.returncode == 0
    for name in ("core", "members", "finance", "everything"):
        assert name in done.stdout
