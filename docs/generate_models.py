"""Describe the loaded tables and the staging models to dbt, in the catalog's words: `make docs`.

A staging model takes over columns of one table under their names, so that nothing is left to write.
How the marts are joined is drawn from the tests of their relationships.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from perfectgym_source.catalog import V1, V22
from perfectgym_source.catalog.hints import child_hints, root_hints
from perfectgym_source.catalog.tables import table_layout

MODELS = Path(__file__).parents[1] / "perfectgym_source/marts/dbt/models"
STAGING, PROPERTIES = MODELS / "staging", MODELS.with_name("properties")
OVERVIEW, MARTS_PAGE = MODELS / "overview.md", Path(__file__).with_name("marts.md")
GENERATIONS = {"v1": V1, "v22": V22}
_HEAD = "# Made by `make docs` of the catalog and of the calls of pg_staging.\nversion: 2\n"
_SOURCE = """
  - name: perfectgym_{generation}
    description: The loaded tables of API {api}. Those that were not loaded read as empty.
    # Of the first dataset: for the lineage. The staging models read all of them.
    schema: "{{{{ (var('pg_sources') | selectattr('api', 'equalto', '{generation}') \
| map(attribute='schema') | list + [target.schema]) | first }}}}"
    tables:
"""
_OWN = {
    "installation": "The installation that the row comes from.",
    "row_key": "Identifies the row among those of all installations.",
    "is_deleted": "Whether the row was deleted in PerfectGym.",
    "row_version": "Row version: grows with every change in the installation.",
}
"""Columns that `pg_staging` adds to all models; `is_deleted` is missing where deleted rows are."""
_UNKNOWN = "Only where the installation sends it: it is not in the catalog."


def files() -> dict[Path, str]:
    """Return the files that are made, with their texts."""
    calls = {path: staging_call(path.read_text("utf-8")) for path in STAGING.glob("*/*.sql")}
    made = {STAGING / "sources.yml": _HEAD + "\nsources:" + "".join(_sources(calls))}
    for generation in GENERATIONS:
        own = {path: call for path, call in calls.items() if path.parent.name == generation}
        text = _HEAD + "\nmodels:\n" + "".join(_models(own))
        made[PROPERTIES / "staging" / f"{generation}.yml"] = text
    for page, lines in ((OVERVIEW, _relations()), (MARTS_PAGE, _diagram())):
        part = r"(<!-- relations, [^\n]*-->\n).*?(<!-- end of relations -->)"
        text = "".join(f"{line}\n" for line in lines)
        place = re.compile(part, re.DOTALL)
        assert place.search(page.read_text("utf-8")), page
        made[page] = place.sub(lambda it, text=text: it[1] + text + it[2], page.read_text("utf-8"))
    return made


def relations() -> list[tuple[str, str, str, bool]]:
    """Return the relationships of the marts.

    Returns:
        The mart, its column, the mart that it refers to, and whether each row does.
    """
    found = []
    for file in sorted((PROPERTIES / "marts").glob("*.yml")):
        for model in yaml.safe_load(file.read_text("utf-8")).get("models", ()):
            for column in model.get("columns", ()):
                tests = column.get("data_tests", ())
                for test in tests:
                    if isinstance(test, dict) and "relationships" in test:
                        target = re.findall(r"'(\w+)'", test["relationships"]["arguments"]["to"])
                        own = (model["name"], column["name"], target[0], "not_null" in tests)
                        found.append(own)
    return sorted(found)


def _relations() -> Iterator[str]:
    """Yield a table of Markdown: for each mart, by which columns it refers to which others."""
    yield "| mart | column | refers to |"
    yield "|---|---|---|"
    for mart, column, target, is_each in relations():
        link = "[{0}](#!/model/model.perfectgym.{0})".format
        may = "" if is_each else ", or NULL"
        yield f"| {link(mart)} | `{column}` | {link(target)}{may} |"


def _diagram() -> Iterator[str]:
    """Yield a diagram of mermaid."""
    yield "```mermaid"
    yield "erDiagram"
    for mart, column, target, is_each in relations():
        yield f"    {mart} }}o--{'||' if is_each else 'o|'} {target} : {column}"
    yield "```"


def staging_call(sql: str) -> dict[str, Any]:
    """Return the arguments of the call of `pg_staging` in a model, by name."""
    text = re.sub(r"\b(true|false)\b", lambda it: it[0].capitalize(), sql.strip("{} \n"))
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    values = dict(zip(("generation", "table", "key", "columns"), call.args, strict=False))
    values.update({str(keyword.arg): keyword.value for keyword in call.keywords})
    return {name: ast.literal_eval(value) for name, value in values.items()}


@cache
def tables(generation: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the hints of all tables of a generation of the API, child tables too, by name."""
    api, found = GENERATIONS[generation], {}
    for endpoint in api.endpoints.values():
        root, *children = table_layout(endpoint).with_children()
        found[root.name] = root_hints(api, endpoint, "flag")
        found.update({child.name: child_hints(api, endpoint, child) for child in children})
    return found


def _texts(hints: Mapping[str, Any]) -> dict[str, str]:
    """Describe the columns of a table, with its keys and references."""
    texts = {name: column["description"] for name, column in hints["columns"].items()}
    for name in hints.get("primary_key", ()):
        texts[name] += " Part of the key." if len(hints["primary_key"]) > 1 else " The key."
    for reference in hints["references"]:
        pairs = zip(reference["columns"], reference["referenced_columns"], strict=True)
        for name, referred in pairs:
            texts[name] += f" Refers to {reference['referenced_table']}.{referred}."
    return texts


def _sources(calls: Mapping[Path, Mapping[str, Any]]) -> Iterator[str]:
    for generation, api in GENERATIONS.items():
        yield _SOURCE.format(generation=generation, api=api.name)
        names = {call["table"] for call in calls.values() if call["generation"] == generation}
        for name in sorted(names):
            hints = tables(generation)[name]
            yield _entry(6, name, hints["additional_table_hints"]["description"])
            yield "        columns:\n"
            for column, text in _texts(hints).items():
                yield _entry(10, column, text)


def _models(calls: Mapping[Path, Mapping[str, Any]]) -> Iterator[str]:
    for path, call in sorted(calls.items()):
        hints = tables(call["generation"])[call["table"]]
        texts = {**dict.fromkeys(call["columns"], _UNKNOWN), **_texts(hints)}
        own = {**_OWN, **{name: texts[name] for name in call["columns"] if name not in _OWN}}
        if call.get("drop_deleted"):
            del own["is_deleted"]
        description = hints["additional_table_hints"]["description"]
        yield _entry(2, path.stem, f"One row is {description[0].lower()}{description[1:]}")
        yield "    columns:\n"
        for name, text in own.items():
            yield _entry(6, name, text)
            if name == "row_key":
                yield "        data_tests: [unique, not_null]\n"


def _entry(indent: int, name: str, description: str) -> str:
    # A text in JSON is one in YAML too.
    text = json.dumps(description, ensure_ascii=False)
    return f"{' ' * indent}- name: {name}\n{' ' * indent}  description: {text}\n"


def main() -> None:
    """Write the files."""
    for path, text in files().items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
