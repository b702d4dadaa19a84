"""The figures of an extraction, kept up to date while it runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..errors import PerfectGymError, most_urgent
from .partitions import Partition


@dataclass(frozen=True)
class Failure:
    """A list, or one parent's part of it, that could not be read."""

    resource: str
    partition: Partition
    error: PerfectGymError

    def __str__(self) -> str:
        where = f" of {', '.join(map(str, self.partition))}" if self.partition else ""
        return f"{self.resource}{where}: {self.error}"


@dataclass
class Report:
    """What an extraction has done so far.

    Attributes:
        received: Rows received, by resource; those of a list that has to be complete are counted
            at its end.
        rows: Rows handed to dlt, by table; rows that only clear a parent's list are not counted.
        deleted: Rows that are flagged as deleted or missing from their full list, by table.
        removed: Those of them that leave the table.
        unreadable: Values that could not be read as their column's type, by `table.column`.
        unknown_fields: Columns of fields that the catalog does not know and no earlier run named,
            as `table.column`.
        failures: What could not be read; the next run requests it again.
        requests: Requests by resource, of those lists too that were read for their ids only.
        retries: Those of them that were repeated.
        partitions: How many lists (one for each club, user, ...) are to be read, by resource, as
            soon as it is known.
        partitions_done: How many of them have been read.
        seconds: Time from the first request of a resource, when the lists that it depends on had
            been read, until its last row was handed to dlt; by resource, when it has come to that.
        token_requests: Sign-ins.
        requests_per_second: The pace, from the first request to the end of the last one.
        slowdowns: How many times fewer requests were sent at a time because responses had become
            slower.
        refusals: How many times the pace was lowered because the API refused requests (429), had no
            time for them (503, 504), or did not respond in time.
        seconds_paused: How long no request was sent because the API had refused one with 429.
        warnings: Other messages for the user.
    """

    received: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    deleted: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    unknown_fields: set[str] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    partitions: dict[str, int] = field(default_factory=dict)
    partitions_done: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    token_requests: int = 0
    requests_per_second: float = 0.0
    slowdowns: int = 0
    refusals: int = 0
    seconds_paused: float = 0.0
    warnings: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 if everything was read; otherwise the smallest exit code of the failures."""
        return most_urgent(failure.error.exit_code for failure in self.failures)
