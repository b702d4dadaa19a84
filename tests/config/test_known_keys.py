"""Mistyped keys and sections: what is refused, and what is dlt's or somebody else's."""

import pytest
import tomlkit

from perfectgym_source.config.known_keys import misplaced, unread
from perfectgym_source.config.known_names import unread_variables


def found(text):
    return [f"{'.'.join(path)} {problem}" for path, problem in unread(tomlkit.parse(text).unwrap())]


@pytest.mark.parametrize(
    ("text", "path", "near"),
    [
        ("[sources.perfectgym]\npi = 'drop'", "sources.perfectgym.pi", "'pii'"),
        ("[sources.perfectgym]\nPII = 'drop'", "sources.perfectgym.PII", "'pii'"),
        ("[sources.perfectgym]\nzzz = 1", "sources.perfectgym.zzz", ""),
        ("[sources.perfectgym.ppi]\nname = 1", "sources.perfectgym.ppi", "'pii'"),
        ("[sources.perfectgym.instalations.a]", "sources.perfectgym.instalations", "'installa"),
        ("[sources.perfectgym.mode]\na = 1", "sources.perfectgym.mode", ""),
        ("[sources.perfectgym]\ninstallations = 1", "sources.perfectgym.installations", ""),
        ("[sources.perfectgyms]", "sources.perfectgyms", "[sources.perfectgym]"),
        ("[sources.perfect_gym]", "sources.perfect_gym", "[sources.perfectgym]"),
        ("[source.perfectgym]", "source", "[sources]"),
        ("[Sources.perfectgym]", "Sources", "[sources]"),
        ("[perfectgym]\npii = 'drop'", "perfectgym", "[sources.perfectgym]"),
        ("[sources]\npi = 'drop'", "sources.pi", "'pii'"),
        ("pi = 'drop'", "pi", "'pii'"),
        ("[pipeline.core]", "pipeline", "[pipelines]"),
        ("[pipeline.mine]\ngroups = ['club']\nsweep_days = 1", "pipeline", "[pipelines]"),
        ("[alert]\nwebhook_url = 'https://s3cret'", "alert", "[alerts]"),
        ("[check]\nreferences = true", "check", "[checks]"),
        ("[sources.perfectgym_v2]\npii = 'drop'", "sources.perfectgym_v2", "[sources.perf"),
        ("[sources.perfectgym.users]\npii = 'drop'", "sources.perfectgym.users.pii", "[sources.p"),
        ("[sources.perfectgym.perfectgym]\npi = 1", "sources.perfectgym.perfectgym.pi", "'pii'"),
        ("[perfectgym.sources.perfectgym]\npii = 1", "perfectgym", "[sources.perfectgym]"),
        ("checks = 'fail'", "checks", "section"),
        ("[checks]\nmax_drop_percnt = 1", "checks.max_drop_percnt", "'max_drop_percent'"),
        ("[alerts]\nwebhook = 'https://s3cret'", "alerts.webhook", "'webhook_url'"),
    ],
)
def test_what_nothing_reads_is_found_with_the_nearest_name(text, path, near):
    [problem] = found(text)
    assert problem.startswith(f"{path} ")
    assert near in problem
    assert "s3cret" not in problem


@pytest.mark.parametrize(
    "text",
    [
        "[sources.perfectgym]\npii = 'drop'\nsubdomain = 'x'\ngroups = ['club']",
        "[sources.perfectgym]\nmax_table_nesting = 0\nschema_contract = 'freeze'",
        "[sources.perfectgym.schema_contract]\ncolumns = 'freeze'",
        "[sources.perfectgym.pii]\nname = 'drop'\n[sources.perfectgym.installations.a]\nx = 1",
        "[sources.perfectgym.extract]\nworkers = 1\n[sources.perfectgym.data_writer]\nx = 1",
        "[sources.perfectgym.schema]\nnaming = 'x'\n[sources.perfectgym.classes]\nx = 1",
        "[sources.perfectgym.perfectgym]\npii = 'drop'",
        "[sources.github]\npi = 'drop'\n[sources.data_writer]\nx = 1",
        "[runtime]\nlog_level = 'INFO'\n[destination.postgres.credentials]\npasword = 'x'",
        "[extract]\nworkers = 1\n[load]\nworkers = 1\n[normalize]\nx = 1\n[schema]\nnaming = 'x'",
        "[perfectgym.destination]\nx = 1",
        "dataset_name = 'x'\nprogress = 'log'\ndev_mode = true",
        "model = 'gpt'\ntimezone = 'UTC'",
        "[resources]\nx = 1\n[pipeline]\nname = 'x'\n[check]\nx = 1\n[alert]",
        "[pipeline.build]\ndescription = 'x'\nsteps = 1",
        "[sources.perfectgym_v2]\npassword = 'x'\n[sources.perfectgym_api]\nmode = 'x'",
        "",
    ],
)
def test_what_dlt_or_another_source_reads_is_left_alone(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SOURCES__PERFECTGYM__PI", "SOURCES__PERFECTGYM__PII"),
        ("SOURCE__PERFECTGYM__PII", "SOURCES__PERFECTGYM__PII"),
        ("SOURCES__PERFECT_GYM__PII", "SOURCES__PERFECTGYM__PII"),
        ("SOURCES__PERFECTGYM_PII", "mean SOURCES__PERFECTGYM__PII?"),
        ("SOURCES_PERFECTGYM__PII", "mean SOURCES__PERFECTGYM__PII?"),
        ("SOURCES_PERFECTGYM_PII", "mean SOURCES__PERFECTGYM__PII?"),
        ("SOURCES_PERFECTGYM_PI", "mean SOURCES__PERFECTGYM__PII?"),
        ("SOURCES__PERFECTGYM___PII", "mean SOURCES__PERFECTGYM__PII?"),
        ("sources__perfectgym__pii", "mean SOURCES__PERFECTGYM__PII?"),
        ("Sources__Perfectgym__Pi", "mean SOURCES__PERFECTGYM__PII?"),
        ("sources__perfectgym__extract__workers", "mean SOURCES__PERFECTGYM__EXTRACT__WORKERS?"),
        ("SOURCES__PERFECTGYM__INSTALLATIONS__NORTH_PII", "INSTALLATIONS__NORTH__PII?"),
        ("SOURCES__PERFECTGYM__USERS__PII", "mean SOURCES__PERFECTGYM__PII?"),
        ("SOURCES__PERFECTGYM__PERFECTGYM__PI", "mean SOURCES__PERFECTGYM__PERFECTGYM__PII?"),
        ("SOURCES__PERFECTGYM_V2__PII", "mean SOURCES__PERFECTGYM__PII?"),
        ("PII", "mean SOURCES__PERFECTGYM__PII?"),
        ("PERFECTGYM__PII", "mean SOURCES__PERFECTGYM__PII?"),
        ("PERFECTGYM__SOURCES__PERFECTGYM__PII", "mean SOURCES__PERFECTGYM__PII?"),
        ("ALERTS__WEBHOOK", "mean ALERTS__WEBHOOK_URL?"),
        ("ALERT__WEBHOOK_URL", "mean ALERTS__WEBHOOK_URL?"),
        ("PIPELINES__MINE__SWEEP_DAYS", "config.toml"),
        ("SOURCES__PERFECTGYM__PII__CONTACT", "PII, as JSON"),
        ("SOURCES__PERFECTGYM__ZZZ", "not a setting"),
        ("SOURCES__PERFECTGYM__INSTALLATIONS__NORTH__PASWORD", "'password'"),
        ("SOURCES__PERFECTGYM__INSTALLATIONS__NORD__PASSWORD", "'north'"),
        ("CHECKS__MODEE", "CHECKS__MODE"),
        ("ALERTS__WEBHOK_URL", "ALERTS__WEBHOOK_URL"),
        ("PIPELINES__CORE__DATABASE", "config.toml"),
    ],
)
def test_a_variable_that_nothing_reads_is_found(name, words):
    [(path, problem)] = unread_variables([name], ["North"], ["core", "Mine"])
    assert path == name
    assert words in problem


@pytest.mark.parametrize(
    "name",
    [
        "SOURCES__PERFECTGYM__PII",
        "SOURCES__PERFECTGYM__RESOURCES",
        "SOURCES__PERFECTGYM__INSTALLATIONS__NORTH__PASSWORD",
        "SOURCES__PERFECTGYM__INSTALLATIONS__NORTH__PII__CONTACT",
        "SOURCES__PERFECTGYM__EXTRACT__WORKERS",
        "SOURCES__GITHUB__TOKEN",
        "CHECKS__MODE",
        "ALERTS__ENABLED",
        "PIPELINES__PERFECTGYM__PROGRESS",
        "DESTINATION__POSTGRES__CREDENTIALS__PASSWORD",
        "USER_NAME",
        "PASSWOR",
        "__CF_USER",
        "A__",
        "SOURCES__PERFECTGYM__PERFECTGYM__PII",
        "SOURCES__PERFECTGYM_V2__PASSWORD",
        "_PERFECTGYM_COMPLETE",
        "PERFECTGYM_PASSWORD",
        "PERFECTGYM_SUBDOMAIN",
        "PIPELINES__OTHER__SWEEP_DAYS",
        "CHECK__URL",
        "ALERTS__SLACK__TOKEN",
    ],
)
def test_other_variables_are_left_alone(name):
    assert list(unread_variables([name], ["north"])) == []


def test_an_address_of_alerts_where_it_is_not_read_is_found():
    document = {"alerts": {"ping_url": "https://s3cret", "when": "always"}, "checks": {}}
    [(path, problem)] = misplaced(document)
    assert path == ("alerts", "ping_url")
    assert "secrets.toml" in problem
    assert "s3cret" not in problem
    assert list(misplaced({"alerts": 1})) == []
