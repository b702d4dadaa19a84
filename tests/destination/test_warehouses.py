"""What is sent to warehouses fits what dlt says that they can take; nothing is sent to them."""

from __future__ import annotations

import dlt
import pytest
from dlt.common.destination.utils import (
    prepare_load_table,
    resolve_merge_strategy,
    verify_schema_capabilities,
    verify_supported_data_types,
)
from dlt.destinations.utils import verify_schema_merge_disposition
from support.loading import EVERYTHING, Target

from perfectgym_source.destination.servers import MERGE, merging_destination
from perfectgym_source.sandbox import Sandbox

TYPES = {
    "bigquery": {
        "bigint": "INT64",
        "text": "STRING",
        "bool": "BOOL",
        "date": "DATE",
        "decimal": "NUMERIC(38,9)",
        "local time": "TIMESTAMP",
        "instant": "TIMESTAMP",
    },
    "snowflake": {
        "bigint": "NUMBER(19,0)",
        "text": "VARCHAR",
        "bool": "BOOLEAN",
        "date": "DATE",
        "decimal": "NUMBER(38,9)",
        "local time": "TIMESTAMP_NTZ(6)",
        "instant": "TIMESTAMP_LTZ(6)",
    },
    "databricks": {
        "bigint": "BIGINT",
        "text": "STRING",
        "bool": "BOOLEAN",
        "date": "DATE",
        "decimal": "DECIMAL(38,9)",
        "local time": "TIMESTAMP_NTZ",
        "instant": "TIMESTAMP",
    },
    "postgres": {
        "bigint": "bigint",
        "text": "varchar",
        "bool": "boolean",
        "date": "date",
        "decimal": "numeric(38,9)",
        "local time": "timestamp (6) without time zone",
        "instant": "timestamp (6) with time zone",
    },
    "motherduck": {
        "bigint": "BIGINT",
        "text": "VARCHAR",
        "bool": "BOOLEAN",
        "date": "DATE",
        "decimal": "DECIMAL(38,9)",
        "local time": "TIMESTAMP",
        "instant": "TIMESTAMP WITH TIME ZONE",
    },
}


@pytest.mark.parametrize("name", TYPES)
def test_the_load_package_fits_the_warehouse(tmp_path, name):
    with Sandbox(size="empty") as sandbox:
        pipeline = dlt.pipeline(
            name, pipelines_dir=str(tmp_path), destination=name, dataset_name="perfectgym"
        )
        pipeline.extract(Target(tmp_path, sandbox).source(groups=EVERYTHING))
        pipeline.normalize()
    assert merging_destination(name).destination_type == pipeline.destination.destination_type
    schema = pipeline.default_schema
    capabilities = pipeline.destination.capabilities()
    tables = [
        # The hint is what dlt's client for Databricks adds by default.
        {**prepare_load_table(schema.tables, table, capabilities), "x-insert-api": "copy_into"}
        for table in schema.data_tables()
    ]
    [package] = pipeline.list_normalized_load_packages()
    jobs = [job.job_file_info for job in pipeline.get_load_package_info(package).jobs["new_jobs"]]
    assert {table["name"] for table in tables} <= {job.table_name for job in jobs}
    assert verify_schema_capabilities(schema, capabilities, name, warnings=False) == []
    assert verify_supported_data_types(tables, jobs, capabilities, name, warnings=False) == []
    assert verify_schema_merge_disposition(schema, tables, capabilities, warnings=False) == []
    assert {
        resolve_merge_strategy(schema.tables, table, capabilities)
        for table in tables
        if table["write_disposition"] == "merge"
    } == {MERGE}

    mapper = capabilities.get_type_mapper()
    found = {
        (kind_of(column), mapper.to_destination_type(column, table))
        for table in tables
        for column in table["columns"].values()
    }
    assert found == set(TYPES[name].items())


def kind_of(column):
    if column["data_type"] == "timestamp":
        return "instant" if column["timezone"] else "local time"
    return column["data_type"]
