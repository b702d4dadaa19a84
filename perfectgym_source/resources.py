"""Endpoints as dlt resources: the same code for all of them."""

from __future__ import annotations

import gc
import logging
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import dlt
import pendulum
import pyarrow as pa
from dlt.common.configuration.container import Container
from dlt.common.pipeline import PipelineContext
from dlt.common.schema.utils import has_table_seen_data
from dlt.common.storages.exceptions import CurrentLoadPackageStateNotAvailable
from dlt.extract import DltResource

from .api.client import Client
from .catalog import Endpoint, TableLayout, Write
from .catalog.hints import (
    child_hints,
    columns,
    replaces_all,
    root_hints,
    unknown_kinds,
    without_merging,
)
from .catalog.model import in_shared_dataset
from .catalog.tables import LOAD_ID
from .config.dlt_folders import is_shown
from .config.settings import Settings
from .dataset_guard import check_dataset
from .errors import ConfigurationError
from .extract.context import ExtractContext
from .extract.extraction import Extraction
from .extract.failures import sees_little
from .extract.progress import show_progress
from .extract.report import Report
from .extract.rereading import forget_other_forms, record_zones
from .extract.state.source_state import SourceState, section
from .extract.state.stored import StoredState
from .transform.decoder import Decoder, arrow_schema
from .transform.flatten import UnknownFields

logger = logging.getLogger(__name__)

_MERGE = (
    "merge",
    {"disposition": "merge"},
    {"disposition": "merge", "strategy": "delete-insert"},
)


class Reading:
    """Owns the extraction that the resources of one source share, one at a time.

    Args:
        settings: The source's settings.
        full_refresh: Resources that are read from the beginning.
        limit: For a sample, about how many rows of each resource are read.
    """

    def __init__(
        self, settings: Settings, full_refresh: Collection[str] = (), limit: int | None = None
    ) -> None:
        self.settings = settings
        self.report = Report()
        self._full_refresh = full_refresh
        self._limit = limit
        self._run: Extraction | None = None
        self._open: set[str] = set()
        self._waiting: set[str] = set()
        self._is_first = False

    def rows(self, endpoint: Endpoint) -> Iterator[Any]:
        """Yield the items of a resource: Arrow tables; None while there is none yet."""
        run = self._begin(endpoint)
        try:
            missing = _missing_tables(self.layout(endpoint))
            known = {*dlt.current.source_schema().tables}
            is_unread = replaces_all(self.entry(endpoint))
            unknown_fields: set[str] = set()
            without_instant: set[int | None] = set()
            for batch in run.batches(endpoint.name):
                if batch is None:
                    yield None
                    continue
                unknown_fields |= batch.unknown_fields
                without_instant |= batch.without_instant
                missing -= batch.tables.keys()
                is_unread = False
                for name in list(batch.tables):
                    yield _item(endpoint, name, batch.tables.pop(name))
                # dlt leaves the item in the frames of an exception that it has caught.
                gc.collect(1)
            if is_unread:  # empty tables would replace what they have
                missing -= known
            if missing:
                entry = self.entry(endpoint)
                for table in self.layout(endpoint).with_children():
                    if table.name in missing:
                        yield _item(endpoint, table.name, arrow_schema(entry, table).empty_table())
            run.finish(endpoint.name)
            self._record_left_out(endpoint, unknown_fields)
            if endpoint.write is not Write.APPEND:
                stored = self._stored_state(endpoint.name)
                is_full_refresh = endpoint.name in self._full_refresh
                record_zones(stored, run.context, without_instant, is_full_refresh)
        finally:
            self._end(run, endpoint)

    def entry(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint as it is in this dataset."""
        return in_shared_dataset(endpoint) if self.settings.shared_dataset else endpoint

    def layout(self, endpoint: Endpoint) -> TableLayout:
        """Return the layout of the endpoint's tables, by the rules for personal data."""
        return self.settings.pii.layout(self.entry(endpoint))

    def _begin(self, endpoint: Endpoint) -> Extraction:
        if endpoint.name not in dlt.current.source().selected_resources:
            raise ConfigurationError(
                f"{endpoint.name}: a transformer reads this resource, which is not loaded itself.",
                hint="Add the transformer to the source that has both: "
                "source.resources.add(transformer); pipeline.run(source).",
            )
        if self._run is None or endpoint.name in self._open:
            # A resource that starts anew while it is still open was left behind by a broken run.
            if self._run is not None:
                self._run.close()
            self._open.clear()
            self._run = self._new_run()
            self._run.start()
            show_progress(self._run.progress)
        self._open.add(endpoint.name)
        return self._run

    def _new_run(self) -> Extraction:
        if (pipeline := _current_pipeline()) and is_shown(Path(pipeline.working_dir)):
            raise ConfigurationError(
                f"The name {pipeline.pipeline_name!r} of dlt's pipeline is taken: its working "
                "folder shows what the perfectgym command loaded, with the state of that.",
                hint="Give your pipeline another name, or another pipelines_dir.",
            )
        state = SourceState(dlt.current.source_state())
        check_dataset(self.settings, state)
        own = [s for s in state.stored() if s.installation == section(self.settings)]
        self._is_first = not any(stored.is_loaded for stored in own)
        endpoints = self.settings.api.endpoints
        selected = [
            endpoints[name] for name in dlt.current.source().selected_resources if name in endpoints
        ]
        self._waiting = {entry.name for entry in selected}
        now = cast("datetime", pendulum.now("UTC"))
        context = ExtractContext.of(
            self.settings, Client(self.settings), now, self.report, self._limit
        )
        waiting = map(self._stored_state, sorted(self._waiting))
        forget_other_forms(self.settings, waiting, context.failures)
        for entry in selected:
            if replaces_all(self.entry(entry)) and _missing_tables(self.layout(entry)):
                # Of a list that did not change nothing is sent, and empty tables would replace it.
                self._stored_state(entry.name).digests = {}
        return Extraction(context, selected, self._stored_state, self._decoder, self._full_refresh)

    def _decoder(self, endpoint: Endpoint, context: ExtractContext) -> Decoder:
        known = dlt.current.source_schema().tables
        layout = self.layout(endpoint)
        return Decoder(
            self.entry(endpoint),
            context.clocks,
            UnknownFields(unknown_kinds(layout, known), self._stored_state(endpoint.name).left_out),
            taken_at=context.now,
            fresh=[t for t in _missing_tables(layout) if t not in known],
            removes_deleted=self.settings.deleted_rows == "remove",
            privacy=self.settings.pii,
            installation=self.settings.installation,
        )

    def _record_left_out(self, endpoint: Endpoint, unknown_fields: set[str]) -> None:
        """Record the unknown fields that are not in the schema, so that they are reported once."""
        if self.settings.schema_contract == "evolve":
            rule = self.settings.pii.unknown_rule
            unknown_fields = {
                name for name in unknown_fields if rule(*name.split(".", 1)) == "drop"
            }
        if unknown_fields:
            self._stored_state(endpoint.name).left_out |= unknown_fields

    def _stored_state(self, name: str) -> StoredState:
        state = SourceState(dlt.current.source_state())
        return state.resource(name, section(self.settings))

    def _end(self, run: Extraction, endpoint: Endpoint) -> None:
        self._open.discard(endpoint.name)
        self._waiting.discard(endpoint.name)
        run.context.record_requests()
        if run is self._run and not (self._open or self._waiting):
            if self._is_first and (text := sees_little(self.report, self.settings.api)):
                run.context.failures.warn(text)
            run.close()
            self._run = None


class PerfectGymResource(DltResource):
    """A dlt resource with the extraction that it shares with the others of its source.

    Attributes:
        reading: The owner of the extraction, set by `make_resource` and kept by dlt's clones.
    """

    reading: Reading | None = None

    def apply_hints(self, table_name: Any = None, *others: Any, **hints: Any) -> PerfectGymResource:
        """Modify the hints, as dlt does; a write disposition is that of the child tables too.

        Raises:
            ConfigurationError: The endpoint's rows cannot be written in that way.
        """
        disposition = hints.get("write_disposition")
        if self.reading is not None and disposition and not hints.get("create_table_variant"):
            del hints["write_disposition"]
            self._write(disposition, self.reading)
        super().apply_hints(table_name, *others, **hints)
        return self

    def _write(self, disposition: Any, reading: Reading) -> None:
        """Set how the rows of all tables are written."""
        endpoint = reading.settings.api.endpoints[self.name]
        if disposition in _MERGE and endpoint.write is not Write.APPEND:
            return  # they are merged, by the keys of the catalog
        if disposition != "append":  # nor "skip": dlt fails when it loads what has that
            raise ConfigurationError(
                f"{self.name}: its rows cannot be written with {disposition!r}.",
                hint="Write dispositions are append, and merge but for snapshots. To read "
                'everything into empty tables, use refresh="drop_data" of pipeline.run.',
            )
        root, *children = _table_hints(endpoint, reading)
        for table in (root, *children):
            super().apply_hints(
                table["table_name"],
                write_disposition=disposition,
                columns=without_merging(table["columns"]),
                create_table_variant=table is not root,
            )

    def _clone(self, **names: Any) -> PerfectGymResource:
        if self.reading is not None and (names.get("new_name") or self.name) != self.name:
            raise ConfigurationError(
                f"{self.name} cannot have another name: its state and its tables go by it.",
                hint='apply_hints(table_name="...") gives its own table another name.',
            )
        copy = super()._clone(**names)
        copy.reading = self.reading
        return copy


def make_resource(endpoint: Endpoint, reading: Reading) -> PerfectGymResource:
    """Return the dlt resource of an endpoint, with the hints of its table and child tables.

    Raises:
        ConfigurationError: The endpoint needs a period, and the settings have none.
    """

    def rows() -> Iterator[Any]:
        yield from reading.rows(endpoint)

    resource = dlt.resource(rows, name=endpoint.name, _impl_cls=PerfectGymResource)()
    root, *children = _table_hints(endpoint, reading)
    # Variants first: dlt would start them from the root table's hints.
    for table in children:
        resource.apply_hints(create_table_variant=True, **table)
    resource.apply_hints(**root)
    resource.reading = reading
    return resource


def _table_hints(endpoint: Endpoint, reading: Reading) -> list[dict[str, Any]]:
    """Return the arguments of `apply_hints` for the endpoint's table and its child tables."""
    layout, entry = reading.layout(endpoint), reading.entry(endpoint)
    root, *children = layout.with_children()
    settings = reading.settings
    found = [root_hints(settings.api, entry, settings.deleted_rows, root)]
    found += [child_hints(settings.api, entry, table) for table in children]
    contract = {"columns": settings.schema_contract}
    return [{**hints, "schema_contract": contract} for hints in found]


def _item(endpoint: Endpoint, name: str, table: pa.Table) -> Any:
    """Return a table as an item for dlt: with the load's id, and its name if it is a child table.

    dlt could add the id too, but only where the user's configuration says so.
    """
    load_id = pa.scalar(_load_id(), pa.string())
    table = table.append_column(LOAD_ID, pa.repeat(load_id, len(table)))
    return table if name == endpoint.table_name else dlt.mark.with_table_name(table, name)


def _current_pipeline() -> Any:
    context = Container()[PipelineContext]
    return context.pipeline() if context.is_active() else None


def _load_id() -> str | None:
    try:
        return dlt.current.load_package_state()["load_id"]
    except CurrentLoadPackageStateNotAvailable:  # the rows are not loaded, but only looked at
        return None


def _missing_tables(layout: TableLayout) -> set[str]:
    """Return the endpoint's tables that the destination lacks, or that lack columns there.

    Those that get no rows are handed to dlt all the same, so that an empty installation has every
    table too: at the end, so that `add_limit` counts items with rows.
    """
    known = dlt.current.source_schema().tables
    missing = set()
    for table in layout.with_children():
        seen = known.get(table.name)
        if (
            seen is None
            or not has_table_seen_data(seen)
            or not {LOAD_ID, *columns(table)} <= seen.get("columns", {}).keys()
        ):
            missing.add(table.name)
    return missing
