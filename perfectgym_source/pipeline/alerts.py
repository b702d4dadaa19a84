"""Alerts about failed and overdue runs, by a chat's webhook and a health check's ping address.

Both addresses are secrets, because whoever knows them can post: they are in no log and no error. An
alert that cannot be sent is a warning and changes nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import requests

from ..config.pipeline_settings import ALWAYS, AlertSettings
from ..config.pipelines import configured_section
from ..text import printable

logger = logging.getLogger(__name__)

TIMEOUT = 5.0
"""Seconds for each step of a connection."""


class Alerts(AlertSettings):
    """Alerts to the addresses that `[alerts]` sets."""

    def started(self) -> None:
        """Notify the health check of the start of a run."""
        self._ping("/start")

    def ended(self, name: str, problem: str | None, was_well: bool) -> None:
        """Notify of the result of a run, or of a status.

        Args:
            name: The name to be shown, such as the pipeline's.
            problem: The problem, in a sentence without secrets; None if there is none.
            was_well: Whether there was none the last time, as `History.keep` returns it.
        """
        self._ping("/fail" if problem else "")
        if problem and (was_well or self.when == ALWAYS):
            self._post(f"{name} failed: {problem}")
        elif not (problem or was_well):
            self._post(f"{name} recovered.")

    def _ping(self, what: str) -> None:
        if self.ping_url:
            address, question, query = self.ping_url.partition("?")
            self._send("ping_url", "GET", f"{address.rstrip('/')}{what}{question}{query}")

    def _post(self, text: str) -> None:
        if self.webhook_url:
            self._send("webhook_url", "POST", self.webhook_url, {"text": printable(text)})

    def _send(
        self, setting: str, method: str, url: str, body: Mapping[str, Any] | None = None
    ) -> None:
        try:
            with requests.request(
                method, url, json=body, timeout=TIMEOUT, allow_redirects=False, stream=True
            ) as response:
                # A redirection is not followed: it would carry the text elsewhere.
                problem = None if response.status_code < 300 else f"status {response.status_code}"
        except (requests.RequestException, ValueError) as error:
            # Its text holds the address.
            problem = type(error).__name__
        if problem:
            logger.warning("alerts.%s could not be reached (%s).", setting, problem)


def configured_alerts() -> Alerts:
    """Return the alerts that dlt's configuration sets.

    Raises:
        ConfigurationError: A value is wrong; all such are named, without a secret.
    """
    return configured_section("alerts", Alerts)
