"""What is taken from dlt's configuration, and how often."""

from __future__ import annotations

from typing import Any

import dlt
import pytest
from dlt.common.configuration.resolve import inject_section
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.normalizers.naming.direct import NamingConvention as Direct
from dlt.common.normalizers.naming.snake_case import NamingConvention as SnakeCase

from perfectgym_source.config.dlt_config import keep_capabilities


@pytest.fixture
def destination(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A destination; `worked_out` counts how often its capabilities were."""
    made = dlt.destinations.duckdb("unused.duckdb")
    original = made.capabilities

    def counted(config: Any = None, naming: Any = None) -> Any:
        made.worked_out += 1
        return original(config, naming)

    made.worked_out = 0
    made.capabilities = counted
    return keep_capabilities(made)


def test_capabilities_are_worked_out_once(destination: Any) -> None:
    first, second = destination.capabilities(), destination.capabilities()
    assert destination.worked_out == 1
    assert dict(first) == dict(second) == dict(dlt.destinations.duckdb().capabilities())


def test_what_dlt_sets_for_a_while_stays_where_it_was_set(destination: Any) -> None:
    destination.capabilities().preferred_loader_file_format = "csv"
    assert destination.capabilities().preferred_loader_file_format != "csv"


def test_what_they_depend_on_tells_them_apart(destination: Any) -> None:
    destination.capabilities()
    for naming in (SnakeCase(), SnakeCase(60), Direct(), SnakeCase(60)):
        destination.capabilities(naming=naming)
    assert destination.worked_out == 4
    with inject_section(ConfigSectionContext(pipeline_name="another")):
        destination.capabilities()
    assert destination.worked_out == 5
    destination.capabilities(destination.spec(credentials=None))
    assert destination.worked_out == 6
