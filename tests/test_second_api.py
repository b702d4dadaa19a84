"""A second generation of the API is data: it is loaded by the same code, from other names."""

import logging
from dataclasses import replace

import dlt
import duckdb
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from support.tiny_api import COLORS, KEYS, TINY, TinyServer

from perfectgym_source.config.settings import Settings
from perfectgym_source.errors import ApiError, SignInError
from perfectgym_source.resources import Reading, make_resource


@pytest.fixture
def server():
    with TinyServer() as server:
        server.gyms = [gym(number, number * 10) for number in range(1, 6)]
        server.lockers = {
            number: [locker(number * 100 + n, "dry") for n in range(number)]
            for number in range(1, 6)
        }
        yield server


def gym(key, version, **more):
    opened = "2024-07-01T12:00:00"
    row = {"key": key, "rowVersion": version, "deleted": False, "title": f"Gym {key}"}
    return {**row, "zone": "Europe/Warsaw", "openedAt": opened, **more}


def locker(key, *tags):
    return {"key": key, "label": f"L{key}", "tags": list(tags)}


class Loader:
    """Loads everything from the tiny API into a DuckDB file."""

    def __init__(self, folder, server, api=TINY):
        self.folder = folder
        self.server = server
        self.api = api

    def settings(self):
        return Settings(
            self.server.base_url,
            client_id="tiny-id",
            client_secret="tiny-secret",
            installation="tiny",
            api=self.api,
            timestamp_overlap=0,
            attempts=2,
            retry_wait=0.01,
        )

    def run(self):
        """Load, and return the requests that it made."""
        before = len(self.server.requests)
        reading = Reading(self.settings())

        @dlt.source(name="perfectgym", section="perfectgym", max_table_nesting=0)
        def tiny():
            for endpoint in self.api.endpoints.values():
                yield make_resource(endpoint, reading)

        pipeline = dlt.pipeline(
            "tiny",
            pipelines_dir=str(self.folder / "pipelines"),
            destination=dlt.destinations.duckdb(str(self.folder / "warehouse.duckdb")),
            dataset_name="tiny",
        )
        pipeline.run(tiny())
        return self.server.requests[before:]

    def rows(self, query):
        with duckdb.connect(str(self.folder / "warehouse.duckdb")) as client:
            return client.execute(query).fetchall()


@pytest.fixture
def loader(tmp_path, server):
    return Loader(tmp_path, server)


def test_everything_is_loaded_by_links_with_keys_and_typed_by_the_other_names(loader):
    requests = loader.run()
    assert loader.rows("SELECT key, row_version, title FROM tiny.gyms ORDER BY key") == [
        (n, n * 10, f"Gym {n}") for n in range(1, 6)
    ]
    assert loader.rows("SELECT gym_key, key FROM tiny.lockers ORDER BY key") == [
        (n, n * 100 + i) for n in range(1, 6) for i in range(n)
    ]
    [(tags,)] = loader.rows("SELECT count(*) FROM tiny.lockers__tags WHERE text = 'dry'")
    assert tags == 15
    [(local, instant)] = loader.rows(
        "SELECT opened_at::TEXT, epoch(opened_at_utc) FROM tiny.gyms WHERE key = 1"
    )
    assert (local, instant) == ("2024-07-01 12:00:00", 1719828000)
    # Pages of four: each page of gyms begins with the last one of the page before, and a page that
    # is half full is followed by another. A list of more than one page is read twice.
    assert len([path for path in requests if "Gyms" in path]) == 3
    assert len([path for path in requests if "gym=5" in path]) == 4
    assert len([path for path in requests if "gym=1" in path]) == 1


def test_the_next_run_requests_and_loads_what_is_new_only(loader, server):
    loader.run()
    server.gyms[1] = gym(2, 70, title="Renamed", deleted=True)
    server.gyms.append(gym(6, 80))
    server.lockers[2].pop()
    requests = loader.run()
    assert requests[0] == "/odata/Gyms?%24filter=rowVersion+gt+50&%24orderby=rowVersion"
    # Lockers are read again of the gyms that are new or changed.
    assert sorted(path for path in requests[1:] if "Lockers" in path) == [
        "/odata/Lockers?gym=2",
        "/odata/Lockers?gym=6",
    ]
    assert len(requests) == 4  # the page of gyms was half full
    found = loader.rows("SELECT key, title, deleted FROM tiny.gyms ORDER BY key")
    assert found == [(n, "Renamed" if n == 2 else f"Gym {n}", n == 2) for n in range(1, 7)]
    [(count,)] = loader.rows("SELECT count(*) FROM tiny.lockers WHERE gym_key = 2")
    assert count == 1


def test_a_refused_key_ends_the_run_and_is_not_shown(loader, server, caplog):
    server.keys["X-Client-Secret"] = "another"
    with caplog.at_level(logging.DEBUG), pytest.raises(PipelineStepFailed) as caught:
        loader.run()
    causes = []
    error = caught.value
    while error is not None:
        causes.append(error)
        error = error.__cause__ or error.__context__
    assert any(isinstance(cause, SignInError) for cause in causes)
    for secret in KEYS.values():
        assert secret not in caplog.text
        assert all(secret not in str(cause) for cause in causes)
    assert len(server.requests) == 2  # the first one, and another that tells whose refusal it is


def test_a_link_to_another_server_is_not_followed(loader, server, tmp_path):
    with TinyServer() as other:
        server.link_to = lambda link: link.replace(server.base_url, other.base_url)
        with pytest.raises(PipelineStepFailed) as caught:
            loader.run()
        assert other.requests == []
    error = caught.value
    while error is not None and not isinstance(error, ApiError):
        error = error.__cause__ or error.__context__
    assert "another server" in str(error)


def test_a_list_without_row_versions_is_read_by_id_and_replaced_as_a_whole(server, tmp_path):
    api = replace(TINY, endpoints={"colors": COLORS}, zones=None)
    loader = Loader(tmp_path, server, api)
    server.colors = {1: "red", 2: "green", 4: "blue", 5: "pink", 6: "gray"}
    requests = loader.run()
    assert len(requests) == 3
    del server.colors[4]
    server.colors.update({2: "lime", 9: "black"})
    loader.run()
    found = loader.rows("SELECT key, title FROM tiny.colors ORDER BY key")
    assert found == [(1, "red"), (2, "lime"), (5, "pink"), (6, "gray"), (9, "black")]
