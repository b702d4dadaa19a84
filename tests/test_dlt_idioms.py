"""What users of dlt do with a source and a pipeline, as they would write it."""

from __future__ import annotations

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from support.loading import Target

from perfectgym_source.errors import ConfigurationError
from perfectgym_source.sandbox import Fault


@pytest.fixture
def target(tmp_path, sandbox):
    return Target(tmp_path, sandbox)


def run(target, data, **options):
    """Run dlt's own pipeline; the tables' numbers of rows."""
    with target.opened():
        info = target.pipeline().run(data, **options)
    assert not info.has_failed_jobs
    return info


def count(target, table):
    [[rows]] = target.query(f"select count(*) from {table}")
    return rows


def test_every_row_has_the_id_of_its_load(target, sandbox):
    first = target.load("clubs", "contracts").packages
    club = sandbox.world.find("clubs", 1)
    sandbox.world.change("clubs", 1, name="Renamed")
    second = target.load("clubs", "contracts").packages
    listed = dict(target.query("select load_id, status from _dlt_loads"))
    assert listed == dict.fromkeys((*first, *second), 0)
    tables = [name for name in target.types() if not name.startswith("_dlt")]
    assert {"clubs", "contracts", "contracts__discounts"} <= {*tables}
    for table in tables:
        assert target.types()[table]["_dlt_load_id"] == "VARCHAR"
        ids = {load for (load,) in target.query(f"select distinct _dlt_load_id from {table}")}
        assert ids <= listed.keys(), table
    assert target.values("clubs", "_dlt_load_id", f"id = {club['id']}") == second
    assert set(target.values("contracts", "_dlt_load_id")) == set(first)


def test_snapshots_have_the_ids_of_their_loads(tmp_path, sandbox):
    target = Target(tmp_path, sandbox, mode="user")
    packages = [*target.load("users_in_club").packages, *target.load("users_in_club").packages]
    found = target.query("select distinct taken_at, _dlt_load_id from users_in_club order by 1")
    assert [load for _, load in found] == packages


def test_rows_of_a_pending_package_have_its_id(target):
    pipeline = target.pipeline()
    pipeline.extract(target.source("clubs"))
    [package] = pipeline.list_extracted_load_packages()
    pipeline = target.pipeline()
    pipeline.normalize()
    pipeline.load()
    assert set(target.values("clubs", "_dlt_load_id")) == {package}


LISTS = ("freeze_reasons", "product_targets")
"""Lists of the company: what is sent of one replaces its table."""


def test_lists_that_are_extracted_again_before_they_are_loaded_stay_whole(target, sandbox):
    pipeline = target.pipeline()
    for _ in range(2):
        pipeline.extract(target.source(*LISTS))
    pipeline.normalize()
    pipeline.load()
    for table in LISTS:
        assert count(target, table) == len(sandbox.world.rows(table)) > 0


@pytest.mark.parametrize("status", [200, 403])
def test_lists_stay_whole_when_their_tables_get_a_column(target, sandbox, status):
    target.load(*LISTS)
    target.close()
    pipeline = target.pipeline()
    with pipeline.managed_state(), pipeline.sql_client() as client:
        for table in LISTS:
            client.execute_sql(f"alter table perfectgym.{table} drop column _unreadable")
        client.execute_sql("delete from perfectgym._dlt_version")
    for name in pipeline.schemas:
        schema = pipeline.schemas[name]
        for table in LISTS:
            del schema.tables[table]["columns"]["_unreadable"]
        pipeline.schemas.save_schema(schema)
    if status != 200:
        for path in ("Contracts/FreezeReasons", "Products/ProductTargets"):
            sandbox.faults.add(Fault(path, "status", status=status, times=None))
    target.load(*LISTS, on_error="continue")
    for table in LISTS:
        assert count(target, table) == len(sandbox.world.rows(table)) > 0


@pytest.mark.parametrize("contract", ["evolve", "freeze", "discard_value"])
def test_older_tables_get_the_column(target, sandbox, contract):
    target.load("clubs", "contracts")
    target.close()
    tables = ("clubs", "contracts", "contracts__discounts")
    pipeline = target.pipeline()
    with pipeline.managed_state(), pipeline.sql_client() as client:
        for table in tables:
            client.execute_sql(f"alter table perfectgym.{table} drop column _dlt_load_id")
        client.execute_sql("delete from perfectgym._dlt_version")
    for name in pipeline.schemas:
        schema = pipeline.schemas[name]
        for table in tables:
            del schema.tables[table]["columns"]["_dlt_load_id"]
        pipeline.schemas.save_schema(schema)
    sandbox.world.change("clubs", 1, name="Renamed")
    [package] = target.load("clubs", "contracts", schema_contract=contract).packages
    assert target.values("clubs", "_dlt_load_id", "id = 1") == [package]
    assert target.values("contracts__discounts", "_dlt_load_id", "_dlt_load_id is not null") == []


def test_rows_can_be_looked_at_without_a_pipeline(target):
    [*items] = target.source("clubs").resources["clubs"]
    assert sum(map(len, items)) > 0


def test_with_resources(target):
    run(target, target.source("clubs", "contracts").with_resources("contracts"))
    assert count(target, "contracts")
    assert "clubs" not in target.types()


def test_a_single_resource(target):
    run(target, target.source("clubs", "contracts").clubs)
    assert count(target, "clubs")


def names_of(resource):
    """A transformer of a resource's Arrow tables."""
    return dlt.transformer(
        lambda table: [{"name": name} for name in table["name"].to_pylist()],
        data_from=resource,
        name="names",
    )


def test_a_transformer_of_a_resource_that_is_loaded(target):
    source = target.source("clubs", "contracts")
    source.resources.add(names_of(source.clubs))
    run(target, source)
    assert count(target, "names") == count(target, "clubs") > 0


def test_a_transformer_of_a_resource_that_is_not_loaded_is_refused(target):
    source = target.source("clubs", "contracts")
    with pytest.raises(PipelineStepFailed, match=r"clubs: a transformer reads") as failed:
        run(target, [source, names_of(source.clubs)])
    assert "source.resources.add(transformer)" in str(failed.value)


def test_add_limit_gives_rows_and_forgets_none(target):
    run(target, target.source("classes", "clubs").add_limit(1))
    assert count(target, "classes")
    run(target, target.source("classes", "clubs"))
    assert count(target, "classes") == len(target.sandbox.world.rows("classes"))


@pytest.mark.parametrize("mode", ["drop_sources", "drop_resources", "drop_data"])
def test_refresh(target, mode):
    target.load("clubs", "contracts")
    before = {name: count(target, name) for name in ("clubs", "contracts", "contracts__discounts")}
    with target.opened() as connection:
        connection.execute("delete from perfectgym.contracts__discounts")
    run(target, target.source("clubs", "contracts"), refresh=mode)
    assert {name: count(target, name) for name in before} == before


def test_write_disposition_append_keeps_older_versions(target, sandbox):
    first = target.source("contracts")
    run(target, first, write_disposition="append")
    row = next(row for row in sandbox.world.contracts if row["discounts"])
    sandbox.world.change("contracts", row, name="Renamed")
    run(target, target.source("contracts"), write_disposition="append")
    found = target.values("contracts", "_dlt_load_id", f"id = {row['id']}")
    assert len(set(found)) == len(found) == 2
    children = target.values("contracts__discounts", "_dlt_load_id", f"contract_id = {row['id']}")
    assert len(set(children)) == 2


@pytest.mark.parametrize(
    ("resource", "disposition"),
    [
        ("clubs", "replace"),
        ("clubs", "skip"),
        ("clubs", {"disposition": "merge", "strategy": "scd2"}),
        ("clubs", {"disposition": "merge", "strategy": "upsert"}),
        ("users_in_club", "merge"),
    ],
)
def test_what_cannot_be_written_says_so(target, resource, disposition):
    target.mode = "user" if resource == "users_in_club" else "employee"
    with pytest.raises(ConfigurationError, match=f"{resource}: its rows cannot be written with"):
        target.source(resource).resources[resource].apply_hints(write_disposition=disposition)


def test_a_resource_keeps_its_name(target):
    with pytest.raises(ConfigurationError, match="clubs cannot have another name"):
        target.source("clubs").clubs.with_name("gyms")


def test_merge_is_what_the_source_does_anyway(target, sandbox):
    run(target, target.source("clubs", "countries"), write_disposition="merge")
    sandbox.world.change("clubs", 1, name="Renamed")
    run(target, target.source("clubs", "countries"), write_disposition="merge")
    assert count(target, "clubs") == len(target.sandbox.world.rows("clubs"))
    assert count(target, "countries") == len(target.sandbox.world.rows("countries"))


def test_another_table_name_and_a_hidden_column(target):
    source = target.source("clubs")
    source.clubs.apply_hints(table_name="gyms", columns={"name": {"x-label": "Name"}})
    run(target, source)
    assert count(target, "gyms")


def test_clone(target, sandbox):
    source = target.source("clubs")
    run(target, [source, source.clone(with_name="second")])
    assert count(target, "clubs") == len(sandbox.world.rows("clubs"))
    assert source.clone().clubs.name == "clubs"


def test_parallelize(target):
    source = target.source("clubs", "contracts")
    source.clubs.parallelize()
    source.contracts.parallelize()
    run(target, source)
    assert count(target, "clubs")
    assert count(target, "contracts")


def test_dataset(target):
    with target.opened():
        pipeline = target.pipeline()
        pipeline.run(target.source("clubs", "contracts"))
        dataset = pipeline.dataset()
        assert {"clubs", "contracts", "contracts__discounts"} <= {*dataset.tables}
        names = dataset.clubs.select("id", "name").limit(2).fetchall()
        assert len(names) == 2
        [[rows]] = dataset("select count(*) from clubs join contracts on true").fetchall()
        assert rows
        assert sum(map(len, dataset.contracts.iter_arrow(100)))
    attached = dlt.dataset(dlt.destinations.duckdb(str(target.file)), "perfectgym")
    assert attached.clubs.fetchone()
