"""Compile the models of the marts as for databases whose dbt adapters are not installed.

`dialects.py FOLDER ARGUMENTS`, run by `dbt_server`: dbt reads the tables by the adapter of DuckDB,
and writes the models into `FOLDER/<database>` by the macros that the project has for the database.
dbt's own macros are those for all databases: its adapters override some of them. `FOLDER` holds
what dbt has parsed of the project.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner
from dbt.context.providers import BaseDatabaseWrapper

DIALECTS = ("bigquery", "databricks", "snowflake")

_EXPRESSIONS = {"concat", "date_trunc", "dateadd", "datediff", "generate_series", "last_day"}
_EXPRESSIONS |= {"any_value", "listagg", "safe_cast", "split_part", "string_literal"}


_DISPATCH = BaseDatabaseWrapper.dispatch


def compile_for(dialect: str, folder: Path, arguments: list[str]) -> None:
    """Compile all models for a database."""

    def dispatched(self: Any, macro_name: str, *args: Any, **kwargs: Any) -> Any:
        is_sql = macro_name in _EXPRESSIONS or macro_name.startswith(("pg_", "type_"))
        self._get_adapter_macro_prefixes = lambda: [dialect if is_sql else "duckdb", "default"]
        return _DISPATCH(self, macro_name, *args, **kwargs)

    BaseDatabaseWrapper.dispatch = dispatched
    (folder / dialect).mkdir()
    shutil.copy(folder / "partial_parse.msgpack", folder / dialect)
    target = ["--target-path", str(folder / dialect), "--log-path", str(folder / dialect)]
    compiled = dbtRunner().invoke(
        ["--quiet", "compile", "--exclude", "resource_type:test", *arguments, *target]
    )
    if not compiled.success:
        sys.exit(f"{dialect}: {compiled.exception or compiled.result}")


if __name__ == "__main__":
    for name in DIALECTS:
        compile_for(name, Path(sys.argv[1]), sys.argv[2:])
