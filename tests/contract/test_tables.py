"""Every table after a load holds what the API holds, field by field."""

from __future__ import annotations

import pytest
from loading import EVERYTHING, Target, set_now, small_world
from truth import check

from perfectgym_source.catalogue import ENDPOINTS
from perfectgym_source.sandbox import Sandbox

WARSAW = "Central European Standard Time"
CHECKED = {
    mode: [
        name
        for name, entry in ENDPOINTS.items()
        if mode in entry.modes and entry.selectable and name != "users_in_club"
    ]
    for mode in ("employee", "user")
}


@pytest.fixture(autouse=True)
def before_the_timetable_begins(monkeypatch):
    """A day from which `schedule_days` reaches over the whole timetable."""
    set_now(monkeypatch, "2024-01-01T00:00:00")


def load_everything(target, **options):
    return target.load(groups=EVERYTHING, schedule_days=3650, **options)


def check_everything(target, **options):
    counts = {}
    for name in CHECKED[target.mode]:
        counts.update(check(target, name, **options))
    return counts


@pytest.mark.parametrize("mode", ["employee", "user"])
@pytest.mark.parametrize("quirks", [True, False], ids=["with_odd_spellings", "clean"])
def test_a_first_load_holds_every_field_of_every_row(tmp_path, mode, quirks):
    with Sandbox(world=small_world(quirks)) as sandbox:
        target = Target(tmp_path, sandbox, mode)
        run = load_everything(target)
        counts = check_everything(target, verbatim=not quirks)
        assert [table for table, count in counts.items() if not count and "__" not in table] == []
        assert {table: n for table, n in run.rows.items() if table != "users_in_club"} == {
            table: count for table, count in counts.items() if count
        }
        assert not run.report.unreadable
        assert not run.report.failures
