"""One generation of the API, one installation or several, one set of pii rules in a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .catalog.pii import OPEN
from .config.settings import Settings
from .errors import ConfigurationError
from .extract.state.source_state import DatasetIdentity, SourceState


def check_dataset(settings: Settings, state: SourceState) -> None:
    """Raise unless the dataset with this state may take the rows; record what a new one holds.

    Args:
        settings: The source's settings.
        state: The source's state in the dataset.

    Raises:
        ConfigurationError: The dataset holds another generation of the API or another installation,
            or personal data by other rules.
    """
    installation = "" if settings.shared_dataset else settings.installation
    wanted = DatasetIdentity(
        installation, settings.shared_dataset, settings.pii.fingerprint(), settings.api.name
    )
    loaded = state.identity
    if loaded is not None:
        _check_api(loaded.api, wanted.api)
        _check_rules(loaded.pii or OPEN.fingerprint(), settings.pii.fingerprint())
        _check_installation(loaded, wanted)
    state.identity = wanted


def _check_api(loaded: str, wanted: str) -> None:
    if loaded != wanted:
        raise ConfigurationError(
            f"The dataset holds rows of API {loaded}: cannot load API {wanted} into it. Its tables "
            "have other columns.",
            hint="Load into another dataset or database, or set sources.perfectgym.api to "
            f"{loaded!r}.",
        )


def _check_installation(loaded: DatasetIdentity, wanted: DatasetIdentity) -> None:
    if loaded.is_shared != wanted.is_shared:
        raise ConfigurationError(
            "sources.perfectgym.shared_dataset cannot change once a dataset is loaded: the keys of "
            "its tables depend on it.",
            hint="Load into another dataset or database.",
        )
    if loaded.installation != wanted.installation:
        raise ConfigurationError(
            f"The dataset holds the installation {loaded.installation!r}: cannot load "
            f"{wanted.installation!r} into it.",
            hint="Load into another dataset or database. If it is the same installation under a "
            f"new address, set sources.perfectgym.installation to {loaded.installation!r}.",
        )


def _check_rules(loaded: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    if loaded["rules"] != wanted["rules"]:
        raise ConfigurationError(
            f"The dataset holds personal data by the rules {_described(loaded)}: cannot load data "
            f"by the rules {_described(wanted)} into it.",
            hint="Load into another dataset or database, or set sources.perfectgym.pii as it was.",
        )
    if loaded["key"] != wanted["key"]:
        raise ConfigurationError(
            "The hashes in the dataset were made with another sources.perfectgym.pii_key: the same "
            "value would get two different hashes.",
            hint="Load into another dataset or database, or set the key as it was.",
        )


def _described(fingerprint: Mapping[str, Any]) -> str:
    rules = fingerprint["rules"]
    return "(" + (", ".join(f"{name}: {rule}" for name, rule in rules.items()) or "keep all") + ")"
