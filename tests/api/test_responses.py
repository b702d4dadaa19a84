"""Responses: rows, errors, or neither of them in a body."""

import pytest

from perfectgym_source.api.error_envelope import errors_of, holds_errors
from perfectgym_source.api.responses import parse, rows_of, text_of
from perfectgym_source.api.retry import RetryableFailure

PLAN = "Need a bigger plan"


@pytest.mark.parametrize(
    ("body", "entries"),
    [
        (
            {"errors": [{"code": "X", "property": "clubId", "message": PLAN, "stack": "at ..."}]},
            [{"code": "X", "property": "clubId", "message": PLAN}],
        ),
        (
            {"Errors": [{"Message": PLAN, "Property": None, "Code": ""}], "errors": []},
            [{"message": PLAN}],
        ),
        ({"errors": {"code": 12, "message": PLAN}}, [{"code": "12", "message": PLAN}]),
        ({"errors": [PLAN, None, 7.5, [PLAN], True]}, [{"message": PLAN}]),
        ({"errors": {"clubId": [PLAN]}}, [{"property": "clubId", "message": PLAN}]),
        ({"Message": PLAN, "ExceptionMessage": "secret", "StackTrace": "at"}, [{"message": PLAN}]),
        (
            {"Message": "Invalid.", "ModelState": {"clubId": [PLAN, "x"], "page": "y", "z": {}}},
            [
                {"message": "Invalid."},
                {"property": "clubId", "message": PLAN},
                {"property": "clubId", "message": "x"},
                {"property": "page", "message": "y"},
                {"property": "z"},
            ],
        ),
        (
            {"error": "invalid_grant", "error_description": PLAN},
            [{"code": "invalid_grant", "message": PLAN}],
        ),
        ({"error": PLAN}, [{"message": PLAN}]),
        ({"Error": {"Code": "X", "Message": PLAN}}, [{"code": "X", "message": PLAN}]),
        ({"message": "a\x1b]0;b\x07\u202ec\r\n\td\x9b"}, [{"message": "a ]0;b c d"}]),
        ({"errors": [{"message": "m" * 9999}] * 999}, [{"message": "m" * 300}] * 10),
        ({"elements": [], "title": "Jan Kowalski"}, []),
        ([{"message": PLAN}], []),
        (None, []),
    ],
)
def test_the_errors_are_found_in_every_envelope_and_nothing_else(body, entries):
    assert errors_of(body) == entries


def test_what_is_hidden_is_hidden_before_a_text_is_cut():
    body = {"message": "x" * 295 + "Secret-Word", "error": "Secret-Word"}
    assert errors_of(body, ["secret-word"]) == [{"code": "***"}, {"message": "x" * 295 + "***"}]


def test_a_secret_of_a_letter_or_two_is_hidden_as_a_word_alone() -> None:
    body = {"errors": [{"message": "The grant of a is invalid"}]}
    assert errors_of(body, ["a"]) == [{"message": "The grant of *** is invalid"}]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"elements": None}, "elements is null"),
        ({"elements": {}}, "elements is an empty object"),
        ({"elements": "Jan"}, "elements is text"),
        ({"elements": 7}, "elements is a number"),
        ({"elements": True}, "elements is true or false"),
        ({"Jan": 1}, "it has no elements"),
        ({}, "it has no elements"),
        (["Jan"], "it is a list, not an object"),
        (None, "it is null, not an object"),
    ],
)
def test_a_response_without_a_list_says_what_it_holds_instead(body, says):
    found = rows_of(body, "elements")
    assert isinstance(found, RetryableFailure)
    assert found.reason == f"the response holds no list: {says}"
    assert "overloaded" not in found.hint


@pytest.mark.parametrize(
    ("body", "holds"),
    [
        ({"elements": [], "errors": []}, False),
        ({"elements": [], "error": None, "message": "ok"}, False),
        ({"elements": [], "Errors": [{}]}, True),
        ({"elements": [], "error": "x"}, True),
        ([], False),
    ],
)
def test_errors_beside_rows_are_found(body, holds):
    assert holds_errors(body) == holds


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_each_encoding_of_json_is_read(encoding):
    assert parse('{"elements": ["\u017c\u00f3\u0142w \U0001f422"]}'.encode(encoding)) == {
        "elements": ["\u017c\u00f3\u0142w \U0001f422"]
    }


@pytest.mark.parametrize("page", [b"<html>Back soon</html>", b"\r\n <!DOCTYPE html>"])
def test_a_web_page_in_place_of_json_is_called_so(page):
    found = parse(page)
    assert "web page" in found.reason
    assert "aintenance" in found.hint and "base_url" in found.hint
    assert "web page" not in parse(b'{"elements": [').reason


@pytest.mark.parametrize(
    "name", ["@odata.nextLink", "@odata.nextlink", "odata.nextLink", "@nextLink", "NextLink"]
)
def test_a_link_to_the_next_page_may_be_spelled_as_in_any_version_of_odata(name):
    assert text_of({"value": [], name: "Clubs?$skip=5"}, "@odata.nextLink") == "Clubs?$skip=5"
    assert text_of({"value": [], name: 5}, "@odata.nextLink") == "5"  # the list goes on
    assert text_of({"value": [], name: None}, "@odata.nextLink") is None
    assert text_of({"value": [], name: ""}, "@odata.nextLink") is None
    assert text_of({"value": [], f"{name}s": "x"}, "@odata.nextLink") is None
    assert text_of([], "@odata.nextLink") is text_of({name: "x"}, None) is None
