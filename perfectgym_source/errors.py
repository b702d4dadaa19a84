"""The errors of the connector: the problem, its request, and what to do about it.

Every error carries its facts as fields, so that the command line can turn it into words and an
exit code in one place. None of them holds a secret, and of a response none holds more than the
messages of the API's errors envelope: bodies hold personal data.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from .text import LONGEST_TEXT, one_line, shortened


class PerfectGymError(Exception):
    """Anything that the connector itself reports.

    Args:
        message: What went wrong.
        hint: What to do about it.
        resource: The resource that was being read.
        request: The request that failed, with its parameters (ids and dates) and no secret.

    Example:
        >>> print(PerfectGymError("The list ended early", hint="Run again.", resource="clubs"))
        The list ended early (clubs). Run again.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        resource: str | None = None,
        request: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.resource = resource
        self.request = request

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.resource, self.request) if part)
        text = self.message.rstrip(". ") + (f" ({where})" if where else "")
        if not text.endswith(("?", "!")):
            text += "."
        # It may quote the API, which may send anything.
        text = shortened(text, LONGEST_TEXT)
        return f"{text} {one_line(self.hint)}" if self.hint else text


class ConfigurationError(PerfectGymError):
    """A setting is missing or wrong."""

    exit_code = 2


class ConfigurationErrors(ConfigurationError):
    """Several settings are missing or wrong; its text has a line for each of them.

    Args:
        errors: The errors, at least two.
    """

    def __init__(self, errors: Iterable[ConfigurationError]) -> None:
        self.errors = list(errors)
        super().__init__(f"{len(self.errors)} settings are missing or wrong:")

    def __str__(self) -> str:
        lines = [self.message, *(f"  {error}" for error in self.errors), self.hint]
        return "\n".join(filter(None, lines))


class Problems:
    """Collects configuration errors, so that all of them are reported together.

    Example:
        >>> problems = Problems()
        >>> with problems.collected():
        ...     raise ConfigurationError("a is missing")
        >>> with problems.collected():
        ...     raise ConfigurationError("b is wrong")
        >>> problems.raise_all()
        Traceback (most recent call last):
        perfectgym_source.errors.ConfigurationErrors: 2 settings are missing or wrong:
          a is missing.
          b is wrong.
    """

    def __init__(self) -> None:
        self._errors: dict[str, ConfigurationError] = {}

    @contextlib.contextmanager
    def collected(self) -> Iterator[None]:
        """Keep a configuration error that is raised inside; the same one is kept once."""
        try:
            yield
        except ConfigurationErrors as several:
            self._errors.update((str(error), error) for error in several.errors)
        except ConfigurationError as error:
            self._errors.setdefault(str(error), error)

    def raise_all(self) -> None:
        """Raise what was collected, if anything was.

        Raises:
            ConfigurationError: The only one, or `ConfigurationErrors`.
        """
        errors = list(self._errors.values())
        if len(errors) > 1:
            raise ConfigurationErrors(errors)
        if errors:
            raise errors[0]


class SignInError(PerfectGymError):
    """The API refuses the account."""

    exit_code = 3


class ApiError(PerfectGymError):
    """The API failed, or its response is wrong."""

    exit_code = 4


class RequestRefused(ApiError):
    """The API refused a request.

    Args:
        status: The HTTP status.
        errors: The entries of the errors envelope: `code`, `property`, `message`.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        errors: Iterable[Mapping[str, Any]] = (),
        hint: str = "",
        resource: str | None = None,
        request: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, resource=resource, request=request)
        self.status = status
        self.errors: list[dict[str, Any]] = [dict(error) for error in errors]


class Unavailable(ApiError):
    """The API gave no usable response, in any attempt.

    Args:
        attempts: The number of attempts.
        status: The HTTP status of the last response; None if there was none.
    """

    def __init__(
        self,
        message: str,
        *,
        attempts: int = 1,
        status: int | None = None,
        hint: str = "",
        resource: str | None = None,
        request: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, resource=resource, request=request)
        self.attempts = attempts
        self.status = status


class PagingError(ApiError):
    """A list cannot be read to its end: its cursor does not advance, or its pages repeat."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "Run again later; if it stays so, report the list to PerfectGym.",
    ) -> None:
        super().__init__(message, hint=hint)


class DestinationError(PerfectGymError):
    """The rows could not be written."""

    exit_code = 5


class SystemFailure(PerfectGymError):
    """A file, a folder or another thing of this machine could not be used."""

    exit_code = 5


class DestinationLocked(DestinationError):
    """Another program has the database open that the rows go to."""

    exit_code = 7


class LockedError(PerfectGymError):
    """Another run is at work on the same data."""

    exit_code = 6


class Cancelled(Exception):
    """The run was stopped while it waited or read: no failure, and nothing to report."""


def most_urgent(codes: Iterable[int]) -> int:
    """Return the exit code of several results: the lowest one that is not 0, or 0."""
    return min(filter(None, codes), default=0)


def suggest(word: str, right: Iterable[str]) -> str:
    """Return the name that is nearest to a word as the end of a clause; empty if none is near.

    >>> suggest("employe", ("employee", "user"))
    " (did you mean 'employee'?)"
    """
    found = closest(word, right, 0.6)
    return f" (did you mean {found!r}?)" if found else ""


def closest(word: str, right: Iterable[str], cutoff: float = 0.8) -> str | None:
    """Return the name that a word resembles, without regard to case.

    Args:
        word: The word.
        right: The names.
        cutoff: How much the two have to resemble each other, from 0 to 1 for equal.

    >>> closest("Pipeline", ("pipelines", "alerts"))
    'pipelines'
    """
    lower = {name.lower(): name for name in right}
    found = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=cutoff)
    return lower[found[0]] if found else None
