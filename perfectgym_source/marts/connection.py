"""How dbt reaches a destination: what the profile of the project takes from the environment.

A password is in the environment of dbt's process only, under a name whose value dbt keeps out of
its logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlt.destinations.sql_client import SqlClientBase

from ..destination import Destination
from ..destination.duckdb.limits import MEGABYTES_PER_THREAD, most_threads
from ..destination.names import POSTGRES, Options, known_destination
from ..errors import ConfigurationError

if TYPE_CHECKING:  # it imports a driver
    from dlt.destinations.impl.postgres.configuration import PostgresCredentials

_PREFIX = "PERFECTGYM_MARTS_"
LAST_DAY = f"{_PREFIX}AS_OF"
"""The last day that counts: another variable would have dbt parse all files anew."""
_PASSWORD = "DBT_ENV_SECRET_PERFECTGYM_MARTS_PASSWORD"
_ADAPTERS = {POSTGRES: "postgres", "dlt.destinations.duckdb": "duckdb"}
_FILES = "dlt.destinations.filesystem"
"""Written from a DuckDB file, which has the marts."""
_LIBPQ = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
}
"""Parameters of a connection string that libpq reads from the environment too."""


def check_adapter(options: Options) -> None:
    """Make sure that dbt is installed, and can build marts in a destination.

    Args:
        options: The options of the run.

    Raises:
        ConfigurationError: It is not, or it cannot.
    """
    adapter = adapter_for(options)
    if not is_installed(adapter):
        raise ConfigurationError(
            f"The marts need dbt with its adapter for {adapter}, which is not installed",
            hint="pip install 'perfectgym-source[marts]', or set marts = false.",
        )


def is_installed(adapter: str = "duckdb") -> bool:
    """Return whether dbt and one of its adapters are installed; neither is imported."""
    try:
        return all(map(find_spec, ("dbt.cli", f"dbt.adapters.{adapter}")))
    except ModuleNotFoundError:
        return False


def adapter_for(options: Options) -> str:
    """Return the name of dbt's adapter for a destination.

    Raises:
        ConfigurationError: The marts are not built there.
    """
    kind = known_destination(options.destination).destination_type
    adapter = "duckdb" if kind == _FILES else _ADAPTERS.get(kind)
    if adapter is None:
        raise ConfigurationError(
            f"The marts are built in DuckDB and PostgreSQL only, not in {options.destination!r}",
            hint="Set marts = false. A dbt project of your own can build them there: `perfectgym "
            "marts --path` prints the folder of the package for its packages.yml.",
        )
    return adapter


def environment(destination: Destination, client: SqlClientBase[Any]) -> dict[str, str]:
    """Return what the profile takes from the environment, to reach a destination.

    Args:
        destination: The destination.
        client: A client of it, which has dlt's credentials.
    """
    adapter, file = adapter_for(destination.options), destination.loaded_database
    found = _of_postgres(client) if file is None else _of_duckdb(file)
    dataset = destination.options.dataset
    return {**found, f"{_PREFIX}ADAPTER": adapter, f"{_PREFIX}DATASET": dataset}


def _of_duckdb(file: Path) -> dict[str, str]:
    threads = most_threads()
    return {
        f"{_PREFIX}DATABASE": str(file),
        f"{_PREFIX}DUCKDB_THREADS": str(threads),
        f"{_PREFIX}DUCKDB_MEMORY": f"{MEGABYTES_PER_THREAD * threads}MB",
    }


def _of_postgres(client: SqlClientBase[Any]) -> dict[str, str]:
    credentials: PostgresCredentials = client.credentials
    query: Mapping[str, Any] = credentials.query or {}
    return {
        f"{_PREFIX}HOST": str(query.get("host") or credentials.host or ""),
        f"{_PREFIX}PORT": str(credentials.port or 5432),
        f"{_PREFIX}USER": credentials.username or "",
        f"{_PREFIX}DATABASE": credentials.database or "",
        _PASSWORD: credentials.password or "",
        **{name: str(query[key]) for key, name in _LIBPQ.items() if query.get(key)},
    }
