"""The tables of a pipeline's settings: `[pipelines.NAME]`, `[checks]` and `[alerts]`.

`pipelines` reads them from dlt's configuration: dlt takes a second to import, and `--help` and
completion do without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from ..catalog import API_VERSIONS, GROUP_NAMES, RESOURCE_NAMES
from . import validators as check
from .setting import Setting, default_of, settings_of
from .settings import OF_ONE_PIPELINE
from .validators import Choice, Names, Number

MODES = ("off", "warn", "fail")
TABLE_FORMATS = ("parquet", "delta", "iceberg")
ON_CHANGE, ALWAYS = "change", "always"


@dataclass(frozen=True)
class NamedPipeline:
    """One named pipeline: the table of the settings in `[pipelines.NAME]`.

    Attributes:
        name: Its name.
        source: Settings of the source that differ from `[sources.perfectgym]`.

    Each of the others is described where it is declared.
    """

    name: str
    description: Annotated[str, Setting("what it loads, in a sentence", check.text)] = ""
    resources: Annotated[
        tuple[str, ...],
        Setting("names of resources, besides those of the groups", Names(RESOURCE_NAMES), "–"),
    ] = ()
    groups: Annotated[tuple[str, ...], Setting("names of groups", Names(GROUP_NAMES), "–")] = ()
    destination: Annotated[
        str, Setting("a dlt destination", check.name, help="A dlt destination.")
    ] = "duckdb"
    database: Annotated[
        Path,
        Setting(
            "the DuckDB file, if that is the destination or files are written from it",
            check.path,
            help="The DuckDB file.",
        ),
    ] = Path("gym.duckdb")
    dataset: Annotated[
        str,
        Setting(
            "the dataset (schema); with several installations, the beginning of their datasets' "
            "names",
            check.name,
            help="The dataset (schema).",
        ),
    ] = "perfectgym"
    table_format: Annotated[
        str,
        Setting(
            "what the destination `filesystem` writes: `parquet`, `delta` or `iceberg`",
            check.name,
            help="What filesystem writes.",
        ),
    ] = "parquet"
    wait: Annotated[
        float,
        Setting(
            "seconds to wait for a program that has the pipeline's DuckDB file open",
            Number(0),
            help="For a program that has the file open.",
        ),
    ] = 60.0
    storage_version: Annotated[
        str,
        Setting(
            "the oldest version of DuckDB that is to read the DuckDB file, or `latest`",
            check.storage_version,
        ),
    ] = "v1.0.0"
    schedule: Annotated[
        str,
        Setting(
            "when it runs, as a cron expression: for people and orchestrators, nothing here "
            "starts it",
            check.text,
        ),
    ] = ""
    max_age_hours: Annotated[
        float,
        Setting("how old the last success may be before `status` calls it overdue", Number(0)),
    ] = 26.0
    max_run_hours: Annotated[
        float,
        Setting(
            "how long a run may take before it counts as hanging: `status` and `state` turn "
            "red, and alert; 0: no limit",
            Number(0),
        ),
    ] = 24.0
    history_days: Annotated[
        float,
        Setting("days after which runs are deleted from the run history; 0: never", Number(0)),
    ] = 365.0
    keep_states: Annotated[
        int,
        Setting(
            "how many of its states dlt keeps in the dataset, the newest ones; 0: all",
            Number(0, is_whole=True),
        ),
    ] = 100
    installations: Annotated[
        tuple[str, ...], Setting("the installations that it loads", Names(), "all")
    ] = ()
    shared_dataset: Annotated[
        bool,
        Setting("whether they go into one dataset, told apart by a column", check.flag),
    ] = False
    marts: Annotated[
        bool,
        Setting(
            "whether the [marts](marts.md) are built after loading; needs the extra `marts`",
            check.flag,
        ),
    ] = False
    marts_vars: Annotated[
        Mapping[str, Any],
        Setting(
            "variables of the marts, such as `pg_currency`, by name",
            check.table,
            "–",
        ),
    ] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)


KEYS = (*settings_of(NamedPipeline), *OF_ONE_PIPELINE)
"""The keys that the section of a pipeline may hold."""

DEFAULT = "core"
"""The pipeline that is loaded if none is named."""

_DEFAULT_GROUPS = tuple(dict.fromkeys(name for api in API_VERSIONS for name in api.default_groups))

BUILTIN: Mapping[str, Mapping[str, Any]] = {
    "core": {
        "description": "What most reports need: the default groups.",
        "groups": _DEFAULT_GROUPS,
    },
    "members": {
        "description": "Members with their visits, classes, cards, documents and messages.",
        "resources": ("users", "club_visits", "measurements"),
        "groups": (
            *("user", "class", "message"),
            *("members", "member_records", "access_control", "classes"),
        ),
    },
    "finance": {
        "description": "Contracts with their fees, plans, discounts and products.",
        "resources": (
            "contracts",
            "memberships",
            "payment_plans",
            "freeze_reasons",
            "products",
            "user_products",
            "pending_contract_fees",
        ),
        "groups": (
            *("contract", "plan"),
            *("contracts", "memberships", "payment_plans", "products"),
            *("transactions", "payments", "invoices"),
        ),
    },
    "marts": {
        "description": "What the marts read: the default groups, and details of members.",
        "resources": (
            *("user_details", "user_classes", "user_products", "pending_contract_fees"),
            *("contract_fees", "payment_plan_details"),
            "members_to_marketing_sources",
        ),
        "groups": _DEFAULT_GROUPS,
    },
    "everything": {
        "description": "All that the account may read, the dictionary of cities included.",
        "groups": GROUP_NAMES,
    },
}
"""The built-in pipelines, as `[pipelines.NAME]` would set them; each generation of the API takes
what it has of the resources and groups."""


@dataclass(frozen=True)
class Checks:
    """The checks after loading: the table of the settings in `[checks]`."""

    mode: Annotated[
        str,
        Setting(
            '`"off"`, `"warn"` (lines in the summary), or `"fail"` (exit code 10; the rows are '
            "loaded)",
            Choice(MODES),
        ),
    ] = "warn"
    max_drop_percent: Annotated[
        float,
        Setting("by how much a table may shrink since it was counted last; 100: any", Number(0)),
    ] = 50.0
    references: Annotated[
        bool,
        Setting(
            "whether rows that are referred to have to be there; slow on large tables", check.flag
        ),
    ] = False
    newest_visit_hours: Annotated[
        float, Setting("how old the newest club visit may be; 0: any age", Number(0))
    ] = 0.0


@dataclass(frozen=True)
class AlertSettings:
    """The addresses of alerts: the table of the settings in `[alerts]`."""

    webhook_url: Annotated[
        str,
        Setting(
            'receives `{"text": ...}` by POST, as Slack, Mattermost and Rocket.Chat take it; it '
            "belongs into `.dlt/secrets.toml`",
            check.secret_url,
            is_secret=True,
        ),
    ] = field(default="", repr=False)
    ping_url: Annotated[
        str,
        Setting(
            "the address of a health check: `/start` when a run starts, then the address itself "
            "or `/fail`; it belongs into `.dlt/secrets.toml`",
            check.secret_url,
            is_secret=True,
        ),
    ] = field(default="", repr=False)
    when: Annotated[
        str,
        Setting(
            '`"change"` notifies the webhook of the first failure and of the recovery, '
            '`"always"` of every failure',
            Choice((ON_CHANGE, ALWAYS)),
        ),
    ] = ON_CHANGE


def help_of(name: str) -> str:
    """Return the text of `--help` for the option that sets a key of the pipeline.

    Args:
        name: The key.
    """
    entry = settings_of(NamedPipeline)[name]
    default = shown(default_of(NamedPipeline, name))
    return f"{entry.help or entry.meaning}  [default: {default}]"


def shown(value: Any) -> str:
    """Return a default as texts show it; `–` for none."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return "–" if value is None or value == "" else str(value)
