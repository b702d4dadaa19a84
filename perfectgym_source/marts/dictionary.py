"""The data dictionary: dbt's documentation of the project as one HTML file.

dbt's own page takes scripts of a service that counts its readers, and its manifest has what nobody
reads who only reads tables: the file has neither, and its policy forbids every request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from ..errors import DestinationError
from .build import Marts
from .dbt_process import DbtFailed, run_dbt, working_folder

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)
_HEAD = f"""<head><meta http-equiv="Content-Security-Policy" content="{_POLICY}">"""
_LINKS = re.compile(r'<link rel="(?:canonical|shortcut icon)"[^>]*>')
_SERVICES = re.compile(
    r"(?:https?:)?(?://)?[\w.-]+\.(?:cloudfront\.net|sinter-collect\.com|getdbt\.com/)[\w./]*"
)
_REPAIRS = {
    "<title>dbt Docs</title>": "<title>Data dictionary</title>",
    # A browser would take the template for an address.
    'xlink:href="{{': 'ng-attr-xlink:href="{{',
    # A description would be cut after some words.
    "text-overflow: ellipsis; overflow-x: hidden; white-space: nowrap; max-width: 1px;": (
        "width: 50%"
    ),
}
_OVERVIEW = "doc.perfectgym.__perfectgym__"
_NODE = (
    *("unique_id", "resource_type", "package_name", "name", "alias", "identifier", "fqn"),
    *("schema", "path", "original_file_path", "description", "columns", "raw_code", "language"),
    *("refs", "sources", "depends_on", "tags", "meta", "docs", "version"),
    *("test_metadata", "column_name", "attached_node", "source_name", "source_description"),
    "loader",
)
_COLUMN = ("name", "description", "data_type", "meta", "tags")


def dictionary(marts: Marts) -> str:
    """Return the data dictionary of the marts as one HTML page.

    Args:
        marts: The marts; they need not have been built.

    Raises:
        DestinationError: dbt could not make it.
    """
    destination = marts.session.destination
    target = working_folder(destination.folder, tests=True) / "target"
    found = {name: target / name for name in ("manifest.json", "catalog.json")}
    for file in found.values():
        file.unlink(missing_ok=True)
    variables, environment = marts.for_documentation()
    try:
        with destination.lent():
            run_dbt(["docs", "generate"], variables, environment, destination.folder)
        manifest, catalog = (json.loads(file.read_bytes()) for file in found.values())
        index = (target / "index.html").read_text("utf-8")
    except (DbtFailed, OSError) as error:
        raise DestinationError(f"dbt could not make the data dictionary: {error}") from None
    kept = _kept(manifest, marts.generation)
    is_file = destination.loaded_database is not None
    database = destination.options.database.stem if is_file else None
    return _page(index, _manifest(manifest, kept, database), _catalog(catalog, kept, database))


def _page(index: str, manifest: Mapping[str, Any], catalog: Mapping[str, Any]) -> str:
    """Return dbt's page with its data, and without what asks for more."""
    page = _SERVICES.sub("", _LINKS.sub("", index.replace("<head>", _HEAD, 1)))
    for old, new in _REPAIRS.items():
        page = page.replace(old, new)
    for name, data in (("MANIFEST", manifest), ("CATALOG", catalog)):
        place = f'"{name}.JSON INLINE DATA"'
        if page.count(place) != 1:
            raise DestinationError(f"The page of this version of dbt has no place for its {name}")
        text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
        page = page.replace(place, text)
    return page


def _kept(manifest: Mapping[str, Any], generation: str) -> set[str]:
    """Return the ids of what is shown: what the loaded generation has, and tests of columns."""
    nodes = {**manifest["nodes"], **manifest["sources"]}
    other = {"v1": "v22", "v22": "v1"}[generation]
    dropped = {
        name
        for name, node in nodes.items()
        if f"/staging/{other}/" in node["original_file_path"]
        or node.get("source_name") == f"perfectgym_{other}"
        or (node["resource_type"] == "test" and not node.get("attached_node"))
    }
    dropped |= {name for name, node in nodes.items() if node.get("attached_node") in dropped}
    return nodes.keys() - dropped


def _manifest(
    manifest: Mapping[str, Any], kept: Collection[str], database: str | None
) -> dict[str, Any]:
    overview = {**manifest["docs"][_OVERVIEW], "name": "__overview__"}
    return {
        "metadata": {
            "project_name": manifest["metadata"]["project_name"],
            "adapter_type": manifest["metadata"]["adapter_type"],
            "generated_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        },
        "nodes": _nodes(manifest["nodes"], kept, database),
        "sources": _nodes(manifest["sources"], kept, database),
        "docs": {
            _OVERVIEW: {key: overview[key] for key in ("name", "package_name", "block_contents")}
        },
        "parent_map": _edges(manifest["parent_map"], kept),
        "child_map": _edges(manifest["child_map"], kept),
        **{name: {} for name in ("macros", "exposures", "metrics", "semantic_models", "groups")},
        **{name: {} for name in ("disabled", "unit_tests", "saved_queries", "functions")},
    }


def _nodes(nodes: Mapping[str, Any], kept: Collection[str], database: str | None) -> dict[str, Any]:
    found = {}
    for name in sorted(nodes.keys() & set(kept)):
        node = nodes[name]
        entry = {key: node[key] for key in _NODE if node.get(key) is not None}
        entry["database"] = database or node["database"]
        entry["config"] = {"materialized": node["config"].get("materialized")}
        entry["columns"] = {
            column: {key: given[key] for key in _COLUMN if key in given}
            for column, given in node.get("columns", {}).items()
        }
        if "depends_on" in entry:
            parents = [each for each in node["depends_on"].get("nodes", ()) if each in kept]
            entry["depends_on"] = {"nodes": parents, "macros": []}
        found[name] = entry
    return found


def _edges(edges: Mapping[str, Iterable[str]], kept: Collection[str]) -> dict[str, list[str]]:
    return {
        name: [each for each in others if each in kept]
        for name, others in edges.items()
        if name in kept
    }


def _catalog(
    catalog: Mapping[str, Any], kept: Collection[str], database: str | None
) -> dict[str, Any]:
    """Return the types of the columns; the names of the owners of tables stay where they are."""
    found: dict[str, Any] = {"metadata": {}}
    for kind in ("nodes", "sources"):
        found[kind] = {}
        for name in sorted(catalog[kind].keys() & set(kept)):
            entry = catalog[kind][name]
            metadata = {key: entry["metadata"][key] for key in ("type", "schema", "name")}
            metadata["database"] = database or entry["metadata"]["database"]
            columns = {
                column: {key: given[key] for key in ("name", "type", "index")}
                for column, given in entry["columns"].items()
            }
            own = {"metadata": metadata, "columns": columns, "stats": {}, "unique_id": name}
            found[kind][name] = own
    return found
