"""The requests of a first run, as a dry run estimates them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from support.loading import Target, small_world

from perfectgym_source.cli.rendering.dry_run import UNKNOWN, as_text
from perfectgym_source.config.pipeline_settings import BUILTIN
from perfectgym_source.extract.progress import Estimate
from perfectgym_source.pipeline import first_run
from perfectgym_source.pipeline.dry_run import DryRun, preview
from perfectgym_source.resolving import resolve
from perfectgym_source.resources import Reading
from perfectgym_source.sandbox import Fault, Sandbox


@pytest.fixture
def target(tmp_path: Path, sandbox: Sandbox) -> Target:
    return Target(tmp_path, sandbox)


def dry_run(target: Target, *resources: str, groups: Sequence[str] = ()) -> DryRun:
    account = target.sandbox.employee if target.mode == "employee" else target.sandbox.member
    resolved = resolve(
        base_url=target.sandbox.base_url,
        username=account.username,
        password=account.password,
        mode=target.mode,
        attempts=1,
        resources=list(resources),
        groups=list(groups),
    )
    return preview(Reading(resolved.settings), resolved.endpoints)


def estimates(found: DryRun) -> dict[str, Estimate | None]:
    return {entry.resource: entry.requests for entry in found.previews}


@pytest.mark.parametrize("mode", ["employee", "user"])
def test_it_is_never_more_than_a_first_run_makes(tmp_path: Path, mode: str) -> None:
    groups = ("company", "club", "plan", "instructor", "contract", "geo", "user", "message")
    with Sandbox(world=small_world(users=20)) as sandbox:
        target = Target(tmp_path, sandbox, mode)
        found = dry_run(target, groups=groups)
        made = target.load(groups=groups).report.requests
    for name, estimate in estimates(found).items():
        if estimate is not None:
            assert estimate.count <= made[name], name
            assert estimate.is_least or estimate.count == made[name], name
    assert 0.8 * made.total() < found.requests.count <= made.total()


def test_finance_is_known_but_for_longer_lists_of_a_member(target: Target) -> None:
    finance = BUILTIN["finance"]
    found = dry_run(target, *finance["resources"], groups=finance["groups"])
    # As the pipeline reads them: for the clubs and the users, their lists too.
    made = target.load(*finance["resources"], groups=finance["groups"]).report.requests
    assert found.requests == Estimate(made.total(), is_least=True)
    known = {name for name, each in estimates(found).items() if each and not each.is_least}
    assert {"contract_fees", "user_products", "contracts", "products"} <= known
    assert "pending_contract_fees" not in known
    assert found.requests_per_second is not None


def test_a_list_that_is_too_long_is_not_counted(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_run, "MOST_REQUESTS", 1)
    found = dry_run(target, "contracts", "contract_fees", "club_details", "class_attendees")
    assert estimates(found) == {
        "contracts": Estimate(1, is_least=True),
        "contract_fees": None,
        "club_details": Estimate(4),
        "class_attendees": None,
    }
    assert found.requests.is_least
    contracts = [r for r in target.sandbox.requests if r.table == "contracts"]
    assert len(contracts) == 1
    text = as_text(found)
    assert UNKNOWN in text
    assert "  ?" in text and "  1+" in text


def test_nothing_is_estimated_for_what_fails(target: Target) -> None:
    target.sandbox.faults.add(Fault("Contracts/Contracts", "status", status=403, times=None))
    found = dry_run(target, "contracts", "contract_fees", "clubs")
    assert estimates(found) == {"contracts": None, "contract_fees": None, "clubs": Estimate(1)}
    assert found.requests == Estimate(1, is_least=True)
    assert UNKNOWN not in as_text(found)


def test_a_list_without_parents_takes_no_requests(target: Target) -> None:
    for club in target.sandbox.world.clubs:
        target.sandbox.world.purge("clubs", club["id"])
    found = dry_run(target, "clubs", "products")
    assert estimates(found) == {"clubs": Estimate(1), "products": Estimate(0)}
