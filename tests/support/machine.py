"""A machine that edits a sandbox, breaks it, kills runs, and compares the tables with the truth."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from support.edits import Edit, Editor
from support.loading import Run, Target, set_now
from support.plans import (
    HALF_LOADED,
    KILLS,
    Killed,
    Meanwhile,
    Plan,
    killing,
    lists_of,
    lists_of_edits,
    plans,
)
from support.set_edits import SetEditor
from support.truth import check
from support.v22 import Target22, differences

from perfectgym_source.catalog import ENDPOINTS, V22, table_layout
from perfectgym_source.config.dlt_config import keep_capabilities
from perfectgym_source.destination import Options, Session, destination_for
from perfectgym_source.destination.duckdb.merging import MergingDuckDB
from perfectgym_source.errors import PerfectGymError
from perfectgym_source.pipeline.runner import load
from perfectgym_source.sandbox import Installation, Sandbox, World

PLANS = st.runner().flatmap(lambda machine: machine.plans())
EDITS = st.runner().flatmap(lambda machine: lists_of_edits(machine.actions))


class Divergence(AssertionError):
    """A table is not what the API holds."""


class Loader(Target):
    """A target that the program's own run loads; it does not show rows of a deleted parent."""

    def load(self, *resources: str, **options: Any) -> Run:
        """Load as the program does: what is pending first, with its own working folder."""
        source = self.source(*resources, **options)
        self.sandbox.clear_records()
        destination = destination_for(Options("duckdb", self.file, "perfectgym"))
        with self.opened() as connection:
            before = packages(connection)
            database = keep_capabilities(MergingDuckDB(str(self.file)))
            load(Session(destination, database), source)
            return self.run_of(source, sorted(packages(connection) - before))

    def new_machine(self) -> None:
        """Forget the working folder: all state must come from the DuckDB file."""
        shutil.rmtree(self.folder / "dlt", ignore_errors=True)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows but those of a user or message that is gone: they stay, for history."""
        rows = super().rows(table)
        endpoint = ENDPOINTS[table.split("__")[0]]
        is_root = table_layout(endpoint).name == table
        for parent in endpoint.parents:
            if parent.table not in ("users", "messages"):
                continue
            living = {row.key for row in self.sandbox.world.rows(parent.table)}
            column = parent.column if is_root else f"{endpoint.key_prefix}_{parent.column}"
            rows = [row for row in rows if row[column] in living]
        return rows


def packages(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the load packages that a file holds."""
    try:
        found = connection.execute("select load_id from perfectgym._dlt_loads").fetchall()
    except duckdb.CatalogException:
        return set()
    return {package for (package,) in found}


class Machine(RuleBasedStateMachine):
    """Whatever happened before: after the API is quiet, one run makes every table right.

    Attributes:
        resources: What is loaded.
        actions: What can be edited: actions of `Editor` by stored table.
        options: Settings of the source.
        steps: How many edits and runs were made in all examples, by what became of them.
        divergences: All that were found.
    """

    resources: ClassVar[tuple[str, ...]] = ()
    actions: ClassVar[dict[str, Sequence[str]]] = {}
    options: ClassVar[dict[str, Any]] = {}
    steps: ClassVar[Counter[str]] = Counter()
    divergences: ClassVar[list[Divergence]] = []
    loader: ClassVar[type[Loader]] = Loader

    def __init__(self) -> None:
        super().__init__()
        self.patches = pytest.MonkeyPatch()
        self.folder = Path(tempfile.mkdtemp())
        world = self.make_world()
        self.editor = self.make_editor(world)
        self.sandbox = self.make_sandbox(world).start()
        self.patches.setenv("DLT_DATA_DIR", str(self.folder / "dlt"))
        self.target = self.loader(self.folder, self.sandbox, attempts=2, **self.options)
        self.now = datetime(2026, 1, 1)
        set_now(self.patches, self.now.isoformat())
        self.is_half_loaded = False

    def make_world(self) -> World:
        """The world at the beginning, as small as it can be."""
        raise NotImplementedError

    def make_editor(self, world: World) -> Any:
        """What edits the world."""
        return Editor(world)

    def make_sandbox(self, world: World) -> Sandbox:
        """What serves the world."""
        return Sandbox(world=world)

    def plans(self) -> st.SearchStrategy[Plan]:
        """What runs may be."""
        return plans(self.resources, lists_of(self.resources), self.actions)

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.quiet()
        finally:
            self.target.close()
            self.sandbox.stop()
            self.patches.undo()
            shutil.rmtree(self.folder)

    @initialize(plan=PLANS)
    def first_run(self, plan: Plan) -> None:
        self.load(plan)

    @rule(edits=EDITS, plan=PLANS, quiet=st.sampled_from([False, False, True]))
    def edit_and_run(self, edits: tuple[Edit, ...], plan: Plan, quiet: bool) -> None:
        self.count("edits", len(edits))
        self.editor.apply(edits)
        self.load(plan)
        if quiet:
            self.quiet()

    def quiet(self) -> None:
        """One run after all edits have ended, at a time when every list is swept."""
        self.count("quiet runs")
        self.editor.commit_all()
        self.now += timedelta(days=8)
        set_now(self.patches, self.now.isoformat())
        run = self.target.load(*self.resources)
        self.is_half_loaded = False
        assert run.report.failures == []
        if any("the next run reads it" in text for text in run.report.warnings):
            run = self.target.load(*self.resources)
            assert (run.report.failures, run.report.warnings) == ([], [])
        self.editor.stale.clear()
        self.compare(self.resources)
        again = self.target.load(*self.resources)
        assert (again.rows, again.packages) == ({}, [])

    def load(self, plan: Plan) -> None:
        """Make a run, and compare what it loaded if nothing came in its way."""
        # Only the working folder knows what a half-loaded package brought (docs/operations.md).
        if plan.on_new_machine and not self.is_half_loaded:
            self.target.new_machine()
        with self.circumstances(plan) as happened:
            try:
                run = self.target.load(
                    *plan.resources, full_refresh=plan.refreshed, on_error=plan.on_error
                )
            except Killed:
                assert plan.kill is not None
                self.is_half_loaded |= plan.kill[0] in HALF_LOADED
                self.count("killed runs")
                return
            except PipelineStepFailed as error:
                if not (plan.troubles and is_of_the_api(error)):
                    raise
                self.count("failed runs")
                return
            self.is_half_loaded = False
        if happened or run.report.failures:
            self.count("disturbed runs")
        else:
            self.count("undisturbed runs")
            self.compare([name for name in plan.resources if name not in self.editor.stale])

    def count(self, name: str, number: int = 1) -> None:
        """Count a step."""
        self.steps[name] += number

    @contextmanager
    def circumstances(self, plan: Plan) -> Iterator[list[Meanwhile]]:
        """What happens to a run; gives the edits that were made while it was under way."""
        happened: list[Meanwhile] = []
        counts: Counter[str] = Counter()
        lock = self.sandbox.world.lock

        def on_request(request: Any) -> None:
            with lock:
                counts[request.table] += 1
                for meanwhile in plan.meanwhile:
                    if (meanwhile.resource, meanwhile.number) == (
                        request.table, counts[request.table]
                    ):  # fmt: skip
                        happened.append(meanwhile)
                        self.editor.apply(meanwhile.edits)

        for trouble in plan.troubles:
            self.sandbox.faults.add(trouble.fault())
        self.sandbox.on_request = on_request
        with pytest.MonkeyPatch.context() as patches:
            if plan.kill is not None:
                owner, method = KILLS[plan.kill[0]]
                killer = killing(getattr(owner, method), plan.kill[1])
                patches.setattr(owner, method, killer)
            yield happened
        self.sandbox.on_request = None
        self.sandbox.faults.clear()

    def compare(self, names: Sequence[str]) -> None:
        """Compare tables with the truth.

        Raises:
            Divergence: One of them differs.
        """
        for name in names:
            try:
                self.check(name)
            except AssertionError as error:
                divergence = Divergence(f"{name}: {error}")
                self.divergences.append(divergence)
                raise divergence from error

    def check(self, name: str) -> None:
        """Compare the tables of a resource with the truth."""
        check(self.target, name)


class Loader22(Target22, Loader):
    """The same for a sandbox of API v2.2."""

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows: none belongs to another one."""
        return Target22.rows(self, table)


class Machine22(Machine):
    """The same for sets of API v2.2; the actions are those of `SetEditor`, by set.

    Attributes:
        installation: How the sandbox pages.
        stale: Resources whose tables may differ from the API until the next sweep.
    """

    loader = Loader22
    installation: ClassVar[Installation] = Installation()
    stale: ClassVar[tuple[str, ...]] = ()

    def make_editor(self, world: World) -> SetEditor:
        """See `Machine`."""
        editor = SetEditor(world.sets)
        editor.stale.update(self.stale)
        return editor

    def make_sandbox(self, world: World) -> Sandbox:
        """See `Machine`."""
        return Sandbox(world=world, api="v2.2", installation=self.installation)

    def plans(self) -> st.SearchStrategy[Plan]:
        """See `Machine`."""
        sets = {V22.endpoints[name].path for name in self.resources}
        lists = {name: f"v2.2/odata/{name}" for name in sorted(sets)}
        return plans(self.resources, lists, self.actions)

    def quiet(self) -> None:
        """See `Machine`."""
        super().quiet()
        self.editor.stale.update(self.stale)

    def check(self, name: str) -> None:
        """See `Machine`."""
        found = differences(self.target, (name,))
        assert found == [], found


def is_of_the_api(error: BaseException | None) -> bool:
    """Whether an error comes from one that the connector raises because of the API."""
    while error is not None:
        if isinstance(error, PerfectGymError):
            return True
        error = error.__cause__ or error.__context__
    return False
