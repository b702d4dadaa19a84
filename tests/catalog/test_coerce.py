"""Single values: every odd spelling of the facts, and nothing that is lost on the way."""

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from perfectgym_source.api.responses import parse
from perfectgym_source.catalog.coerce import (
    COERCIONS,
    Inexact,
    to_bool,
    to_date,
    to_decimal,
    to_double,
    to_int,
    to_json,
    to_text,
    to_timestamp_us,
    utc_offset_us,
)

FEW = settings(max_examples=150, deadline=None)
EPOCH = datetime(1970, 1, 1)
BIG = 2**63 - 1


def wall(micros):
    return EPOCH + timedelta(microseconds=micros)


@pytest.mark.parametrize("blank", [None, "", "null", " ", " null "])
@pytest.mark.parametrize("kind", sorted(set(COERCIONS) - {"string", "json"}))
def test_a_blank_is_none(kind, blank):
    assert COERCIONS[kind](blank) is None


@pytest.mark.parametrize("text", ["", "null", " x ", "None", "ż", "a\x00b"])
def test_text_stays_as_it_was_sent(text):
    assert to_text(text) == text


def test_what_is_not_text_becomes_json_text():
    assert to_text(5) == "5"
    assert to_text(True) == "true"
    assert to_text({"a": [1, None]}) == '{"a":[1,null]}'
    assert to_text(None) is None


@pytest.mark.parametrize(
    ("raw", "value"),
    [(5, 5), ("5", 5), (" 5 ", 5), (5.0, 5), ("5.0", 5), ("-5", -5), ("+5", 5), ("5e3", 5000)]
    + [(BIG, BIG), (str(BIG), BIG), (-(2**63), -(2**63)), (2**53 + 1, 2**53 + 1)],
)
def test_an_integer_is_read_in_any_spelling(raw, value):
    assert to_int(raw) == value


@pytest.mark.parametrize(
    "raw",
    [2**63, str(2**63), -(2**63) - 1, 2**64, 1e30, 5.5, "5.5", "5,0", "x", "1_000", True, False]
    + ["NaN", "Infinity", float("nan"), float("inf"), [], {}, [5], {"id": 5}, "9" * 5000],
)
def test_what_is_no_64_bit_integer_is_refused(raw):
    with pytest.raises(ValueError, match=r"."):
        to_int(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [(12, "12"), (12.5, "12.5"), ("12.50", "12.5"), (0.1, "0.1"), ("-0.01", "-0.01")]
    + [(19.99, "19.99"), ("1E+3", "1000"), ("1.1000000000000", "1.1"), (0.1 + 0.2, "0.3")]
    + [("99999999999999999999999999999.999999999",) * 2],
)
def test_a_decimal_is_read_in_any_spelling(raw, value):
    assert to_decimal(raw) == Decimal(value)


@pytest.mark.parametrize(
    "raw",
    ["12,5", "1 000", "1_000", "NaN", "sNaN", "Infinity", "-inf", "0.1234567891", "1e29", "-1e29"]
    + ["1e999999999", float("nan"), float("inf"), 10**29, True, [], {}, "€5", "1e-99999999999"],
)
def test_what_is_no_decimal_is_refused(raw):
    with pytest.raises(ValueError, match=r"."):
        to_decimal(raw)


@pytest.mark.parametrize("raw", [True, "True", "true", "TRUE", " true ", "1", 1, "yes"])
def test_true_is_read_in_any_spelling(raw):
    assert to_bool(raw) is True


@pytest.mark.parametrize("raw", [False, "False", "false", "FALSE", "0", 0, "no"])
def test_false_is_read_in_any_spelling(raw):
    assert to_bool(raw) is False


@pytest.mark.parametrize("raw", ["maybe", 2, -1, [], {}, [True], "truefalse"])
def test_what_is_no_boolean_is_refused(raw):
    with pytest.raises(ValueError, match=r"."):
        to_bool(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("2026-03-29T02:30:00", datetime(2026, 3, 29, 2, 30)),
        ("2026-03-29 02:30:00", datetime(2026, 3, 29, 2, 30)),
        ("2026-03-29T02:30", datetime(2026, 3, 29, 2, 30)),
        ("2026-03-29", datetime(2026, 3, 29)),
        (" 2026-03-29T02:30:00 ", datetime(2026, 3, 29, 2, 30)),
        ("2026-03-29T02:30:00.5", datetime(2026, 3, 29, 2, 30, 0, 500_000)),
        ("2026-03-29T02:30:00.1234567", datetime(2026, 3, 29, 2, 30, 0, 123_456)),
        ("2026-03-29T02:30:00.123456789", datetime(2026, 3, 29, 2, 30, 0, 123_456)),
        ("2026-03-29T02:30:00Z", datetime(2026, 3, 29, 2, 30)),
        ("2026-03-29T02:30:00.1234567+02:00", datetime(2026, 3, 29, 2, 30, 0, 123_456)),
        ("0001-01-01T00:00:00", datetime(1, 1, 1)),
        ("9999-12-31T23:59:59.999999", datetime.max),
    ],
)
def test_a_local_time_is_read_in_any_spelling(raw, value):
    assert wall(to_timestamp_us(raw)) == value


NO_TIMES = ["2026-02-30", "2026-13-01", "0000-01-01", "2026-01-01T24:00:00", "29.03.2026", "x"]
NO_TIMES += [1_700_000_000, True, [], {}, "2026-1-1", "2026-01-01T10:00:00+2", "2026-01-01X"]


@pytest.mark.parametrize("raw", NO_TIMES)
def test_what_is_no_time_is_refused(raw):
    with pytest.raises(ValueError, match=r"."):
        to_timestamp_us(raw)


@pytest.mark.parametrize(
    ("raw", "minutes"),
    [("2026-01-01T10:00:00Z", 0), ("2026-01-01T10:00:00+02:00", 120)]
    + [("2026-01-01T10:00:00-0330", -210), ("2026-01-01T10:00:00.1234567+05:30", 330)]
    + [("2026-01-01T10:00:00", None), (None, None), ("x", None), (5, None)],
)
def test_an_offset_is_found_where_there_is_one(raw, minutes):
    assert utc_offset_us(raw) == (None if minutes is None else minutes * 60_000_000)


def test_a_date_leaves_the_time_of_day_out():
    assert to_date("2026-03-29T00:00:00") == to_date("2026-03-29") == date(2026, 3, 29)
    with pytest.raises(ValueError, match=r"."):
        to_date("2026-02-30")


@FEW
@given(st.integers(-(2**63), BIG), st.sampled_from(["{}", " {}", "{}.0", "{}.000"]))
def test_any_64_bit_integer_reads_back_equal(number, spelling):
    assert to_int(number) == to_int(spelling.format(number)) == number


CENTS = st.integers(-(10**27), 10**27)


@FEW
@given(CENTS)
def test_money_loses_no_cent_as_json_number_or_text(cents):
    money = Decimal(cents) / 100
    text = f"{money:.2f}"
    assert to_decimal(text) == money
    assert to_decimal(f"{text}00") == money
    assert to_decimal(parse(text.encode())) == money
    if cents % 100 == 0:
        assert to_decimal(cents // 100) == money


@FEW
@given(st.decimals(-(10**28), 10**28, places=9, allow_nan=False, allow_infinity=False))
def test_any_decimal_of_nine_places_reads_back_equal(number):
    assert to_decimal(str(number)) == number


NUMBERS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,22})(\.[0-9]{1,22})?([eE][-+]?[0-9]{1,3})?", fullmatch=True
)


@settings(max_examples=250, deadline=None)
@example("100000.0000000001", "decimal", False)
@example("10000.0000000012", "decimal", False)
@given(NUMBERS, st.sampled_from(["long", "decimal", "double", "string", "json"]), st.booleans())
def test_no_digit_of_a_number_is_lost(text, kind, is_quoted):
    """What a column takes of it is all of it, or a part that says so, or the trace of a double."""
    sent = Decimal(text)
    raw = parse(f'"{text}"'.encode() if is_quoted else text.encode())
    assert Decimal(to_json(raw).strip('"')) == sent
    try:
        found, is_part = COERCIONS[kind](raw), False
    except Inexact as inexact:
        found, is_part = inexact.value, True
    except ValueError:
        return
    if is_part:
        assert Decimal(found) != sent
        return
    if kind == "double":
        assert sent in (Decimal(repr(found)), Decimal(f"{found:.17g}"), Decimal(found))
    elif kind != "decimal" or Decimal(found) == sent:
        assert Decimal(str(found).strip('"')) == sent
    else:
        assert abs(found - sent) <= abs(sent) * Decimal("5e-15")  # 15 digits of it
        assert sent in (Decimal(repr(float(sent))), Decimal(f"{float(sent):.17g}"))


@pytest.mark.parametrize(
    ("text", "value"),
    [("90071992547409.93",) * 2, ("12345678901234567890.123456789",) * 2, ("1.10", "1.1")]
    + [("0.30000000000000004", "0.3"), ("19.989999999999998", "19.99"), ("1e3", "1000")]
    + [("0.7999999999999999", "0.8")]
    + [("16.925168299999996", "16.9251683"), ("-0.0", "0"), ("1E-9", "0.000000001")],
)
def test_a_decimal_is_read_from_the_digits_that_were_sent(text, value):
    assert to_decimal(parse(text.encode())) == to_decimal(text) == Decimal(value)


@pytest.mark.parametrize(
    ("kind", "text", "part"),
    [
        ("decimal", "0.1234567891", Decimal("0.123456789")),
        ("decimal", "1234567.0000000001", Decimal("1234567")),
        ("decimal", "1e-400", Decimal(0)),
        ("double", "0.12345678901234567890", 0.12345678901234568),
        ("double", "9007199254740993", 2.0**53),
        ("date", '"2026-03-29T10:00:00"', date(2026, 3, 29)),
        ("date", '"2026-03-29T00:00:00Z"', date(2026, 3, 29)),
    ],
)
def test_what_a_column_can_hold_in_part_is_inexact(kind, text, part):
    with pytest.raises(Inexact) as caught:
        COERCIONS[kind](parse(text.encode()))
    assert caught.value.value == part


@pytest.mark.parametrize(
    "text", ["9007199254740993.0", "9.007199254740993e15", "900719925474099.3E1"]
)
def test_an_integer_beyond_doubles_is_exact_in_any_spelling(text):
    assert to_int(parse(text.encode())) == 2**53 + 1


ODD_NUMBERS = ["NaN", "-Infinity", "1e400", "-1e-400", "1e99999999999999999999", "9" * 5_000]


@pytest.mark.parametrize("text", ODD_NUMBERS)
def test_a_number_that_no_column_takes_is_not_lost(text):
    for content in (f"[{text}]", f'[{text}, "\\ud800"]'):
        raw = parse(content.encode())[0]
        assert to_json(raw).strip('"').upper().replace("E+", "E") == text.upper()
        with pytest.raises(ValueError, match=r"."):
            to_int(raw)


@pytest.mark.parametrize(
    ("escaped", "text"),
    [(r"\ud83d", "?"), (r"a\udE00b", "a?b"), (r"\ud83d\ud83d\ude00", "?\U0001f600")]
    + [(r"\\ud83d", r"\ud83d"), (r"\\\ud83d\n", "\\?\n"), (r"\ud83d\u0041", "?A")],
)
def test_half_a_character_is_a_question_mark(escaped, text):
    assert parse(f'["{escaped}", 90071992547409.93]'.encode()) == [
        text, Decimal("90071992547409.93"),
    ]  # fmt: skip


@FEW
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_reads_back_equal(number):
    assert to_double(number) == to_double(parse(repr(number).encode())) == number


@FEW
@given(st.booleans(), st.sampled_from([str, str.lower, str.upper, str.swapcase]), st.booleans())
def test_any_boolean_reads_back_equal(flag, spell, padded):
    text = spell(str(flag))
    assert to_bool(f" {text} " if padded else text) is flag
    assert to_bool(int(flag)) is flag


@FEW
@given(
    st.datetimes(datetime(1, 1, 1), datetime.max),
    st.sampled_from("T "),
    st.sampled_from(["", "Z", "+02:00", "-11:30", "+0530"]),
)
def test_any_time_reads_back_equal(moment, separator, offset):
    text = moment.isoformat(separator) + offset
    assert wall(to_timestamp_us(text)) == moment
    if moment.microsecond:
        assert wall(to_timestamp_us(f"{moment.isoformat(separator)}7{offset}")) == moment
    if offset or moment.time() != time():
        with pytest.raises(Inexact) as caught:
            to_date(text)
        assert caught.value.value == moment.date()
    else:
        assert to_date(text) == moment.date()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.from_regex(r"[-+]?[0-9.,eE_]{1,12}", fullmatch=True)
    | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{0,18})?", fullmatch=True)
    | st.text(st.characters(categories=["Cs"]), max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(JSON_VALUES, st.sampled_from(sorted(COERCIONS)))
def test_no_json_value_raises_anything_but_value_error(value, kind):
    try:
        COERCIONS[kind](value)
    except ValueError:
        pass
    utc_offset_us(value)


@FEW
@given(JSON_VALUES)
def test_json_text_is_json(value):
    text = to_json(value)
    if value is not None and "NaN" not in text and "Infinity" not in text:
        json.loads(text)


def nested(levels):
    value = []
    for _ in range(levels):
        value = {"a": [value]}
    return value


def test_json_text_knows_no_depth_and_no_size():
    assert to_json({"a": 2**70, "b": [True, None, "\ud800"]}) == (
        '{"a":1180591620717411303424,"b":[true,null,"\\ud800"]}'
    )
    assert to_json(nested(2_000)).count("[") == 2_001


def test_half_a_character_is_no_text():
    with pytest.raises(ValueError, match="surrogate"):
        to_text("a\ud800b")


@pytest.mark.parametrize("kind", sorted(set(COERCIONS) - {"string", "json"}))
def test_a_deep_value_is_refused_or_out_of_reach(kind):
    with pytest.raises((ValueError, RecursionError)):
        COERCIONS[kind](nested(2_000))
