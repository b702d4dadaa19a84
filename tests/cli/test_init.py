"""`perfectgym init` writes the configuration once, and leaves alone what is there."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tomlkit
from click.testing import CliRunner, Result

from perfectgym_source.cli.commands.init import typed_address
from perfectgym_source.cli.main import command, main
from perfectgym_source.config.first_files import TEMPLATES, add_settings
from perfectgym_source.errors import ConfigurationError, PerfectGymError

ROOT = Path(__file__).parents[2]
ACCOUNT = ("--username", "api", "--password-stdin")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DLT_PROJECT_DIR")
    return tmp_path / ".dlt"


def init(*arguments: str, typed: str = "s3cret\n") -> Result:
    return CliRunner().invoke(command, ["init", *arguments], input=typed)


def section(file: Path) -> dict[str, str]:
    return tomlkit.parse(file.read_text()).unwrap()["sources"]["perfectgym"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_examples_are_the_templates(name: str) -> None:
    assert (ROOT / ".dlt" / f"{name}.example").read_text(encoding="utf-8") == TEMPLATES[name]
    assert section(ROOT / ".dlt" / f"{name}.example")


def test_both_files_are_made_and_belong_to_their_owner(folder: Path) -> None:
    done = init("--subdomain", "Club", "--mode", "user", *ACCOUNT, typed=" s3 cret \r\n")
    assert done.exit_code == 0, done.output
    assert "Written: .dlt/config.toml and .dlt/secrets.toml." in done.output
    assert section(folder / "config.toml") == {"subdomain": "club", "base_url": "", "mode": "user"}
    assert section(folder / "secrets.toml") == {"username": "api", "password": " s3 cret "}
    assert "s3 cret" not in done.output
    assert (folder / "secrets.toml").stat().st_mode & 0o777 == 0o600
    assert "secrets.toml" in (folder / ".gitignore").read_text()
    assert sorted(path.name for path in folder.iterdir()) == [
        ".gitignore",
        "config.toml",
        "secrets.toml",
    ]


def test_keys_are_added_and_comments_stay(folder: Path) -> None:
    folder.mkdir()
    config, secrets = folder / "config.toml", folder / "secrets.toml"
    config.write_text(
        "# mine\n[sources.perfectgym]\nsweep_days = 1 # often\npii = 'hash'\n[checks]\nmode='off'\n"
    )
    secrets.write_text("[destination.postgres]\ncredentials = 'x'\n")
    secrets.chmod(0o644)
    assert init("--base-url", "https://club.example/Api", *ACCOUNT).exit_code == 0
    assert config.read_text() == (
        "# mine\n[sources.perfectgym]\nsweep_days = 1 # often\npii = 'hash'\n"
        "base_url = \"https://club.example/Api\"\n[checks]\nmode='off'\n"
    )
    assert section(secrets) == {"username": "api", "password": "s3cret"}
    assert secrets.read_text().startswith("[destination.postgres]\ncredentials = 'x'\n")
    assert secrets.stat().st_mode & 0o777 == 0o600

    before = config.read_bytes(), secrets.read_bytes()
    again = init("--base-url", "https://club.example/Api/", *ACCOUNT)
    assert "has all that is needed already" in again.output
    assert (config.read_bytes(), secrets.read_bytes()) == before


def test_what_stands_in_the_way_is_named(folder: Path, tmp_path: Path) -> None:
    folder.touch()
    assert ".dlt is no folder" in str(init("--subdomain", "club", *ACCOUNT).exception)
    folder.unlink()
    folder.mkdir()
    (folder / "config.toml").mkdir()
    assert "config.toml cannot be read" in str(init("--subdomain", "club", *ACCOUNT).exception)
    (folder / "config.toml").rmdir()

    with pytest.raises(ConfigurationError, match="no UTF-8 text"):
        add_settings(folder, {"subdomain": "club", "username": "api", "password": "p\udcff"})
    assert list(folder.iterdir()) == []

    # A link stays one, and what it points to becomes private.
    elsewhere = tmp_path / "elsewhere.toml"
    elsewhere.touch(0o644)
    (folder / "secrets.toml").symlink_to(elsewhere)
    assert init("--subdomain", "club", *ACCOUNT).exit_code == 0
    assert (folder / "secrets.toml").is_symlink()
    assert section(elsewhere)["password"] == "s3cret"
    assert elsewhere.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("arguments", "typed", "words"),
    [
        (("--subdomain", "other"), "", "subdomain is set in .dlt/config.toml already"),
        (("--base-url", "https://a.example"), "", "subdomain is set in .dlt/config.toml already"),
        (("--username", "other"), "", "username is set in .dlt/secrets.toml already"),
        (("--password-stdin",), "other\n", "password is set in .dlt/secrets.toml already"),
        (("--mode", "user"), "", "mode is set in .dlt/config.toml already"),
        (("--subdomain", "a", "--base-url", "https://b"), "", "cannot be given together"),
        (("--password-stdin",), "\n", "no password on standard input"),
    ],
)
def test_another_value_is_refused_and_nothing_is_written(
    folder: Path, arguments: tuple[str, ...], typed: str, words: str
) -> None:
    assert init("--subdomain", "club", *ACCOUNT).exit_code == 0
    before = {path: path.read_bytes() for path in folder.iterdir()}
    refused = init(*arguments, typed=typed)
    assert isinstance(refused.exception, PerfectGymError)
    assert refused.exception.exit_code == 2
    assert words in str(refused.exception)
    assert "s3cret" not in str(refused.exception)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--subdomain", "https://club.perfectgym.com"),
        ("--subdomain", ""),
        ("--base-url", "http://club.example/Api"),
        ("--base-url", "https://u:p@club.example"),
        ("--username", " "),
        ("--mode", "emploee"),
    ],
)
def test_a_wrong_value_is_refused_before_anything_is_written(
    folder: Path, option: str, value: str
) -> None:
    refused = init(option, value)
    assert refused.exit_code == 2
    assert f"Invalid value for '{option}'" in refused.output
    assert not folder.exists()


def test_what_is_missing_is_named_where_nobody_can_be_asked(folder: Path) -> None:
    refused = init("--username", "api")
    assert "--subdomain or --base-url, --password-stdin must be given" in str(refused.exception)
    folder.mkdir()
    (folder / "secrets.toml").write_text("[sources.perfectgym]\npassword = s3cret\n")
    wrong = init("--subdomain", "club", *ACCOUNT)
    assert "secrets.toml is not valid TOML: line 2" in str(wrong.exception)
    assert "s3cret" not in str(wrong.exception)
    assert [path.name for path in folder.iterdir()] == ["secrets.toml"]


def test_an_api_client_takes_the_place_of_a_user_name(folder: Path) -> None:
    made = init("--subdomain", "club", "--client-id", "abc", "--password-stdin")
    assert made.exit_code == 0, made.exception
    assert section(folder / "secrets.toml") == {
        "username": "",
        "password": "",
        "client_id": "abc",
        "client_secret": "s3cret",
    }


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (" Club ", "club"),
        ("club.perfectgym.com", "club"),
        ("https://club.perfectgym.com/", "club"),
        ("club.PerfectGym.com/Api/", "club"),
        ("https://club.perfectgym.com/ClientPortal2/?a=1#/Login", "club"),
        ("https://club.perfectgym.com/Test/Api", "https://club.perfectgym.com/Test/Api"),
        ("https://club.perfectgym.com:8443/Api", "https://club.perfectgym.com:8443/Api"),
        ("https://club.example/Api/", "https://club.example/Api"),
    ],
)
def test_an_address_may_be_typed_as_a_browser_shows_it(typed: str, found: str) -> None:
    assert typed_address(typed) == found


def test_several_installations_are_not_mixed_with_another_login(folder: Path) -> None:
    folder.mkdir()
    text = '[sources.perfectgym.installations.north]\nsubdomain = "north"\n'
    (folder / "config.toml").write_text(text)
    refused = init("--subdomain", "club", *ACCOUNT)
    assert "names several installations" in str(refused.exception)
    assert [path.name for path in folder.iterdir()] == ["config.toml"]


def test_a_login_in_the_wrong_file_is_not_taken_for_one(folder: Path) -> None:
    folder.mkdir()
    text = '[sources.perfectgym]\nsubdomain = "club"\nusername = "other"\npassword = "other"\n'
    (folder / "config.toml").write_text(text)
    assert "--username (or --client-id), --password-stdin must be given" in str(init().exception)
    assert init(*ACCOUNT).exit_code == 0
    assert section(folder / "secrets.toml") == {"username": "api", "password": "s3cret"}


def test_an_interrupted_init_promises_no_next_run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def end(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr("perfectgym_source.cli.main._prepare_process", lambda: None)
    monkeypatch.setattr("perfectgym_source.cli.commands.init.first_folder", interrupt)
    monkeypatch.setattr("os._exit", end)
    monkeypatch.setattr("sys.argv", ["perfectgym", "init"])
    with pytest.raises(SystemExit, match="130"):
        main()
    assert capfd.readouterr().err == "\nInterrupted.\n"


def test_at_a_terminal_it_asks_for_what_is_missing(folder: Path, tmp_path: Path) -> None:
    main, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, str(Path(sys.executable).with_name("perfectgym")), "init"],
        cwd=tmp_path,
        env={**os.environ, "TERM": "dumb"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    ) as process:
        os.close(terminal)
        shown = ""
        for question, answer in (
            ("Address", "not an address"),
            ("It must be", "https://Club.perfectgym.com/ClientPortal2/#/Login"),
            ("API, v1", ""),
            ("User name", " api "),
            ("Password", "hunter2"),
            ("Mode", ""),
            ("Next:", ""),
        ):
            deadline = time.monotonic() + 60
            while question not in shown.rpartition("\0")[2]:
                assert time.monotonic() < deadline, shown
                if select.select([main], [], [], 1)[0]:
                    shown += os.read(main, 4096).decode()
            shown += "\0"
            time.sleep(0.2)  # the terminal hides what is typed once the question is there
            os.write(main, f"{answer}\n".encode())
        assert process.wait(60) == 0
    os.close(main)
    assert "hunter2" not in shown
    assert section(folder / "config.toml")["subdomain"] == "club"
    assert section(folder / "secrets.toml") == {"username": "api", "password": "hunter2"}
