"""What is no bug: a sentence that blames the right one, an exit code, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.program import PERFECTGYM, PROGRAM, Program

from perfectgym_source.sandbox import Fault, Sandbox


def test_standard_streams_may_be_closed_full_gone_or_short_of_letters(
    configured: Program, sandbox: Sandbox
) -> None:
    sandbox.faults.add(
        Fault(
            path="Memberships/Memberships",
            kind="status",
            status=400,
            times=None,
            body='{"errors": [{"code": "X", "message": "Brak \\u001b[31muprawnie\\u0144\\nFAKE"}]}',
        )
    )

    def run(redirections: str, **more: str) -> tuple[int, str]:
        command = f'"$0" "$1" --resources clubs,memberships {redirections}'
        done = subprocess.run(
            ["bash", "-c", f"{command}; echo code $?", sys.executable, str(PROGRAM)],
            cwd=configured.folder,
            env={**configured.environment, **more},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        output, _, code = done.stdout.rpartition("code ")
        text = output + done.stderr
        assert "Traceback" not in text
        assert "\x1b" not in text
        assert "\nFAKE" not in text
        return int(code), text

    code, text = run("2>&-")
    assert (code, "4 rows" in text, "uprawnień" in text) == (4, True, True)
    code, text = run(">/dev/full")
    assert (code, "could not be written: No space left" in text) == (4, True)
    assert run(">&- 2>&-")[0] == 4
    code, text = run("", PYTHONIOENCODING="latin-1")
    assert (code, "uprawnie\\u0144" in text) == (4, True)


def test_a_pipe_that_nobody_reads_to_its_end_changes_nothing(program: Program) -> None:
    done = subprocess.run(
        ["bash", "-c", '"$0" "$1" list | true; echo ${PIPESTATUS[0]}']
        + [sys.executable, str(PERFECTGYM)],
        env=program.environment,
        cwd=program.folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_all_that_is_wrong_in_the_configuration_is_named_before_any_request(
    configured: Program, sandbox: Sandbox
) -> None:
    folder = configured.folder / ".dlt"
    folder.mkdir()
    (folder / "config.toml").write_bytes(
        b"\xef\xbb\xbf[sources.perfectgym]\npi = 'drop'\n[pipeline.core]\nwait = 1\n"
        b"[pipelines.core]\nresorces = ['clubs']\n[checks]\nmode = 'warm'\n[alerts]\nwhn = 'x'\n"
    )
    done = configured(
        "--resources",
        "clubz",
        SOURCES__PERFECTGYM__PASSWORD="",
        SOURCES__PERFECTGYM__SWEEP_DAY="1",
    )
    assert done.returncode == 2
    for word in (
        "sources.perfectgym.pi is not a setting (did you mean 'pii'?); it is set in .dlt/config",
        "pipeline is not a section (did you mean [pipelines]?)",
        "pipelines.core.resorces is not a setting (did you mean 'resources'?)",
        "checks.mode must be 'off' or 'warn' or 'fail', not 'warm' (did you mean 'warn'?)",
        "alerts.whn is not a setting (did you mean 'when'?)",
        "SOURCES__PERFECTGYM__SWEEP_DAY is not a setting (did you mean SOURCES__PERFECTGYM__SWEEP",
        "sources.perfectgym.password is missing",
        "There is no resource 'clubz' (did you mean 'clubs'?). `perfectgym list`",
    ):
        assert f"\n  {word}" in done.stderr
    assert len(done.stderr.splitlines()) == 9
    assert sandbox.requests == []

    (folder / "config.toml").write_text("[sources.perfectgym]\npassword = hunter2\n")
    done = configured("--resources", "clubs")
    assert (done.returncode, "hunter" in done.stderr) == (2, False)
    assert done.stderr == (
        "Error: .dlt/config.toml is not valid TOML: line 2, column 12. Put texts in quotes, "
        'those with a \\ or " in single ones, and names of sections in square brackets.\n'
    )
    (folder / "config.toml").write_text("")
    assert configured("--resources", "clubs").returncode == 0


def test_a_full_refresh_of_what_is_not_loaded_is_refused(
    configured: Program, sandbox: Sandbox
) -> None:
    done = configured("load", "--resources", "clubs", "--full-refresh", "clubs,classes")
    assert (done.returncode, sandbox.requests) == (2, [])
    assert "--full-refresh names classes: this run does not load that" in done.stderr


@pytest.mark.parametrize("arguments", [["load"], ["--resources", "clubs"], ["core", "--status"]])
def test_a_key_that_is_set_twice_is_named_whatever_is_called(
    configured: Program, arguments: list[str]
) -> None:
    folder = configured.folder / ".dlt"
    folder.mkdir()
    for name in ("config.toml", "secrets.toml"):
        (folder / name).write_text("[sources.perfectgym]\nmode = 'x'\nmode = 'y'\n")
        done = subprocess.run(
            [sys.executable, str(PERFECTGYM), *arguments],
            cwd=configured.folder,
            env=configured.environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert f"Error: .dlt/{name} is not valid TOML: line 3 sets a key" in done.stderr
        assert done.returncode == 2
        (folder / name).unlink()


def test_a_destination_that_is_not_configured_is_one_error(
    configured: Program, sandbox: Sandbox
) -> None:
    done = configured("--resources", "clubs", "--destination", "postgres")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: The destination 'postgres' is not configured: ")
    assert sandbox.requests == []


def test_ordinary_variables_of_the_environment_set_nothing(
    configured: Program,
) -> None:
    ordinary = {
        "LIMIT": "2",
        "FULL_REFRESH": '["all"]',
        "DEV_MODE": "true",
        "REFRESH": "drop_sources",
        "RESOURCES": "x",
        "GROUPS": "x",
        "MODE": "production",
        "ATTEMPTS": "many",
        "CONCURRENCY": "none",
        "TIME_ZONE": "Mars",
        "USERNAME": "analyst",
        "PASSWORD": "hunter2",
        "SUBDOMAIN": "x",
    }
    account = [
        f"{name} = '{configured.environment.pop(f'SOURCES__PERFECTGYM__{name.upper()}')}'"
        for name in ("username", "password")
    ]
    secrets = configured.folder / ".dlt" / "secrets.toml"
    secrets.parent.mkdir()
    secrets.write_text("\n".join(("[sources.perfectgym]", *account)))
    secrets.chmod(0o600)
    done = configured("--resources", "clubs,class_types", **ordinary)
    assert done.returncode == 0, done.stderr
    [(rows,)] = configured.query("SELECT count(*) FROM perfectgym.class_types")
    assert rows > 2
    assert "clubs" in configured("state", **ordinary).stdout


def test_what_requests_nothing_needs_no_account(configured: Program, sandbox: Sandbox) -> None:
    assert configured("--resources", "clubs").returncode == 0
    requested = len(sandbox.requests)
    for name in ("USERNAME", "PASSWORD"):
        del configured.environment[f"SOURCES__PERFECTGYM__{name}"]
    configured.environment["SOURCES__PERFECTGYM__PII"] = "hash"  # needs a key, which is a secret
    assert configured("status", "--resources", "clubs").returncode == 0
    closed = subprocess.run(
        ["bash", "-c", '"$0" "$1" reset clubs <&-', sys.executable, str(PERFECTGYM)],
        cwd=configured.folder,
        env=configured.environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert closed.returncode == 2
    assert closed.stderr.startswith("Error: reset asks for confirmation, and standard input is ")
    del configured.environment["SOURCES__PERFECTGYM__BASE_URL"]
    assert "clubs" in configured("state").stdout
    done = configured("reset", "clubs", "--yes")
    assert (done.returncode, "Forgotten: clubs" in done.stdout) == (0, True)
    assert len(sandbox.requests) == requested
    assert "password is missing" in configured("--resources", "clubs").stderr

    configured.database.unlink()
    configured.database.mkdir()
    folder = configured("state")
    assert folder.returncode == 2
    assert "gym.duckdb is a folder. --database names another file." in folder.stderr
    assert "config.toml" not in folder.stderr

    (configured.folder / ".dlt").mkdir()
    (configured.folder / ".dlt" / "config.toml").write_text(
        "[sources.perfectgym.installations.north]\nsubdomain = 'north'\n"
    )
    state = configured("state", "--database", "other.duckdb")
    assert (state.returncode, state.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--resources", ""], "--resources"),
        (["--group", ","], "--group"),
        (["--installation", ""], "--installation"),
        (["--full-refresh="], "--full-refresh"),
        (["--database", ""], "--database"),
        (["--database", "."], "--database"),
        (["--dataset", " "], "--dataset"),
        (["--destination", ""], "--destination"),
        ([""], "PIPELINE"),
        (["--from", "2026-13-01", "--to", "2026-01-01"], "--from"),
        (["--from", "2026-01-01", "--to", "1.2.2026"], "--to"),
        (["--from", "today", "--to", "2026-02-01"], "--from"),
    ],
)
def test_a_flag_is_blamed_for_its_value(arguments: list[str], words: str) -> None:
    from click.testing import CliRunner

    from perfectgym_source.cli.commands.load import command

    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 2
    assert f"Invalid value for '{words}" in done.output or words == "PIPELINE"


def test_what_the_system_refuses_is_not_the_destinations(
    configured: Program, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "gone").mkdir()
    name = "za\u017c\u00f3\u0142\u0107"
    (tmp_path / name).mkdir()
    cases: list[tuple[dict[str, str], int, str]] = [
        ({"DLT_DATA_DIR": str(tmp_path / "file")}, 5, "Not a directory"),
        ({"REQUESTS_CA_BUNDLE": "/nonexistent.pem"}, 2, "REQUESTS_CA_BUNDLE names /nonexistent"),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, 2, "PYTHONUTF8=1"),
    ]
    for more, code, words in cases:
        where = tmp_path / name if "LC_ALL" in more else tmp_path
        done = Program(where, configured.environment).exec("--resources", "clubs", **more)
        assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
        assert words in done.stderr
        assert "destination" not in done.stderr
    assert sandbox.requests == []
    gone = subprocess.run(
        ["bash", "-c", 'cd gone; rmdir ../gone; "$0" "$1"', sys.executable, str(PROGRAM)],
        cwd=tmp_path,
        env=configured.environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (gone.returncode, gone.stderr.count("\n")) == (2, 1)


def test_a_bug_is_told_in_a_line_and_its_traceback_is_in_a_private_file(
    configured: Program, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import perfectgym_source.pipeline.alerts as alerts\n"
        "def broken(self): raise KeyError('s3cret')\n"
        "alerts.Alerts.started = broken\n"
    )
    path = f"{tmp_path}{os.pathsep}{configured.environment.get('PYTHONPATH', '')}"
    done = configured.exec("--resources", "clubs", PYTHONPATH=path)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("A bug in perfectgym: KeyError. The traceback is in ")
    assert "s3cret" not in line
    [file] = (tmp_path / "dlt").rglob("bug-*.txt")
    assert file.stat().st_mode & 0o777 == 0o600
    assert "s3cret" in file.read_text()


def test_a_failed_run_and_a_check_tell_each_kind_of_failure_once(
    configured: Program, sandbox: Sandbox
) -> None:
    names = "clubs,class_types,countries,lead_sources"
    nowhere = {
        "SOURCES__PERFECTGYM__BASE_URL": "https://nowhere.invalid/Api",
        "SOURCES__PERFECTGYM__ATTEMPTS": "1",
    }
    done = configured("--resources", names, **nowhere)
    assert done.returncode == 4
    assert done.stdout.startswith("Nothing could be read.\n")
    assert "none of which succeeded" in done.stdout
    assert done.stdout.count("The sign-in failed") == 1
    assert done.stderr.count("The sign-in failed") == 1
    checked = configured("check", "--resources", names, **nowhere)
    assert checked.returncode == 4
    assert checked.stdout.count("The sign-in failed") == 1
    assert checked.stdout.endswith("\n0 of 4 work.\n")

    member = sandbox.member
    account = {
        "SOURCES__PERFECTGYM__USERNAME": member.username,
        "SOURCES__PERFECTGYM__PASSWORD": member.password,
    }
    checked = configured("check", **account)
    assert 'Is this a club member\'s login? Then set sources.perfectgym.mode = "user"' in (
        checked.stdout
    )
    assert checked.stdout.count("403") == 2
