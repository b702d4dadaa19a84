"""Fixtures: marts over a load of each generation, built once."""

from __future__ import annotations

import pytest
from support.marts import Loaded, build, load

from perfectgym_source.sandbox import World


@pytest.fixture(scope="session")
def loaded_v1(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load("v1", tmp_path_factory.mktemp("marts_v1"), World("tiny"))


@pytest.fixture(scope="session")
def loaded_v22(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load("v22", tmp_path_factory.mktemp("marts_v22"), World("tiny"))


@pytest.fixture(scope="session")
def marts_v1(loaded_v1: Loaded) -> Loaded:
    """Marts over API v1."""
    return build(loaded_v1)


@pytest.fixture(scope="session")
def marts_v22(loaded_v22: Loaded) -> Loaded:
    """Marts over API v2.2."""
    return build(loaded_v22)


@pytest.fixture(params=["v1", "v22"])
def marts(request: pytest.FixtureRequest) -> Loaded:
    """The marts of each generation in turn."""
    built: Loaded = request.getfixturevalue(f"marts_{request.param}")
    return built
