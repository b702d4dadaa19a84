"""Settings: what is taken, what is refused, and how the refusal reads."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny_api import TINY

from perfectgym_source.catalog import V1, V22
from perfectgym_source.config.settings import NO_ACCOUNT, Settings, make_settings
from perfectgym_source.errors import ConfigurationError

ACCOUNT = {"username": "api", "password": "s3cret-word"}
GOOD = {"subdomain": "demo", **ACCOUNT}
KEYS = {"client_id": "tiny-id", "client_secret": "tiny-secret"}


def refusal(**raw):
    with pytest.raises(ConfigurationError) as caught:
        make_settings(**raw)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_subdomain_and_an_account_are_enough():
    assert make_settings(**GOOD) == Settings(
        "https://demo.perfectgym.com/Api",
        "api",
        "s3cret-word",
        installation="demo.perfectgym.com",
    )


def test_what_is_blank_or_a_placeholder_has_its_default():
    settings = make_settings(
        **GOOD, mode=None, end_date="", base_url=" ", attempts="<configure me>"
    )
    assert settings == make_settings(**GOOD)


@pytest.mark.parametrize(
    ("given_url", "kept"),
    [
        ("https://club.perfectgym.pl/Api/", "https://club.perfectgym.pl/Api"),
        (" https://gym.example:8443/Api ", "https://gym.example:8443/Api"),
        ("http://127.0.0.1:8000/Api", "http://127.0.0.1:8000/Api"),
        ("http://localhost/Api", "http://localhost/Api"),
        ("http://[::1]:80/Api", "http://[::1]:80/Api"),
    ],
)
def test_a_base_url_loses_only_its_last_slash(given_url, kept):
    assert make_settings(base_url=given_url, **ACCOUNT).base_url == kept


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("demo.perfectgym.com/Api", "full address"),
        ("ftp://demo.perfectgym.com", "full address"),
        ("https:///Api", "full address"),
        ("https://demo:port/Api", "full address"),
        ("https://[demo/Api", "full address"),
        ("https://de mo/Api", "full address"),
        ("https://demo.perfectgym.com/Api?", "query"),
        ("https://demo.perfectgym.com/Api#x", "fragment"),
        ("http://demo.perfectgym.com/Api", "https://"),
        ("http://localhost.example.com/Api", "https://"),
        ("http://127.0.0.1.example.com/Api", "https://"),
    ],
)
def test_a_wrong_base_url_is_refused(url, words):
    text = refusal(base_url=url, **ACCOUNT)
    assert text.startswith("sources.perfectgym.base_url ")
    assert words in text


def test_credentials_in_the_base_url_are_refused_and_not_repeated():
    text = refusal(base_url="https://me:hidden@demo.perfectgym.com/Api", **ACCOUNT)
    assert "user name" in text
    assert "hidden" not in text


@pytest.mark.parametrize("label", ["demo.perfectgym.com", "https://demo", "-demo", "a" * 64, "é"])
def test_a_subdomain_is_one_label(label):
    assert "sources.perfectgym.base_url" in refusal(subdomain=label, **ACCOUNT)


def test_either_a_base_url_or_a_subdomain_is_given():
    both = refusal(subdomain="demo", base_url="https://demo.perfectgym.com/Api", **ACCOUNT)
    assert "keep one" in both
    assert "SOURCES__PERFECTGYM__SUBDOMAIN" in refusal(**ACCOUNT)


def test_a_missing_password_is_named_with_the_place_for_it():
    assert refusal(subdomain="demo", username="api", password="") == (
        "sources.perfectgym.password is missing: put it into .dlt/secrets.toml under "
        "[sources.perfectgym], or set SOURCES__PERFECTGYM__PASSWORD."
    )


def test_the_credentials_are_those_by_which_the_api_signs_in():
    assert make_settings(subdomain="demo", api=TINY, **KEYS).client_secret == "tiny-secret"
    missing = refusal(**GOOD, client_id="tiny-id", api=TINY)
    assert missing.startswith("sources.perfectgym.client_secret is missing")
    assert "tiny-secret" not in repr(make_settings(subdomain="demo", api=TINY, **KEYS))
    assert "username is missing" in refusal(subdomain="demo")


def test_the_api_is_that_of_the_credentials():
    assert make_settings(**GOOD).api is V1
    assert make_settings(subdomain="demo", **KEYS).api is V22
    asked = refusal(**GOOD, **KEYS)
    assert asked.startswith("sources.perfectgym.api is missing")
    assert "tiny-secret" not in asked and "s3cret-word" not in asked
    both = make_settings(**GOOD, **KEYS, api="v1")
    assert (both.api, both.sign_in) == (V1, "password")
    assert make_settings(**GOOD, **KEYS, api="2.2").sign_in == "keys"
    assert make_settings(subdomain="demo", **KEYS, api="v1").sign_in == "keys"
    assert "must be 'v1' or 'v2.2'" in refusal(**GOOD, api="v3")
    assert "client_id is missing" in refusal(**GOOD, api="v2.2")


@pytest.mark.parametrize("path", ["", "/", "/v2.2", "/v2.2/odata", "/V2.2/OData/"])
def test_the_address_ends_in_api_or_names_the_generation(path):
    base_url = f"https://demo.perfectgym.com/Api{path}"
    root = "https://demo.perfectgym.com/Api"
    assert make_settings(base_url=base_url, **KEYS).base_url == f"{root}/v2.2/odata"
    assert make_settings(base_url=base_url, **ACCOUNT).base_url == root
    assert make_settings(subdomain="demo", **KEYS).base_url == f"{root}/v2.2/odata"


def test_an_api_client_is_no_member():
    assert "an API client is no member" in refusal(subdomain="demo", **KEYS, mode="user")
    assert "must be a language" in refusal(**GOOD, language="Deutsch, bitte")
    assert make_settings(**GOOD, language="pl-PL").language == "pl-PL"


def test_without_an_account_the_api_is_still_known():
    assert make_settings(subdomain="demo", **KEYS, **NO_ACCOUNT).api is V22
    assert make_settings(subdomain="demo", **NO_ACCOUNT).api is V1
    assert make_settings(subdomain="demo", **NO_ACCOUNT, api="v2.2").api is V22


def test_a_password_keeps_its_spaces():
    assert make_settings(subdomain="demo", username="api", password=" a b ").password == " a b "


def test_a_mistyped_mode_names_the_nearest():
    text = refusal(**GOOD, mode="employe")
    assert "did you mean 'employee'?" in text
    assert ".dlt/config.toml" in text


def test_a_mistyped_setting_names_the_nearest():
    assert "did you mean 'concurrency'?" in refusal(**GOOD, concurency=4)


def test_a_mistyped_zone_names_the_nearest():
    assert make_settings(**GOOD, time_zone="Europe/Warsaw").time_zone == "Europe/Warsaw"
    zone = "Central European Standard Time"
    assert make_settings(**GOOD, time_zone=zone).time_zone == zone
    assert "'Europe/Warsaw'?" in refusal(**GOOD, time_zone="Europe/Warsav")


@pytest.mark.parametrize("value", ["2024-02-29", date(2024, 2, 29), datetime(2024, 2, 29, 13, 30)])
def test_dates_come_as_text_or_as_dates(value):
    assert make_settings(**GOOD, start_date=value).start_date == date(2024, 2, 29)


@pytest.mark.parametrize("value", ["2023-02-29", "29.02.2024", "20240229", 5])
def test_other_dates_are_refused(value):
    assert "2024-12-31" in refusal(**GOOD, start_date=value)


def test_the_end_is_after_the_start():
    assert "after start_date" in refusal(**GOOD, start_date="2024-05-02", end_date="2024-05-01")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("attempts", 0),
        ("attempts", 21),
        ("attempts", 2.5),
        ("attempts", True),
        ("attempts", "many"),
        ("concurrency", 65),
        ("read_timeout", 0),
        ("read_timeout", "nan"),
        ("requests_per_second", -1),
        ("timestamp_overlap", -1),
        ("sweep_days", "inf"),
        ("retry_wait", []),
    ],
)
def test_numbers_out_of_range_are_refused(name, value):
    text = refusal(**GOOD, **{name: value})
    assert text.startswith(f"sources.perfectgym.{name} must be a")
    assert "from" in text


def test_numbers_may_come_as_text():
    settings = make_settings(**GOOD, attempts="3", read_timeout="1.5", sweep_days=0)
    assert (settings.attempts, settings.read_timeout, settings.sweep_days) == (3, 1.5, 0)
    assert isinstance(settings.attempts, int)


def test_the_account_is_in_no_repr():
    shown = repr(make_settings(subdomain="demo", username="someone", password="s3cret-word"))
    assert "someone" not in shown
    assert "s3cret-word" not in shown


@given(st.text() | st.integers() | st.floats() | st.booleans())
def test_no_value_of_the_address_gets_past_the_checks_with_another_error(value):
    for name in ("base_url", "subdomain"):
        try:
            settings = make_settings(**ACCOUNT, **{name: value})
        except ConfigurationError:
            continue
        assert settings.base_url.startswith(("https://", "http://"))


def test_all_that_is_wrong_is_named_at_once():
    text = refusal(mode="admin", sweep_days="three", pii="dorp", concurency=1)
    for word in ("username", "password", "subdomain", "mode", "sweep_days", "pii", "concurency"):
        assert f"\n  sources.perfectgym.{word} " in text
    assert text.startswith("7 settings are missing or wrong:")


def test_rules_for_personal_data_name_the_columns_of_the_generation_that_is_read():
    settings = make_settings(subdomain="demo", **KEYS, api=TINY, pii={"gyms.title": "drop"})
    assert "title" not in {c.name for c in settings.pii.layout(TINY.endpoints["gyms"]).columns()}
    with pytest.raises(ConfigurationError, match=r"users\.email"):
        make_settings(subdomain="demo", **KEYS, api=TINY, pii={"users.email": "drop"})
