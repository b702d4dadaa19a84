"""Rules for personal data: which one counts, what is refused, and what hashes are made of."""

from __future__ import annotations

import itertools
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.each import for_each

from perfectgym_source.api.paging.pages import Page
from perfectgym_source.catalog import ENDPOINTS, V1, table_layout
from perfectgym_source.catalog.coerce import is_blank
from perfectgym_source.catalog.hints import child_hints, root_hints
from perfectgym_source.catalog.pii import OPEN, Privacy
from perfectgym_source.catalog.pii_rules import KINDS, make_privacy
from perfectgym_source.config.settings import make_settings
from perfectgym_source.errors import ConfigurationError
from perfectgym_source.transform.decoder import Decoder, arrow_schema
from perfectgym_source.transform.time_zones import ClubClocks

KEY = "0123456789abcdef"
GOOD = {"subdomain": "demo", "username": "api", "password": "s3cret-word"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def refusal(**raw):
    with pytest.raises(ConfigurationError) as caught:
        make_settings(**GOOD, **raw)
    return str(caught.value)


def test_without_rules_everything_is_kept():
    assert make_settings(**GOOD).pii == OPEN
    assert make_settings(**GOOD, pii="keep", pii_key="short").pii.is_open
    assert OPEN.layout(ENDPOINTS["users"]) is table_layout(ENDPOINTS["users"])


@pytest.mark.parametrize("word", ["hash", " DROP "])
def test_one_word_is_for_everything_personal_and_for_what_is_unknown(word):
    privacy = make_settings(**GOOD, pii=word, pii_key=KEY).pii
    rule = word.strip().lower()
    assert privacy.rules == {**dict.fromkeys(KINDS, rule), "unknown": rule}
    assert privacy.rule("users", "email", "contact") == rule
    assert privacy.rule("users", "is_active", None) == "keep"


@pytest.mark.parametrize("form", [dict, json.dumps])
def test_a_column_goes_before_its_kind_and_a_kind_before_the_default(form):
    given_rules = {
        "default": "hash", "contact": "keep", "users.email": "drop", "users.sex": "hash",
        "unknown": "drop",
    }  # fmt: skip
    privacy = make_settings(**GOOD, pii=form(given_rules), pii_key=KEY).pii
    assert privacy.rule("users", "email", "contact") == "drop"
    assert privacy.rule("instructors", "email", "contact") == "keep"
    assert privacy.rule("users", "last_name", "name") == "hash"
    assert privacy.rule("users", "sex", None) == "hash"
    assert privacy.unknown == "drop"


def test_a_column_may_stand_without_quotes_in_toml():
    assert make_privacy({"users": {"email": "drop"}}).columns == {"users.email": "drop"}


def test_rules_that_come_to_the_same_are_the_same():
    short = make_privacy("hash", KEY)
    long = make_privacy({**dict.fromkeys(KINDS, "hash"), "unknown": "hash", "users.email": "hash"})
    assert short.rules == long.rules
    assert short.fingerprint()["rules"] == long.fingerprint()["rules"]


@pytest.mark.parametrize(
    ("pii", "words"),
    [
        ("hsah", "did you mean 'hash'?"),
        ({"contakt": "drop"}, "did you mean 'contact'?"),
        ({"users.emial": "drop"}, "did you mean 'users.email'?"),
        ({"emial": "drop"}, "did you mean 'users.email'?"),
        ({"zzz": "drop"}, "no table.column; it is set"),
        ({"contact": "dorp"}, "for 'contact', not 'dorp' (did you mean 'drop'?)"),
        ({"users.birth_date_utc": "drop"}, "did you mean 'users.birth_date'?"),
        ({"contracts.id": "drop"}, "cannot drop 'contracts.id'"),
        ({"users.timestamp": "drop"}, "loading goes by it"),
        ({"classes.club_id": "drop"}, "loading goes by it"),
        ({"users.home_club_id": "drop"}, "loading goes by it"),
        ({"users.is_deleted": "drop"}, "loading goes by it"),
        ({"contracts__discounts.contract_id": "drop"}, "loading goes by it"),
        ('{"contact": ', "no valid JSON"),
        (["contact"], "must be 'keep' or 'hash' or 'drop'"),
        (True, "must be 'keep' or 'hash' or 'drop'"),
    ],
)
def test_unknown_words_and_names_are_refused(pii, words):
    text = refusal(pii=pii)
    assert text.startswith("sources.perfectgym.pii ")
    assert words in text
    assert ".dlt/config.toml" in text


def test_hashes_need_a_key():
    assert refusal(pii="hash") == (
        "sources.perfectgym.pii_key is missing, and pii hashes: put it into .dlt/secrets.toml "
        "under [sources.perfectgym], or set SOURCES__PERFECTGYM__PII_KEY."
    )
    text = refusal(pii={"users.email": "hash"}, pii_key="0123456789abcde")
    assert "at least 16 characters" in text
    assert "0123456789abcde" not in text
    assert "must be text" in refusal(pii="hash", pii_key=1234567890123456)
    assert make_settings(**GOOD, pii="drop").pii.key == ""


def test_the_key_is_in_no_repr_and_not_in_the_fingerprint():
    settings = make_settings(**GOOD, pii="hash", pii_key=KEY)
    assert KEY not in repr(settings)
    assert KEY not in repr(settings.pii.fingerprint())


def test_the_fingerprint_tells_keys_and_rules_apart():
    one, other = make_privacy("hash", KEY), make_privacy("hash", KEY[::-1])
    assert one.fingerprint() == make_privacy("hash", KEY).fingerprint()
    assert one.fingerprint() != other.fingerprint()
    assert one.fingerprint() != make_privacy({"default": "hash", "name": "drop"}, KEY).fingerprint()
    assert make_privacy("drop", KEY).fingerprint() == make_privacy("drop", "").fingerprint()


@given(JSON)
def test_a_hash_depends_on_value_and_key_alone(value):
    privacy = Privacy(key=KEY)
    found = privacy.hash(value)
    assert found == Privacy(key=KEY).hash(value)
    if found is None:
        assert is_blank(value)
    else:
        assert re.fullmatch("[0-9a-f]{32}", found)
        assert found != Privacy(key=KEY[::-1]).hash(value)


@given(st.text(min_size=1), st.text(min_size=1))
def test_other_texts_have_other_hashes(one, other):
    privacy = Privacy(key=KEY)
    if privacy.hash(one) is not None:
        assert (privacy.hash(one) == privacy.hash(other)) == (one == other)


def test_a_hash_is_hmac_sha256_of_the_text():
    # printf ada@mail.example | openssl dgst -sha256 -hmac 0123456789abcdef
    expected = "9abc889ad6dd462f784244e14a91098b"
    privacy = Privacy(key=KEY)
    assert privacy.hash("ada@mail.example") == expected
    assert privacy.hash(" Ada@Mail.Example", pii="contact") == expected
    assert privacy.hash("Ada@mail.example") != expected


@pytest.mark.parametrize(
    ("kind", "text", "spellings"),
    [
        ("long", "5", [5, "5", 5.0, " 5 "]),
        ("decimal", "72.5", [72.5, "72.50", "72.5"]),
        ("decimal", "0", [0, "0.00", "-0"]),
        ("bool", "true", [True, "True", 1]),
        ("datetime", "1990-05-01T00:00:00", ["1990-05-01", "1990-05-01T00:00:00.000"]),
        ("string", "7", [7, "7"]),
    ],
)
def test_a_value_has_the_hash_of_its_text_however_it_is_spelled(kind, text, spellings):
    privacy = Privacy(key=KEY)
    assert {privacy.hash(value, kind) for value in spellings} == {privacy.hash(text)}


@pytest.mark.parametrize("blank", [None, "", " ", "null"])
def test_a_blank_has_no_hash(blank):
    assert all(Privacy(key=KEY).hash(blank, kind) is None for kind in ("string", "long", "json"))


def test_a_value_that_cannot_be_read_is_hashed_as_it_came():
    privacy = Privacy(key=KEY)
    assert privacy.hash("soon", "datetime") == privacy.hash("soon")
    assert privacy.hash([1], "long") == privacy.hash("[1]")


@for_each(itertools.product(ENDPOINTS, ["hash", "drop"]))
def test_no_rule_of_a_kind_touches_what_loading_goes_by(entry, rule):
    endpoint = ENDPOINTS[entry]
    layout = make_privacy(rule, KEY).layout(endpoint)
    for plain, table in zip(table_layout(endpoint).with_children(), layout.with_children()):
        before = {column.name: column for column in plain.columns()}
        after = {column.name: column for column in table.columns()}
        assert table.name == plain.name
        assert {n: c for n, c in before.items() if not c.pii} == {
            n: c for n, c in after.items() if not c.pii
        }
        protected = {name for name, column in before.items() if column.pii}
        assert protected & after.keys() == (protected if rule == "hash" else set())
        hints = (
            child_hints(V1, endpoint, table)
            if table.level
            else root_hints(V1, endpoint, "remove", layout)
        )  # fmt: skip
        assert hints["columns"].keys() == {*arrow_schema(endpoint, table).names, "_dlt_load_id"}
        needed = hints.get("primary_key", hints.get("merge_key", ()))
        assert set(needed) <= {n for n, c in after.items() if not c.pii}
        for name in protected & after.keys():
            assert hints["columns"][name]["data_type"] == "text"
            assert hints["columns"][name]["x-pii"] == before[name].pii


def test_what_the_catalog_knows_by_another_case_is_protected_like_it():
    privacy = make_privacy({"contact": "drop", "name": "hash"}, KEY)
    decoder = Decoder(ENDPOINTS["users"], ClubClocks("Europe/Warsaw"), privacy=privacy)
    batch = decoder.decode([Page([{"id": 1, "Email": "ada@mail.example", "LASTNAME": "x"}])], [{}])
    [row] = batch.tables["users"].to_pylist()
    assert "email" not in row
    assert "mail.example" not in json.dumps(row, default=str)
    assert batch.unknown_fields == {"users.email", "users.lastname"}


@given(JSON)
def test_nothing_of_an_undocumented_form_survives_where_all_is_left_out(value):
    """Whatever is sent in the place of a user: only fields of the catalog come through."""
    privacy = make_privacy("drop")
    cleaned = privacy.clean("User + UserDetails", {"id": 1, "email": value, "sex": [value],
                                                   "news": value, "address": value})  # fmt: skip
    assert cleaned.keys() == {"id", "sex", "address"}
    assert cleaned["id"] == 1
    assert cleaned["sex"] is None
    if not isinstance(value, (dict, list)):
        assert cleaned["address"] is None


def test_json_is_cleaned_at_every_depth_and_in_bare_values():
    privacy = make_privacy({"address": "drop", "name": "hash", "unknown": "drop"}, KEY)
    club = {"id": 1, "address": {"line1": "Street 1", "city": "Wien"}, "extra": 1}
    given_type = {
        "rating": 4.5,
        "availableAtTheClub": [club, "Wien", None],
        "translations": [{"author": "Ada", "title": "Yoga"}],
    }
    assert privacy.clean("ClassType", [given_type]) == [
        {
            "rating": 4.5,
            "availableAtTheClub": [{"id": 1, "address": {"city": "Wien"}}, None, None],
            "translations": [{"author": privacy.hash("Ada"), "title": "Yoga"}],
        }
    ]


def test_what_is_too_deep_to_be_cleaned_is_left_out():
    value = []
    for _ in range(100_000):
        value = [value]
    assert make_privacy("drop").clean("Club", value) is None
    del value


def test_what_does_not_fit_in_an_embedded_object_goes_by_the_rule_once():
    privacy = make_privacy("hash", KEY)
    decoder = Decoder(ENDPOINTS["classes"], ClubClocks("Europe/Warsaw"), privacy=privacy)
    rows = [{"id": number, "classType": {"id": "yoga"}} for number in range(3)]
    batch = decoder.decode([Page(rows)], [{"club_id": 1}] * 3)
    for row in batch.tables["classes"].to_pylist():
        assert json.loads(row["_unreadable"]) == {"class_type__id": privacy.hash("yoga")}
