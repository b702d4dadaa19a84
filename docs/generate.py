"""Write the parts of the documentation that are made from the code: `make docs`.

Each part stands between two comments in a page: `<!-- NAME: ... -->` and `<!-- end of NAME -->`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grimp

from perfectgym_source.catalog import V1, V22, ApiVersion
from perfectgym_source.catalog.tables import table_layout
from perfectgym_source.cli.rendering.listing import EXIT_CODES
from perfectgym_source.config.pipeline_settings import (
    AlertSettings,
    Checks,
    NamedPipeline,
    shown,
)
from perfectgym_source.config.setting import Setting, default_of, settings_of
from perfectgym_source.config.settings import SETTINGS, Settings

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
FIRST_SETTINGS = (
    "subdomain",
    "base_url",
    "username",
    "password",
    "mode",
    "start_date",
    "time_zone",
    "deleted_rows",
    "pii",
    "sweep_days",
    "requests_per_second",
    "schema_contract",
)
"""The settings that the README shows."""

PACKAGE = "perfectgym_source"


def parts() -> dict[str, str]:
    """Return the generated parts by name."""
    first = {name: SETTINGS[name] for name in FIRST_SETTINGS}
    return {
        "first-settings": _settings(Settings, first).replace("](", "](docs/"),
        "settings": _settings(Settings, SETTINGS),
        "pipeline-settings": _settings(NamedPipeline, settings_of(NamedPipeline)),
        "check-settings": _settings(Checks, settings_of(Checks)),
        "alert-settings": _settings(AlertSettings, settings_of(AlertSettings)),
        "exit-codes": "\n".join(_exit_codes()),
        "groups": "\n".join(_groups()),
        "tables": "\n".join(_tables(V1)).rstrip(),
        "tables-v22": "\n".join(_tables(V22)).rstrip(),
        "imports": "\n".join(_imports()),
        "result": "\n".join(_keys("object")),
        "results": "\n".join(_results()).rstrip(),
    }


def with_parts(page: str, texts: Mapping[str, str]) -> str:
    """Return a page with its generated parts as they should be."""
    marked = r"(<!-- ([\w-]+): [^\n]*-->\n).*?(<!-- end of \2 -->)"
    return re.sub(marked, lambda it: f"{it[1]}{texts[it[2]]}\n{it[3]}", page, flags=re.DOTALL)


def _settings(table: type, settings: Mapping[str, Setting]) -> str:
    lines = ["| key | default | meaning |", "|---|---|---|"]
    for name, setting in settings.items():
        default = setting.default or _default(default_of(table, name))
        lines.append(f"| `{name}` | {default} | {setting.meaning} |")
    return "\n".join(lines)


def _default(value: object) -> str:
    text = shown(value)
    is_word = isinstance(value, bool) or (text != "–" and not isinstance(value, (int, float)))
    return f"`{text}`" if is_word else text


def _tables_of(api: ApiVersion, group: str) -> list[str]:
    return [
        endpoint.name
        for endpoint in api.endpoints.values()
        if endpoint.group == group and endpoint.table is None
    ]


def _exit_codes() -> Iterator[str]:
    yield from ("| code | meaning |", "|---|---|")
    yield from (f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items())


def _groups() -> Iterator[str]:
    yield from ("| group | what it costs | tables |", "|---|---|---|")
    for group, cost in V1.groups.items():
        mark = " (by default)" if group in V1.default_groups else ""
        names = ", ".join(f"`{name}`" for name in _tables_of(V1, group))
        yield f"| **{group}**{mark} | {cost} | {names} |"


def _tables(api: ApiVersion) -> Iterator[str]:
    for group, cost in api.groups.items():
        mark = ", by default" if group in api.default_groups else ""
        yield from (f"### Group `{group}`{mark}", "", cost, "")
        yield from ("| table | one row is | child tables |", "|---|---|---|")
        for name in _tables_of(api, group):
            endpoint = api.endpoints[name]
            children = list(table_layout(endpoint).with_children())[1:]
            names = ", ".join(f"`{child.name[len(name) :]}`" for child in children)
            yield f"| `{name}` | {endpoint.description} | {names} |"
        yield ""


def _definitions() -> dict[str, Any]:
    schema = (ROOT / "docs" / "result.schema.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(schema)["$defs"]
    return found


def _keys(name: str) -> Iterator[str]:
    """Describe the keys of an object of the schema of results."""
    definitions = _definitions()
    yield from ("| key | meaning |", "|---|---|")
    for key, value in definitions[name]["properties"].items():
        referred = re.findall(r"#/\$defs/(\w+)", json.dumps(value))
        described = [value, *(definitions[other] for other in referred)]
        yield f"| `{key}` | {next(filter(None, (d.get('description') for d in described)), '')} |"


def _results() -> Iterator[str]:
    """Describe the results of the commands, and what is inside them."""
    for name, definition in _definitions().items():
        if name != "object" and "properties" in definition:
            text = definition["description"]
            yield from (f"### `{name}`", "", f"{text[0].upper()}{text[1:]}.", "", *_keys(name), "")


def _imports() -> Iterator[str]:
    """Draw which folder imports which, without the arrows that follow from others."""
    direct = _imports_of_folders()

    def all_below(name: str) -> set[str]:
        return {name}.union(*(all_below(below) for below in direct[name]))

    yield from ("```mermaid", "flowchart TD")
    for name in sorted(direct):
        implied = {deep for below in direct[name] for deep in all_below(below) - {below}}
        for below in sorted(direct[name] - implied):
            yield f"  {name} --> {below}"
    yield "```"


def _imports_of_folders() -> dict[str, set[str]]:
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    folders = sorted(graph.find_children(PACKAGE))
    return {
        _short(folder): {
            _short(other)
            for other in folders
            if other != folder
            and graph.direct_import_exists(importer=folder, imported=other, as_packages=True)
        }
        for folder in folders
    }


def _short(module: str) -> str:
    return module.removeprefix(f"{PACKAGE}.")


def main() -> None:
    """Write the generated parts into the pages."""
    texts = parts()
    for path in PAGES:
        path.write_text(with_parts(path.read_text("utf-8"), texts), "utf-8")


if __name__ == "__main__":
    main()
