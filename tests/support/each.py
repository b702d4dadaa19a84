"""One test of a rule that many things keep: it names all that break it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any


def for_each(cases: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make one test of a check, called with each case (a tuple: with its elements).

    The first element of a case stands for it in the message. No case at all is a failure. The
    parameters of the check that come after those of a case are fixtures, shared by all cases.
    """
    cases = [case if isinstance(case, tuple) else (case,) for case in cases]

    def decorate(check: Callable[..., None]) -> Callable[..., None]:
        def test(**fixtures: Any) -> None:
            assert cases
            broken = []
            for case in cases:
                try:
                    check(*case, **fixtures)
                except Exception as error:
                    broken.append(f"{case[0]}: {type(error).__name__}: {error}")
            assert not broken, "\n".join((f"{len(broken)} of {len(cases)}:", *broken))

        parameters = list(inspect.signature(check).parameters.values())
        fixtures = parameters[len(cases[0]) :] if cases else []
        test.__signature__ = inspect.Signature(fixtures)  # type: ignore[attr-defined]
        test.__name__, test.__doc__ = check.__name__, check.__doc__
        return test

    return decorate
