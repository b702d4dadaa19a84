"""The floor: the same pages, decoded as a whole by Arrow, in one table of DuckDB. Nothing else.

No retries, no pacing, no types but those that Arrow infers, no state, no merge: what remains is
what any program has to do.

    python floor.py BASE_URL DATABASE
"""

from __future__ import annotations

import gzip
import http.client
import json
import queue
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa
from pyarrow import json as arrow_json

CONNECTIONS = 8
PAGE_SIZE = 100
VERSION = b'"timestamp":'
"""Only the rows themselves have it, not the objects inside them."""


def read(base_url: str) -> list[bytes]:
    """All pages of all clubs' classes."""
    address = urlsplit(base_url)
    assert address.hostname is not None
    free: queue.Queue[http.client.HTTPConnection] = queue.Queue()
    for _ in range(CONNECTIONS):
        free.put(http.client.HTTPConnection(address.hostname, address.port))

    def send(
        connection: http.client.HTTPConnection, method: str, path: str, body: str | None = None
    ) -> bytes:
        connection.request(method, f"{address.path}/{path}", body, headers)
        response = connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise ValueError(f"{path}: status {response.status}")
        zipped = response.getheader("Content-Encoding") == "gzip"
        return gzip.decompress(content) if zipped else content

    def club_pages(club_id: int) -> list[bytes]:
        connection, pages, version = free.get(), [], 0
        while True:
            page = send(connection, "GET", f"Classes/Classes?clubId={club_id}&timestamp={version}")
            pages.append(page)
            if page.count(VERSION) < PAGE_SIZE:
                free.put(connection)
                return pages
            start = page.rindex(VERSION) + len(VERSION)
            version = int(page[start : page.index(b",", start)])

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    first = free.get()
    form = "grant_type=password&username=u&password=p"
    token = json.loads(send(first, "POST", "oauth/authorize", form))["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}
    clubs, version = [], 0
    while True:
        page = json.loads(send(first, "GET", f"Clubs/Clubs?timestamp={version}"))["elements"]
        clubs += [club["id"] for club in page]
        if len(page) < PAGE_SIZE:
            break
        version = page[-1]["timestamp"]
    free.put(first)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return [page for pages in pool.map(club_pages, clubs) for page in pages]


def table_of(pages: list[bytes]) -> pa.Table:
    """The rows of pages, objects inside them as columns."""
    options = arrow_json.ReadOptions(block_size=max(8 << 20, 2 * max(map(len, pages))))
    read_pages = arrow_json.read_json(pa.py_buffer(b"\n".join(pages)), read_options=options)
    elements = [chunk.flatten() for chunk in read_pages["elements"].chunks]
    table = pa.Table.from_batches(
        [pa.RecordBatch.from_struct_array(chunk) for chunk in elements if len(chunk)]
    )
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    return table


def main() -> None:
    """Read and load."""
    base_url, database = sys.argv[1:]
    rows = table_of(read(base_url))
    with duckdb.connect(database) as connection:
        connection.execute("CREATE SCHEMA perfectgym")
        connection.register("rows", rows)
        connection.execute("CREATE TABLE perfectgym.classes AS SELECT * FROM rows")


if __name__ == "__main__":
    main()
