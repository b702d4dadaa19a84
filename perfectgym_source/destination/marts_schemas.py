"""The schemas in which dbt builds the marts, beside the dataset that they are made of."""

from __future__ import annotations

from functools import cache
from pathlib import Path

SUFFIXES = ("_stg", "_int", "_marts")
"""What follows the dataset's name: staging views, intermediate tables, and the marts."""
PROJECT = Path(__file__).resolve().parents[1] / "marts" / "dbt"
"""The folder of the dbt project."""
_OF_DBT = ("__dbt_tmp", "__dbt_backup")
"""What dbt puts behind the name of a model while it builds it."""


def marts_schemas(dataset: str) -> tuple[str, ...]:
    """Return the names of the schemas of a dataset's marts."""
    return tuple(f"{dataset}{suffix}" for suffix in SUFFIXES)


@cache
def model_files() -> dict[str, Path]:
    """Return the files of the project's models by the model's name."""
    return {file.stem: file for file in sorted(PROJECT.glob("models/**/*.sql"))}


def is_model(name: str) -> bool:
    """Return whether a relation has the name of a model, or of one that dbt was building."""
    for end in _OF_DBT:
        name = name.removesuffix(end)
    return name in model_files()
