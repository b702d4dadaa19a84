"""Latencies of requests of many kinds, as one figure: how slow the server is now.

Endpoints differ in how long they take, and so do pages with many and with few rows. Each response
is compared with what is usual for its kind. All figures are natural logarithms of seconds, and of
their ratios.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

MOST_REMEMBERED = 50
"""What is usual for a kind is the mean of about so many responses."""

MOST_KINDS = 4096

LEAST_KNOWN = 2
"""So many responses of known kinds tell how slow the server is."""

OF_ALL = 1.5
"""The standard deviation of all values, over that of the middle three quarters of them."""


@dataclass
class _Kind:
    """What is usual for the requests of one kind."""

    usual: float
    responses: int

    def learn(self, differences: Sequence[float]) -> float:
        """Move towards the mean of the last responses, and return by how much."""
        count = len(differences)
        self.responses = min(self.responses + count, MOST_REMEMBERED)
        step = middle(differences) * count / max(self.responses, count)
        self.usual += step
        return step


@dataclass(frozen=True)
class Level:
    """How slow the server was in a round of responses.

    Attributes:
        value: The mean of what the responses differ from what is usual for their kinds.
        moved: By how much the measure of all later values has moved, as what is usual was learned.
        variance: How much responses of the same kind differ; None if it is not known.
    """

    value: float
    moved: float
    variance: float | None


class Latencies:
    """Compares the latencies of requests with what is usual for their kinds."""

    def __init__(self) -> None:
        self._kinds: dict[Hashable, _Kind] = {}
        self._value = 0.0

    def level(self, round_: Sequence[tuple[Hashable, float]]) -> Level:
        """Return how slow the server was, and learn what is usual for each kind.

        Args:
            round_: The kind of each request, and its latency.
        """
        kinds = self._kinds
        ratios = [latency - kinds[name].usual for name, latency in round_ if name in kinds]
        value = middle(ratios) if len(ratios) >= LEAST_KNOWN else self._value
        by_kind: dict[Hashable, list[float]] = {}
        for name, latency in round_:
            by_kind.setdefault(name, []).append(latency - value)
        moved = 0.0
        for name, latencies in by_kind.items():
            if kind := kinds.get(name):
                moved += len(latencies) * kind.learn([each - kind.usual for each in latencies])
            elif len(kinds) < MOST_KINDS:
                kinds[name] = _Kind(middle(latencies), len(latencies))
        # Kinds are compared with each other only: together they must not follow the server.
        moved = moved / len(ratios) if ratios else 0.0
        self._value = value - moved
        spread = OF_ALL * stdev(_trimmed(ratios)) if len(ratios) > 1 else None
        return Level(self._value, moved, None if spread is None else spread**2)


def middle(values: Sequence[float]) -> float:
    """Return the mean of the values without the smallest and the greatest eighth of them."""
    return fmean(_trimmed(values))


def _trimmed(values: Sequence[float]) -> Sequence[float]:
    cut = len(values) // 8
    return sorted(values)[cut : len(values) - cut]
