"""The tables of settings: written once, cheap to import, and the same wherever they are used."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from perfectgym_source.catalog import V1
from perfectgym_source.catalog.api_version import CREDENTIALS
from perfectgym_source.config.pipeline_settings import AlertSettings, Checks, NamedPipeline
from perfectgym_source.config.setting import default_of, settings_of
from perfectgym_source.config.settings import NAMES, SECRETS, Settings
from perfectgym_source.destination import Options
from perfectgym_source.errors import ConfigurationError
from perfectgym_source.pipeline.runs import PipelineRun
from perfectgym_source.resolving import resolve
from perfectgym_source.source import perfectgym_source, reading_of

ACCOUNT: dict[str, Any] = {
    "base_url": "https://gym.example/Api",
    "username": "api",
    "password": "s3cret-word",
}
SLOW = ("dlt", "duckdb", "msgspec", "pyarrow", "requests")


@pytest.mark.parametrize("module", ["settings", "pipeline_settings"])
def test_the_tables_import_nothing_slow(module: str) -> None:
    code = (
        f"import sys, perfectgym_source.config.{module}\n"
        f"print([name for name in {SLOW} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("table", [Settings, NamedPipeline, Checks, AlertSettings])
def test_every_field_is_a_setting_and_every_default_passes_its_check(table: type) -> None:
    settings = settings_of(table)
    others = {entry.name for entry in fields(table)} - settings.keys()
    assert others == {NamedPipeline: {"name", "source"}}.get(table, set())
    for name, entry in settings.items():
        default = default_of(table, name)
        if default not in (None, "", ()):
            raw = str(default) if isinstance(default, Path) else default
            assert entry.check(raw) == default


def test_a_secret_is_in_no_repr() -> None:
    tables: tuple[type, ...] = (Settings, AlertSettings)
    for table in tables:
        for entry in fields(table):
            setting = settings_of(table).get(entry.name)
            assert entry.repr is not (setting is not None and setting.is_secret)


def test_the_source_takes_every_setting_by_name() -> None:
    parameters = inspect.signature(perfectgym_source).parameters
    assert [*parameters] == ["resources", "groups", "full_refresh", "limit", *NAMES]
    with pytest.raises(TypeError, match="retry_wiat"):
        perfectgym_source(**ACCOUNT, retry_wiat=1)
    with pytest.raises(TypeError, match="retry_wiat"):
        resolve(**ACCOUNT, retry_wiat=1)


VALUES: dict[str, Any] = {
    "mode": "user",
    "installation": "007",
    "start_date": "2024-01-01",
    "pii": '{"contact": "hash"}',
    "pii_key": "1234567890123456",
    "sweep_days": "3",
    "retry_wait": "0.5",
    "shared_dataset": "true",
}


@pytest.mark.parametrize("section", ["SOURCES__PERFECTGYM", "SOURCES__PERFECTGYM__PERFECTGYM"])
def test_what_is_not_given_is_taken_from_the_configuration(
    section: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**ACCOUNT, **VALUES, "password": "123"}.items():
        monkeypatch.setenv(f"{section}__{name.upper()}", value)
    monkeypatch.setenv(f"{section}__RESOURCES", '["clubs"]')
    found = resolve()
    settings = reading_of(perfectgym_source()).settings
    assert found.settings == settings
    assert [entry.name for entry in found.endpoints] == ["clubs"]
    assert (settings.mode, settings.installation, settings.password) == ("user", "007", "123")
    assert (settings.sweep_days, settings.retry_wait, settings.shared_dataset) == (3, 0.5, True)
    assert settings.pii.kinds == {"contact": "hash"}
    assert resolve(sweep_days=9).settings.sweep_days == 9


def test_the_secrets_are_not_looked_for_among_what_is_public() -> None:
    assert set(SECRETS) == {*sum(CREDENTIALS.values(), ()), "pii_key"}


def test_resolving_makes_no_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = {**ACCOUNT, "groups": ["company", "user"]}
    expected = [*perfectgym_source(**arguments).resources]

    def refuse(*_: Any) -> None:
        raise AssertionError("a resource was made")

    monkeypatch.setattr("perfectgym_source.source.make_resource", refuse)
    found = resolve(**arguments, full_refresh=["all"])
    assert [entry.name for entry in found.endpoints] == expected
    assert {*found.full_refresh} == {*expected}
    assert found.settings.api is V1


def test_an_endpoint_for_a_period_needs_one() -> None:
    period: dict[str, Any] = {"start_date": "2024-01-01", "end_date": "2024-02-01"}
    for make in (resolve, perfectgym_source):
        with pytest.raises(Exception, match="classes_window needs a period"):
            make(**ACCOUNT, resources=["classes_window"])
        make(**ACCOUNT, resources=["classes_window"], **period)
    with pytest.raises(ConfigurationError, match="must be after"):
        resolve(**ACCOUNT, start_date="2024-02-01", end_date="2024-01-01")


def test_a_variable_or_key_called_api_is_another_program_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("API", "https://elsewhere.example")
    account = {"subdomain": "demo", "username": "u", "password": "p"}
    assert resolve(**account).settings.api is V1
    assert perfectgym_source(**account).resources
    with pytest.raises(ConfigurationError, match="must be 'v1'"):
        resolve(**account, api="v3")
    assert len(str(inspect.signature(perfectgym_source))) < 3_000


def test_what_a_run_is_to_do_shows_no_secret() -> None:
    options = Options("duckdb", Path("x.duckdb"), "x", source={"password": "pSECRET"})
    assert "pSECRET" not in repr(PipelineRun("", options))
