"""dlt's `rest_api` source for sets of API v2.2, as its documentation describes it.

    python rest_source_v22.py BASE_URL DATABASE SET... [--tuned]

As `rest_source.py`, for the settings with and without `--tuned`.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import dlt
from dlt.sources.rest_api import rest_api_source
from dlt.sources.rest_api.typing import EndpointResource, RESTAPIConfig
from rest_source import tune


def configuration(base_url: str, sets: list[str], tuned: bool) -> RESTAPIConfig:
    """The source's configuration."""
    disposition: Any = "merge"
    if tuned:
        disposition = {"disposition": "merge", "strategy": "delete-insert", "deduplicated": True}
    resources: list[EndpointResource] = []
    for name in sets:
        # The page server returns what stands behind links in any case.
        params = {"$filter": "version gt 0", "$orderby": "version"}
        table = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
        resources.append({"name": table, "endpoint": {"path": name, "params": params}})
    return {
        "client": {
            "base_url": f"{base_url}/v2.2/odata/",
            "headers": {"X-Client-Id": "u", "X-Client-Secret": "p"},
            "paginator": {"type": "json_link", "next_url_path": "['@odata.nextLink']"},
        },
        "resource_defaults": {
            "primary_key": "id",
            "write_disposition": disposition,
            "parallelized": tuned,
            "endpoint": {"data_selector": "value"},
        },
        "resources": resources,
    }


def main() -> None:
    """Load."""
    base_url, database, *more = sys.argv[1:]
    tuned = "--tuned" in more
    options: dict[str, Any] = tune() if tuned else {}
    sets = [name for name in more if name != "--tuned"]
    source = rest_api_source(configuration(base_url, sets, tuned), parallelized=tuned)
    pipeline = dlt.pipeline(
        "rest_api",
        destination=dlt.destinations.duckdb(database),
        dataset_name="perfectgym",
    )
    pipeline.run(source, **options)


if __name__ == "__main__":
    main()
