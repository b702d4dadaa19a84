"""Build the marts of a dataset, from what the loads since the last build changed."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any, cast

import pendulum
from dlt.destinations.sql_client import SqlClientBase

from ..catalog.api_version import ApiVersion
from ..destination import Session
from ..destination.marts_schemas import PROJECT, marts_schemas, model_files
from ..destination.names import SCHEMA
from ..destination.queries import rows, utc
from ..errors import ConfigurationError
from ..text import listed
from .connection import LAST_DAY, environment
from .dbt_process import DbtFailed, NodeResult, run_dbt
from .former import drop_former
from .record import MartsRecord, newest_record, note_loads
from .selection import Loaded, State, selected
from .variables import AS_OF, SOURCES

logger = logging.getLogger(__name__)

_BROKEN = ("error", "fail", "runtime error", "partial success")
_BUILT = "success"


@dataclass(frozen=True)
class Marts:
    """The marts of a dataset.

    Attributes:
        session: The destination under its lock.
        api: The generation of the API that was loaded.
        installation: The installation; of a shared dataset that of the run, empty if there is none.
        is_shared: Whether the dataset has the rows of several installations.
    """

    session: Session
    api: ApiVersion
    installation: str
    is_shared: bool

    def check_schemas(self) -> None:
        """Make sure that the schemas of the marts hold nothing of others, before the first build.

        Raises:
            ConfigurationError: They do.
        """
        schemas = marts_schemas(self._dataset)
        with self.session.client() as client:
            if newest_record(client) is not None:
                return
            found = self.session.destination.relations_in(client, schemas)
        if found:
            raise ConfigurationError(
                f"The marts cannot be built: {listed(found)} would be in their place",
                hint=f"The schemas {', '.join(schemas)} are those of the marts: move what is there "
                "into another schema, or set marts = false.",
            )

    def build(
        self,
        run: tuple[str, datetime] | None = None,
        loaded: Loaded | None = None,
        tests: bool = False,
    ) -> MartsRecord | None:
        """Build the models that have to be built.

        Args:
            run: The run whose rows they hold, and when it started; by default the newest one.
            loaded: What it loaded; None to build all models.
            tests: Test the models too.

        Returns:
            The record for the run history; None if there is nothing to build.
        """
        started = time.monotonic()
        with self.session.client() as client:
            run = run or newest_run(client)
            if run is None:
                return None
            variables, day = self._variables(client), self._last_day(run[1])
            now = self._state(client, variables, day, ())
            selectors = None
            if loaded is not None:
                before = self._state(client, variables, day, loaded.loads)
                selectors = selected(newest_record(client), before, now, loaded.tables)
                if selectors == [] and now != before:
                    note_loads(client, now.last_load, now.loads)
            found = {**environment(self.session.destination, client), LAST_DAY: day}
        if selectors == []:
            return None
        command = ["build", "--exclude-resource-type", "unit_test"] if tests else ["run"]
        command += ["--full-refresh"] if selectors is None else ["--select", *selectors]
        error, results, destination = None, [], self.session.destination
        with destination.lent():
            try:
                results = run_dbt(command, variables, found, destination.folder, tests)
            except DbtFailed as failed:
                error = str(failed)
        if selectors is None and not error:
            with self.session.client() as client:
                drop_former(client, marts_schemas(self._dataset))
        seconds = round(time.monotonic() - started, 3)
        return _record(results, error, now, selectors is None, tests, run[0], seconds)

    def for_documentation(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the variables of the project, and what its profile takes from the environment."""
        with self.session.client() as client:
            run = newest_run(client)
            started = run[1] if run else cast(datetime, pendulum.now("UTC"))
            profile = environment(self.session.destination, client)
            return self._variables(client), {**profile, LAST_DAY: self._last_day(started)}

    @property
    def generation(self) -> str:
        """The generation of the API, as the names of models have it (`v22`)."""
        return self.api.name.replace(".", "")

    @property
    def _dataset(self) -> str:
        return self.session.destination.options.dataset

    def _variables(self, client: SqlClientBase[Any]) -> dict[str, Any]:
        source = {
            "schema": self._dataset,
            "api": self.generation,
            "shared": self.is_shared,
        }
        if self.is_shared:  # the history does not have the run under way yet
            known = {self.installation, *_installations(client)}
            source["installations"] = sorted(filter(None, known))
        else:
            source["installation"] = self.installation
        return {**self.session.destination.options.marts_vars, SOURCES: [source]}

    def _last_day(self, started_at: datetime) -> str:
        """Return the last day that counts: the one that is set, or that before a run."""
        given = self.session.destination.options.marts_vars.get(AS_OF)
        return str(given or (utc(started_at).date() - timedelta(days=1)).isoformat())

    def _state(
        self,
        client: SqlClientBase[Any],
        variables: Mapping[str, Any],
        day: str,
        without: Collection[str],
    ) -> State:
        """Return the state of the dataset, without some of its loads."""
        last_load, loads = _loads(client, without)
        return State(_fingerprint(variables), day, last_load, loads, self.generation)


def _record(
    results: Collection[NodeResult],
    error: str | None,
    state: State,
    is_full: bool,
    tests: bool,
    run_id: str,
    seconds: float,
) -> MartsRecord:
    """Return the record of a build."""
    models = [result for result in results if not result.is_test]
    tested = [result for result in results if result.is_test]
    failed = [result for result in models if result.status in _BROKEN]
    broken = [result for result in tested if result.status not in ("pass", "skipped")]
    first = next((result.message for result in (*failed, *broken)), None)
    skipped = sum(result.status == "skipped" for result in models)
    is_failed = bool(failed or error or skipped)
    return MartsRecord(
        run_id=run_id,
        built_at=cast(datetime, pendulum.now("UTC")),
        seconds=seconds,
        outcome="failed" if is_failed else "ok",
        is_full=is_full,
        as_of=state.as_of,
        models=sum(result.status == _BUILT for result in models),
        failed=" ".join(result.name for result in failed) or None,
        skipped=skipped,
        tests=len(tested) if tests and not error else None,
        tests_failed=" ".join(result.name for result in broken) or None,
        error=error or first,
        last_load=state.last_load,
        loads=state.loads,
        # dbt itself failed, or a test could not be made: what is not built is not known.
        fingerprint="" if error or (skipped and not failed) else state.fingerprint,
        relations=" ".join(model_files()) if is_full and not error else None,
    )


def _fingerprint(settings: Mapping[str, Any]) -> str:
    """Return what identifies the project's files, the package and the variables."""
    found = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    found.update(version("dbt-core").encode())
    for file in sorted(PROJECT.rglob("*")):
        if file.suffix in (".sql", ".yml"):
            found.update(file.name.encode() + file.read_bytes())
    return found.hexdigest()[:32]


def _loads(client: SqlClientBase[Any], without: Collection[str]) -> tuple[str | None, int]:
    """Return the newest load of the source, and the number of its loads."""
    query = "SELECT load_id FROM {_dlt_loads} WHERE schema_name = %s AND status = 0"
    found = {load for (load,) in rows(client, query, SCHEMA)} - set(without)
    return max(found, default=None), len(found)


def newest_run(client: SqlClientBase[Any]) -> tuple[str, datetime] | None:
    """Return the newest run that loaded, and when it started; None if there was none.

    One of the future had a clock that was ahead: it counts if there is no other.
    """
    query = (
        "SELECT run_id, started_at FROM {_runs} "
        "WHERE outcome IN ('ok', 'partial') OR exit_code IN (10, 11) "
        "ORDER BY CASE WHEN started_at > %s THEN 1 ELSE 0 END, started_at DESC LIMIT 1"
    )
    now = pendulum.now("UTC")
    found = [(run_id, started_at) for run_id, started_at in rows(client, query, now)]
    return next(iter(found), None)


def _installations(client: SqlClientBase[Any]) -> set[str]:
    """Return the installations of the runs."""
    return {name for (name,) in rows(client, "SELECT DISTINCT installation FROM {_runs}")}
