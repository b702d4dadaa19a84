"""Resources that are read from their beginning, because their rows would be made otherwise now."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..config.settings import Settings
from ..text import listed
from .context import ExtractContext
from .failures import Failures
from .state.stored import StoredState


def forget_other_forms(
    settings: Settings, resources: Iterable[StoredState], failures: Failures
) -> None:
    """Have those resources read from their beginning whose rows other settings have made."""
    form = settings.form
    # A contract that discards from now on takes nothing from the rows that are there.
    fitting = (None, form, [*form[:-1], None])
    others = [stored for stored in resources if stored.form not in fitting]
    for stored in others:
        stored.forget()
    if others:
        failures.warn(
            f"{listed([stored.resource for stored in others])}: deleted_rows, language, "
            "time_zone or schema_contract has changed; all rows are read again."
        )


def record_zones(
    stored: StoredState,
    context: ExtractContext,
    clubs: Collection[int | None],
    is_full_refresh: bool,
) -> None:
    """Record the clubs whose rows this run has loaded without a time zone.

    When one of them has a zone, the next run reads all rows again: once, however long the zone
    was not known.
    """
    before = set() if is_full_refresh else stored.without_zone
    lacking = {club for club in before.union(clubs) if not context.clocks.has_zone(club)}
    if found := before - lacking:
        whose = listed(["no club" if club is None else f"club {club}" for club in found])
        context.failures.warn(
            f"{stored.resource}: rows of {whose} had no known time zone, and have one now; the "
            "next run reads it from its beginning, for its _utc columns."
        )
        stored.forget()
    stored.without_zone = lacking
