"""Pages: parsed as a whole, or by a row parser, which leaves embedded objects as text."""

import json
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfectgym_source.api.json_text import parsed
from perfectgym_source.api.paging import pages as module
from perfectgym_source.api.paging.pages import Page, RowParser, row_id
from perfectgym_source.api.responses import parse
from perfectgym_source.catalog import ENDPOINTS, V1, Envelope, table_layout
from perfectgym_source.errors import PagingError

CLASS = {"id": 7, "timestamp": 5, "classType": {"id": 1, "name": "Zumba"}, "startDate": "x"}
INTEGERS = st.integers(-(2**70), 2**70)
SCALARS = (
    st.none()
    | st.booleans()
    | INTEGERS
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
EMBEDDED = st.none() | st.dictionaries(st.text(), SCALARS | st.lists(SCALARS)) | SCALARS
ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "id": st.integers(1, 2**63 - 1) | st.just("8"),
            "timestamp": st.integers(0, 2**63 - 1) | st.just(""),
            "attendeesLimit": SCALARS,
            "startDate": SCALARS | st.lists(SCALARS),
            "classType": EMBEDDED,
            "club": EMBEDDED,
        },
    ),
    max_size=12,
)


def row_parser(name="classes"):
    layout = table_layout(ENDPOINTS[name]).layout
    return RowParser(layout.scalar_names(), layout.nested_names(), V1.envelope)


def response(*elements, **more):
    return json.dumps({"elements": elements, **more}).encode()


def complete(elements):
    """Elements as parsed, without fields that are null, which stand for nothing."""
    return [
        {name: parsed(value) for name, value in row.items() if parsed(value) is not None}
        for row in elements
    ]


@settings(deadline=None)
@given(elements=ROWS, data=st.data())
def test_a_row_parser_reads_what_parsing_returns(elements, data):
    content = response(*elements)
    whole, columnar = Page(parse(content)["elements"]), row_parser().read(content)
    places = data.draw(st.lists(st.integers(0, max(0, len(elements) - 1)), unique=True).map(sorted))
    for again in (lambda rows: rows, lambda rows: rows.take(places if elements else [])):
        whole, columnar = again(whole), again(columnar)
        assert len(columnar) == len(whole)
        assert columnar.ids("id") == whole.ids("id")
        assert columnar.versions("timestamp") == whole.versions("timestamp")
        assert complete(columnar.elements) == complete(whole.elements)
        for name in ("startDate", "club", "notAField"):
            assert list(map(parsed, columnar.values(name))) == list(whole.values(name))


def test_the_row_parser_of_every_list_with_versions_reads_an_empty_response():
    for endpoint in ENDPOINTS.values():
        if endpoint.is_keyset:
            rows = row_parser(endpoint.name).read(response())
            found = (len(rows), rows.ids("id"), rows.versions("timestamp"), list(rows.elements))
            assert found == (0, [], [], [])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'{"elements": null}',
        b'{"elements": {"id": 1}}',
        b'{"elements": [null]}',
        b'{"elements": [5]}',
        b'{"elements": [{"id": NaN}]}',
        b'{"elements": [{"startDate": "\xff"}]}',
        b'{"elements": [{"startDate": "\\ud83d"}]}',
        b'{"elements": []} {}',
        b'\xef\xbb\xbf{"elements": []}',
        # As deep as no Python reads it; how deep that is depends on its version.
        b'{"elements": [{"club": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]}",
        response(CLASS, errors=[]),
        response({**CLASS, "news": 1}),
    ],
)
def test_what_does_not_fit_is_left_to_those_who_parse_it_as_a_whole(content):
    assert row_parser().read(content) is None


def test_a_row_parser_learns_unknown_fields(monkeypatch):
    reader, row = row_parser(), {**CLASS, "news": [1, {"a": None}], "first name": "A"}
    reader.learn([row, "no object"])
    assert complete(reader.read(response(row, CLASS)).elements) == complete([row, CLASS])
    monkeypatch.setattr(module, "MOST_FIELDS", 2)
    reader = row_parser()
    reader.learn([{"a": 1, "b": 2, "c": 3}])
    assert reader.read(response({"a": 1})) is None
    reader.learn([{"a": 1, "b": 2}])
    assert reader.read(response({"a": 1})) is not None


@settings(deadline=None)
@given(names=st.lists(st.text(), min_size=1, max_size=5))
def test_any_name_of_a_field_may_be_learned(names):
    reader, row = row_parser(), dict.fromkeys(names, 5)
    reader.learn([row])
    rows = reader.read(response(row))
    assert rows is None or complete(rows.elements) == [row]


def test_blanks_do_not_stay_text():
    embedded = [None, "", "null", " ", []]
    rows = row_parser().read(response(*({"club": value} for value in embedded)))
    assert rows.values("club") == [None, "", "null", b'" "', b"[]"]


def test_of_a_field_that_comes_twice_the_last_counts():
    assert row_parser().read(b'{"elements": [{"id": 1, "id": 2}]}').ids("id") == [2]


def test_invalid_utf8_in_what_is_embedded_is_replaced_and_not_quoted(caplog):
    content = b'{"elements": [{"club": {"name": "Ada \xff"}}]}'
    [club] = row_parser().read(content).values("club")
    with caplog.at_level(logging.WARNING):
        assert parsed(club) == {"name": "Ada \ufffd"}
    assert "invalid utf-8" in caplog.text.lower()
    assert "Ada" not in caplog.text


def test_elements_that_are_no_objects_have_no_versions():
    with pytest.raises(PagingError, match="not an object"):
        _ = Page([CLASS, 5]).versions("timestamp")
    with pytest.raises(PagingError, match="not an integer"):
        _ = Page([{"timestamp": 1.5}]).versions("timestamp")
    assert Page([CLASS]).versions("timestamp") == [5]
    assert (row_id(CLASS, "id"), row_id(5, "id")) == (7, None)
    assert [row_id({"id": value}, "id") for value in (0, "0", None, "", "x")] == [
        0,
        0,
        None,
        None,
        None,
    ]


def test_fields_that_an_endpoint_does_not_have_are_neither_ids_nor_versions():
    for page in (Page([CLASS]), row_parser().read(response(CLASS))):
        assert (page.ids(None), page.versions(None)) == ([None], [0])
        assert (page.ids("key"), page.versions("version")) == ([None], [0])


def test_the_names_of_the_envelope_are_given():
    reader = RowParser(["key"], [], Envelope("value", "next", None, ("@context",)))
    page = reader.read(b'{"value": [{"key": 5}], "next": "there"}')
    assert (page.ids("key"), page.next_link) == ([5], "there")
    assert reader.read(b'{"value": [{"key": 5}]}').next_link is None
    assert reader.read(b'{"@context": {"a": [1]}, "value": [{"key": 5}]}').ids("key") == [5]
    assert reader.read(b'{"errors": [1], "value": [{"key": 5}]}') is None
    assert reader.read(b'{"elements": [{"key": 5}]}') is None
