"""A dbt project with few models in place of the shipped one: what runs it is tested, not they."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from perfectgym_source.destination.marts_schemas import PROJECT

KEPT = (
    "staging/sources.yml",
    "staging/v1/stg_perfectgym_v1__clubs.sql",
    "intermediate/int_perfectgym__as_of.sql",
)
MODELS = {
    "staging/v1/stg_perfectgym_v1__class_types.sql": (
        "{{ pg_staging('v1', 'class_types', ['id'], {'id': 'bigint', 'name': 'text'}) }}"
    ),
    "intermediate/int_perfectgym__club.sql": (
        "select row_key as club_key, name from {{ ref('stg_perfectgym_v1__clubs') }}"
    ),
    "marts/dim_club.sql": (
        "select club.*, as_of.as_of_date from {{ ref('int_perfectgym__club') }} as club "
        "cross join {{ ref('int_perfectgym__as_of') }} as as_of"
    ),
    "marts/dim_class_type.sql": (
        "select row_key as class_type_key, name, '{{ var('pg_currency') }}' as currency "
        "from {{ ref('stg_perfectgym_v1__class_types') }}"
    ),
}
_SITE = f"""
import os, sys
if "TEST_PROJECT" in os.environ:
    sys.path.append({str(Path(__file__).parent)!r})
    from marts_project import take_its_place
    take_its_place()
"""


def small_project(folder: Path) -> Path:
    """Write the project into a new folder, and return the folder of its models."""
    shutil.copytree(PROJECT / "macros", folder / "macros")
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT / name, folder / name)
    kept = {name: (PROJECT / "models" / name).read_text(encoding="utf-8") for name in KEPT}
    for name, sql in {**kept, **MODELS}.items():
        (folder / "models" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "models" / name).write_text(sql, encoding="utf-8")
    return folder / "models"


def running_in(folder: Path) -> dict[str, str]:
    """Return the variables with which a fork takes the project in a folder for the shipped one.

    `dbt_server` works for it, unless `TEST_DBT` is taken out of them: then dbt itself does.
    """
    from support import dbt_server

    return {"TEST_PROJECT": str(folder), "TEST_DBT": json.dumps(dbt_server.command())}


def in_its_place(folder: Path, site: Path) -> Mapping[str, str]:
    """Return those with which each process does so.

    Args:
        folder: The project.
        site: A new folder for what Python runs at its start.
    """
    site.mkdir()
    (site / "sitecustomize.py").write_text(_SITE, encoding="utf-8")
    return {**running_in(folder), "PYTHONPATH": str(site)}


def take_its_place() -> None:
    """Take the project that the environment names for the shipped one."""
    dbt_process = import_module("perfectgym_source.marts.dbt_process")
    import_module("perfectgym_source.marts.build")
    folder = Path(os.environ.pop("TEST_PROJECT"))
    for name, module in list(sys.modules.items()):
        if name.startswith("perfectgym_source.") and hasattr(module, "PROJECT"):
            vars(module)["PROJECT"] = folder
    if command := os.environ.pop("TEST_DBT", None):
        vars(dbt_process)["_DBT"] = tuple(json.loads(command))
