"""The failures of an extraction: which of them end it, when the rest is left for later, and the
cause that they may have in common."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Collection, Mapping

from ..catalog import ApiVersion, Endpoint
from ..errors import (
    ApiError,
    Cancelled,
    PerfectGymError,
    RequestRefused,
    SignInError,
    Unavailable,
)
from ..text import counted
from .partitions import Partition
from .report import Failure, Report

logger = logging.getLogger(__name__)

MAX_FAILURES_IN_A_ROW = 20
"""After so many requests of an endpoint that failed alike, one after another, the rest of it is
left for the next run; so is the rest of all endpoints after as many without any response."""

NO_RESPONSE = (None, 502, 503, 504)
"""The statuses of requests that the API itself has not responded to."""

REFUSED_SHARE = 0.8
REFUSED_LEAST = 3
"""So many refusals say that the account is of the other mode."""
_OTHER = {"employee": ("a club member's", "user"), "user": ("an API user's", "employee")}


class Failures:
    """Records failures and decides what follows from them. Threads share it.

    Args:
        report: Records the failures and warnings.
        stop: Set to end the extraction early.
        raises: Whether the first failure ends the extraction (`on_error` is "raise").
    """

    def __init__(self, report: Report, stop: threading.Event, raises: bool) -> None:
        self._report = report
        self._stop = stop
        self._raises = raises
        self._error: BaseException | None = None
        self._in_a_row: Counter[tuple[str, str]] = Counter()
        self._outage: list[str] = []
        self._given_up: set[str] = set()
        self._has_given_up = False
        self._is_signed_out = False
        self._has_received = False
        self._lock = threading.Lock()

    @property
    def is_stopped(self) -> bool:
        """Return whether the extraction ends early."""
        return self._stop.is_set()

    def stop(self, error: BaseException) -> None:
        """End the extraction because of an error; the first one is raised."""
        with self._lock:
            if self._error is None and not isinstance(error, Cancelled):
                self._error = error
        self._stop.set()

    def raise_if_stopped(self) -> None:
        """Raise the error that ended the extraction.

        Raises:
            PerfectGymError: It was stopped.
        """
        if self._error is not None:
            raise self._error
        if self.is_stopped:
            raise Cancelled("The run was stopped.")

    def succeeded(self, resource: str) -> None:
        """Reset the counts of failures in a row."""
        self._has_received = True
        if self._in_a_row or self._outage:
            with self._lock:
                self._outage.clear()
                for key in [key for key in self._in_a_row if key[0] == resource]:
                    del self._in_a_row[key]

    def responded(self) -> None:
        """Record that the API has responded: there is no outage."""
        if self._outage:
            with self._lock:
                self._outage.clear()

    def failed(self, resource: str, partition: Partition, error: ApiError | SignInError) -> None:
        """Record a partition that could not be read.

        A refused sign-in ends the extraction, if nothing was received before. Otherwise the rows
        that were received are loaded, and the rest is left for the next run.
        """
        if isinstance(error, SignInError) and not self._has_received:
            self.stop(error)
            return
        with self._lock:
            key = (resource, _kind(error))
            self._in_a_row[key] += 1
            if self._in_a_row[key] >= MAX_FAILURES_IN_A_ROW:
                self._given_up.add(resource)
            if isinstance(error, Unavailable) and error.status in NO_RESPONSE:
                self._outage.append(resource)
            elif not isinstance(error, SignInError):
                self._outage.clear()
            is_outage = len(self._outage) >= MAX_FAILURES_IN_A_ROW and len(set(self._outage)) > 1
            self._is_signed_out |= isinstance(error, SignInError)
            self._has_given_up |= is_outage or self._is_signed_out
        self.report(resource, partition, error)

    def report(self, resource: str, partition: Partition, error: ApiError | SignInError) -> None:
        """Report what could not be read; with `on_error` "raise", end the extraction."""
        with self._lock:
            self._report.failures.append(Failure(resource, partition, error))
        if not self.is_stopped:  # otherwise it follows from the error that is raised
            logger.error("%s", error)
        if self._raises:
            self.stop(error)

    def has_given_up(self, resource: str) -> bool:
        """Return whether the rest of an endpoint is left for the next run."""
        return self._has_given_up or resource in self._given_up

    def report_postponed(self, resource: str, count: int) -> None:
        """Report the partitions of an endpoint that were not requested."""
        why = "the API had stopped answering"
        if self._is_signed_out:
            why = "the sign-in was refused"
        elif resource in self._given_up:
            why = f"{MAX_FAILURES_IN_A_ROW} requests in a row had failed alike"
        error = ApiError(
            f"{counted(count, 'part')} not requested, because {why}",
            hint="The next run requests what is missing.",
            resource=resource,
        )
        self.report(resource, (), error)

    def warn(self, text: str) -> None:
        """Record a warning."""
        logger.warning("%s", text)
        with self._lock:
            self._report.warnings.append(text)


def wrong_mode(
    mode: str,
    requested: Collection[Endpoint],
    errors: Mapping[str, PerfectGymError],
    is_client: bool = False,
) -> str | None:
    """Return a sentence if the account seems to be of the other mode, or to have lost its rights.

    It does if nearly everything is refused with 403, or everything that only accounts of this mode
    may read.

    Args:
        mode: The account mode, `employee` or `user`.
        requested: The endpoints that were requested.
        errors: An error by resource, of those that could not be read.
        is_client: Whether an API client has signed in: it has no other mode.
    """
    refused = {
        name
        for name, error in errors.items()
        if isinstance(error, RequestRefused) and error.status == 403
    }
    own = {endpoint.name for endpoint in requested if endpoint.modes == (mode,)}
    if len(refused) < REFUSED_LEAST or (
        len(refused) < REFUSED_SHARE * len(requested)
        and not (len(own) >= REFUSED_LEAST and own <= refused)
    ):
        return None
    facts = f"{counted(len(refused), 'resource')} of {len(requested)} are refused with status 403."
    if is_client:
        return (
            f"{facts} Does the employee who created the API client still have the right ApiAccess "
            "in PerfectGym?"
        )
    whose, other = _OTHER[mode]
    return (
        f'{facts} Is this {whose} login? Then set sources.perfectgym.mode = "{other}" in '
        ".dlt/config.toml."
    )


def sees_little(report: Report, api: ApiVersion) -> str | None:
    """Return a sentence if the first lists that an account reads suggest that it may not see rows.

    They do if there are several, and all of them are empty, or that of clubs is: the API may send
    empty lists in place of a refusal.

    Args:
        report: What was read.
        api: The generation of the API.
    """
    lists = +report.requests
    empty = [name for name in lists if not report.received[name]]
    clubs = api.zones.endpoint if api.zones is not None else None
    if report.failures or len(lists) < 2 or (clubs not in empty and len(empty) < len(lists)):
        return None
    which = f"All {len(lists)} lists that were read are empty"
    if len(empty) < len(lists):
        which = f"The list {clubs!r} is empty"
    return (
        f"{which}. If PerfectGym has rows there, check base_url (or subdomain) and what the "
        "account may read."
    )


def _kind(error: ApiError | SignInError) -> str:
    """Return a key that is the same for failures that have the same cause."""
    return f"{type(error).__name__} {error.status if isinstance(error, RequestRefused) else ''}"
