"""Alerts, against a receiver on a port of this machine."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from support.histories import Recorder
from support.receiver import TOKEN, Receiver, receiving

from perfectgym_source.destination.duckdb.loading_file import loading_file
from perfectgym_source.errors import ConfigurationError, SignInError
from perfectgym_source.pipeline import alerts as alerts_module
from perfectgym_source.pipeline.alerts import Alerts, configured_alerts
from perfectgym_source.sandbox import Fault, Sandbox


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def test_a_health_check_is_told_of_start_success_and_failure(receiver: Receiver) -> None:
    alerts = Alerts(ping_url=receiver.url)
    alerts.started()
    alerts.ended("core", None, was_well=True)
    alerts.started()
    alerts.ended("core", "The sign-in is refused.", was_well=True)
    assert receiver.paths == ["/start", "", "/start", "/fail"]
    assert {method for method, _, _ in receiver.received} == {"GET"}


def test_a_health_check_with_a_query_keeps_it(receiver: Receiver) -> None:
    Alerts(ping_url=f"{receiver.url}/?create=1").started()
    assert receiver.paths == ["/start?create=1"]


@pytest.mark.parametrize(
    ("when", "texts"),
    [
        ("change", ["core failed: down", "core recovered."]),
        ("always", ["core failed: down", "core failed: down", "core recovered."]),
    ],
)
def test_a_webhook_is_told_of_changes_or_of_every_failure(
    receiver: Receiver, when: str, texts: list[str]
) -> None:
    alerts = Alerts(webhook_url=receiver.url, when=when)
    alerts.started()
    well = True
    for problem in (None, "down", "down", None, None):
        alerts.ended("core", problem, well)
        well = problem is None
    assert receiver.texts == texts
    assert {method for method, _, _ in receiver.received} == {"POST"}


def test_without_addresses_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts_module, "requests", None)
    alerts = Alerts()
    alerts.started()
    alerts.ended("core", "down", was_well=True)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_refusal_is_a_warning_without_the_address(
    receiver: Receiver, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status = status
    Alerts(webhook_url=receiver.url).ended("core", "down", was_well=True)
    assert caplog.messages == [f"alerts.webhook_url could not be reached (status {status})."]
    assert receiver.paths == [""]


def test_a_receiver_that_is_away_or_slow_is_a_warning_without_the_address(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "perfectgym_source")
    monkeypatch.setattr(alerts_module, "TIMEOUT", 0.1)
    Alerts(ping_url=f"http://127.0.0.1:1/{TOKEN}").started()
    Alerts(webhook_url=f"http://no host/{TOKEN}").ended("core", "down", was_well=True)
    receiver.is_released.clear()
    started = time.monotonic()
    Alerts(ping_url=receiver.url).started()
    assert time.monotonic() - started < 10
    assert len(caplog.records) == 3
    assert TOKEN not in caplog.text


def test_the_addresses_are_secrets(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    assert configured_alerts() == Alerts()
    monkeypatch.setenv("ALERTS__WEBHOOK_URL", receiver.url)
    monkeypatch.setenv("ALERTS__PING_URL", receiver.url)
    monkeypatch.setenv("ALERTS__WHEN", "always")
    assert configured_alerts() == Alerts(receiver.url, receiver.url, "always")
    assert TOKEN not in repr(configured_alerts())


@pytest.mark.parametrize("name", ["WEBHOOK_URL", "PING_URL", "WHEN"])
def test_a_wrong_setting_is_refused_without_its_value(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ALERTS__{name}", "hooks.example.com" if name != "WHEN" else "sometimes")
    with pytest.raises(ConfigurationError, match=f"alerts.{name.lower()}") as caught:
        configured_alerts()
    assert "hooks.example.com" not in str(caught.value)


def test_the_history_knows_whether_the_run_before_went_well(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    recorder = Recorder(tmp_path, sandbox)
    assert recorder.load("clubs").was_well
    sandbox.faults.add(Fault("Clubs/Clubs", "status", status=403))
    assert recorder.load("clubs").was_well
    with pytest.raises(SignInError):
        recorder.load("clubs", password="wrong")
    assert not recorder.load("clubs").was_well
    assert recorder.load("clubs").was_well
    # The clock was ahead in the run that failed.
    with duckdb.connect(str(loading_file(recorder.database))) as connection:
        later = "started_at = started_at + INTERVAL 1 HOUR WHERE outcome = 'failed'"
        connection.execute(f"UPDATE perfectgym._runs SET {later}")
    assert recorder.load("clubs").was_well
