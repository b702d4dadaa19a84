"""Tells people about failed and overdue runs: a chat's webhook, and a health check's ping address.

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
    """What sends alerts to the addresses that `[alerts]` sets."""

    def started(self) -> None:
        """A run starts."""
        self._ping("/start")

    def ended(self, name: str, problem: str | None, was_well: bool) -> None:
        """A run has ended, or its status was asked.

        Args:
            name: What the people know it by, such as the pipeline's name.
            problem: What is wrong, in a sentence without secrets; None if all is well.
            was_well: Whether all was well the last time, as `History.keep` says it.
        """
        self._ping("/fail" if problem else "")
        if problem and (was_well or self.when == ALWAYS):
            self._tell(f"{name} failed: {problem}")
        elif not (problem or was_well):
            self._tell(f"{name} recovered.")

    def _ping(self, what: str) -> None:
        if self.ping_url:
            address, question, query = self.ping_url.partition("?")
            self._send("ping_url", "GET", f"{address.rstrip('/')}{what}{question}{query}")

    def _tell(self, text: str) -> None:
        if self.webhook_url:
            self._send("webhook_url", "POST", self.webhook_url, {"text": printable(text)})

    def _send(
        self, setting: str, method: str, url: str, body: Mapping[str, Any] | None = None
    ) -> None:
        try:
            with requests.request(
                method, url, json=body, timeout=TIMEOUT, allow_redirects=False, stream=True
            ) as answer:
                # A redirection is not followed: it would carry the text elsewhere.
                problem = None if answer.status_code < 300 else f"status {answer.status_code}"
        except (requests.RequestException, ValueError) as error:
            # Not its text: that holds the address.
            problem = type(error).__name__
        if problem:
            logger.warning("alerts.%s could not be reached (%s).", setting, problem)


def configured_alerts() -> Alerts:
    """Return the alerts that dlt's configuration sets.

    Raises:
        ConfigurationError: A value is wrong; all such are named, without a secret.
    """
    return configured_section("alerts", Alerts)
