"""dlt's `rest_api` source, as its documentation describes it: clubs, and the classes of each.

    python rest_source.py BASE_URL DATABASE [--tuned]

Without `--tuned` every setting is dlt's default. With it, those are set that dlt's documentation on
performance names and that made it faster here.
"""

from __future__ import annotations

import sys
from typing import Any

import dlt
from dlt.sources.helpers.requests import Request, Response
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from dlt.sources.rest_api import rest_api_source
from dlt.sources.rest_api.typing import RESTAPIConfig

PAGE_SIZE = 100


class RowVersionPaginator(BasePaginator):
    """Goes on after the `timestamp` of the last row, until a page is not full."""

    def __init__(self) -> None:
        super().__init__()
        self._version = 0

    def init_request(self, request: Request) -> None:
        self._version = 0
        self.update_request(request)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        self._has_next_page = data is not None and len(data) == PAGE_SIZE
        if data and self._has_next_page:
            self._version = data[-1]["timestamp"]

    def update_request(self, request: Request) -> None:
        request.params = {**(request.params or {}), "timestamp": self._version}


def configuration(base_url: str, tuned: bool) -> RESTAPIConfig:
    """The source's configuration."""
    disposition: Any = "merge"
    if tuned:
        disposition = {"disposition": "merge", "strategy": "delete-insert", "deduplicated": True}
    return {
        "client": {
            "base_url": base_url,
            "auth": {
                "type": "oauth2_client_credentials",
                "access_token_url": f"{base_url}/oauth/authorize",
                "client_id": "u",
                "client_secret": "p",
                "access_token_request_data": {
                    "grant_type": "password",
                    "username": "u",
                    "password": "p",
                },
            },
            "paginator": RowVersionPaginator(),
        },
        "resource_defaults": {
            "primary_key": "id",
            "write_disposition": disposition,
            "parallelized": tuned,
            "endpoint": {"data_selector": "elements"},
        },
        "resources": [
            {"name": "clubs", "endpoint": {"path": "Clubs/Clubs"}},
            {
                "name": "classes",
                "endpoint": {
                    "path": "Classes/Classes",
                    "params": {"clubId": "{resources.clubs.id}"},
                },
            },
        ],
    }


def tune() -> dict[str, Any]:
    """Set what makes it faster, and return the arguments of the run."""
    dlt.config["extract.workers"] = 8
    dlt.config["normalize.workers"] = 2
    # Several files, so that there is something to do for both workers.
    dlt.config["extract.data_writer.file_max_items"] = 10_000
    dlt.config["data_writer.disable_compression"] = True
    return {"loader_file_format": "parquet"}


def main() -> None:
    """Load."""
    base_url, database, *more = sys.argv[1:]
    tuned = "--tuned" in more
    options: dict[str, Any] = tune() if tuned else {}
    source = rest_api_source(configuration(base_url, tuned), parallelized=tuned)
    pipeline = dlt.pipeline(
        "rest_api",
        destination=dlt.destinations.duckdb(database),
        dataset_name="perfectgym",
    )
    pipeline.run(source, **options)


if __name__ == "__main__":
    main()
