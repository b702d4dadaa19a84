"""Personal data: which columns are kept, hashed or left out.

The catalog says what is personal (`Column.pii`), the settings say which rule applies. The rules
are applied to a table's layout, so that the decoder, dlt's hints and the destination never know of
a column that is left out, and never see a value that is hashed. What the catalog does not know
has a rule of its own: fields that it does not list, and values that do not fit their column.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Context, Decimal
from functools import cache, cached_property, partial
from typing import Any, Literal, cast

from .api_version import ApiVersion
from .coerce import COERCIONS, DECIMAL_PRECISION, is_blank, to_json, to_plain_text
from .fields import Field, Kind, Pii, fields_of
from .model import Endpoint
from .naming import snake_case
from .tables import Column, ObjectLayout, ScalarField, TableLayout, table_layout
from .v1 import V1

Rule = Literal["keep", "hash", "drop"]
HASH_LENGTH = 32

_EPOCH = datetime(1970, 1, 1)
_EXACT = Context(prec=DECIMAL_PRECISION)


@dataclass(frozen=True)
class Privacy:
    """The rules for personal data.

    Attributes:
        kinds: The rule of each kind of personal data that is not kept.
        columns: Rules of single columns by `table.column`, where they differ from their kind's.
        unknown: The rule of what the catalog does not know.
        key: The key of the hashes. Not shown in `repr`.
        api: The generation of the API, whose columns and row types are meant.
    """

    kinds: Mapping[str, Rule] = field(default_factory=dict)
    columns: Mapping[str, Rule] = field(default_factory=dict)
    unknown: Rule = "keep"
    key: str = field(default="", repr=False)
    api: ApiVersion = field(default=V1, repr=False, compare=False)

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """Return every rule that is not `keep`, by kind, column or `unknown`."""
        unknown: dict[str, Rule] = {} if self.unknown == "keep" else {"unknown": self.unknown}
        return {**self.kinds, **unknown, **self.columns}

    @property
    def is_open(self) -> bool:
        """Return whether everything is loaded as it comes."""
        return not self.rules

    @property
    def hashes(self) -> bool:
        """Return whether anything is hashed."""
        return "hash" in self.rules.values()

    def fingerprint(self) -> dict[str, Any]:
        """Return what differs with other rules or another key, for dlt's state; the key cannot be
        found from it."""
        key = self._hash("\0perfectgym") if self.hashes else ""
        return {"rules": dict(sorted(self.rules.items())), "key": key}

    def rule(self, table: str, column: str, pii: Pii | None) -> Rule:
        """Return the rule of a column that the catalog knows."""
        by_kind = self.kinds.get(pii, "keep") if pii else "keep"
        return self.columns.get(f"{table}.{column}", by_kind)

    def unknown_rule(self, table: str, column: str) -> Rule:
        """Return the rule of a field that the catalog does not know.

        One whose column is protected, because it differs from a known field in case only, is
        protected in the same way.
        """
        return self._protected.get(f"{table}.{column}", self.unknown)

    def layout(self, endpoint: Endpoint) -> TableLayout:
        """Return the endpoint's tables with the columns that they have under these rules."""
        table = table_layout(endpoint)
        return table if self.is_open else self._table(table)

    def hash(self, value: Any, kind: Kind = "string", pii: Pii | None = None) -> str | None:
        """Return the hash of a raw value; None for a blank.

        It is made of the text of what would have been loaded, so that a value has the same hash
        however the API spells it; of contact data, without case and the spaces around it. A value
        that cannot be read as its kind is hashed as it came.
        """
        if is_blank(value):
            return None
        text = _text(value, kind)
        return self._hash(text.strip().casefold() if pii == "contact" else text)

    def reader(self, kind: Kind) -> Callable[[Any], Any]:
        """Return the coercion of a kind; an object or a list is no text, if anything is protected,
        because it may hold anything."""
        return to_plain_text if kind == "string" and not self.is_open else COERCIONS[kind]

    def raw(self, value: Any) -> Any:
        """Return what may be kept of a value that does not fit its place; None: nothing.

        An object or a list may hold anything. It is kept only where everything is.
        """
        if self.is_open:
            return value
        if isinstance(value, (dict, list)) or self.unknown == "drop":
            return None
        return self.hash(value) if self.unknown == "hash" else value

    def clean(self, row_type: str, value: Any, table: str = "") -> Any:
        """Return a JSON value of a row type, or a list of them, with the rules applied throughout.

        Args:
            row_type: The row type, as fields name it.
            value: The value.
            table: Whose row it is, where columns have rules of their own.
        """
        try:
            return self._clean(row_type, value, table, "")
        except RecursionError:
            return None

    def picture(self, endpoint: Endpoint, rows: Sequence[Any]) -> Sequence[Any]:
        """Return what a digest of rows may be made of: from one of all values, those that are left
        out could be guessed."""
        if self.is_open:
            return rows
        return [self.clean(endpoint.row_type, row, endpoint.table_name) for row in rows]

    @cached_property
    def _protected(self) -> dict[str, Rule]:
        rules = {
            f"{table.name}.{column.name}": self.rule(table.name, column.name, column.pii)
            for _, table, column in all_columns(self.api)
        }
        return {name: rule for name, rule in rules.items() if rule != "keep"}

    def _hash(self, text: str) -> str:
        message = text.encode("utf-8", "surrogatepass")
        return hmac.digest(self.key.encode(), message, "sha256").hex()[:HASH_LENGTH]

    def _table(self, table: TableLayout) -> TableLayout:
        return replace(table, layout=self._object(table.name, table.layout))

    def _object(self, table: str, layout: ObjectLayout) -> ObjectLayout:
        scalars = (self._scalar(table, scalar) for scalar in layout.scalars)
        return replace(
            layout,
            scalars=tuple(scalar for scalar in scalars if scalar),
            objects=tuple(
                replace(embedded, layout=self._object(table, embedded.layout))
                for embedded in layout.objects
            ),
            arrays=tuple(replace(array, table=self._table(array.table)) for array in layout.arrays),
        )

    def _scalar(self, table: str, scalar: ScalarField) -> ScalarField | None:
        column = scalar.column
        rule = self.rule(table, column.name, column.pii)
        if rule == "drop":
            return None
        if rule == "hash":
            text = replace(column, kind="string", description=f"{column.description} As a hash.")
            return replace(
                scalar, column=text, protect=partial(self.hash, kind=column.kind, pii=column.pii)
            )
        if scalar.row_type:
            return replace(scalar, protect=partial(self.clean, scalar.row_type))
        return scalar

    def _clean(self, row_type: str, value: Any, table: str, prefix: str) -> Any:
        if isinstance(value, list):
            return [self._clean(row_type, element, table, prefix) for element in value]
        if not isinstance(value, dict):
            parts = (self.api.row_types[part] for part in row_type.split(" + "))
            name = next(filter(None, (part.scalar_field for part in parts)), None)
            if name and not is_blank(value):
                return self._clean(row_type, {name: value}, table, prefix).get(name)
            return None if is_blank(value) else self.raw(value)
        cleaned = {}
        fields = _fields_by_column(self.api, row_type)
        for name, inner in value.items():
            known = fields.get(snake_case(name))
            rule, kept = self.unknown, inner
            if known is not None:
                column = known.column or snake_case(known.name)
                rule = self.rule(table, prefix + column, known.pii)
                kept = inner if rule == "drop" else self._field(known, inner, table, prefix, rule)
            elif rule == "hash":
                kept = self.hash(inner)
            if rule != "drop":
                cleaned[name] = kept
        return cleaned

    def _field(self, known: Field, value: Any, table: str, prefix: str, rule: Rule) -> Any:
        """Return the value of a known field that is kept or hashed."""
        kind: Kind = cast("Kind", known.type) if known.is_scalar else "json"
        if rule == "hash":
            return self.hash(value, kind, known.pii)
        if known.is_scalar:
            return value if _can_read(self.reader(kind), value) else self.raw(value)
        column = known.column or snake_case(known.name)
        if known.is_array and not prefix:
            return self._clean(known.element_type, value, f"{table}__{column}", "")
        return self._clean(known.element_type, value, table, f"{prefix}{column}__")


OPEN = Privacy()
"""Everything is loaded as it comes."""


@cache
def all_columns(api: ApiVersion) -> tuple[tuple[Endpoint, TableLayout, Column], ...]:
    """Return every column of the catalog, with its endpoint and its table."""
    return tuple(
        (endpoint, table, column)
        for endpoint in api.endpoints.values()
        for table in table_layout(endpoint).with_children()
        for column in table.columns()
    )


@cache
def _fields_by_column(api: ApiVersion, row_type: str) -> dict[str, Field]:
    """Return the fields of a row type by each of their names in snake case."""
    return {
        snake_case(name): known
        for known in fields_of(api.row_types, row_type)
        for name in (known.name, *known.aliases)
    }


def _can_read(read: Callable[[Any], Any], value: Any) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True


def _text(value: Any, kind: Kind) -> str:
    """Return the text of what would have been loaded; of what cannot be read, JSON or the text
    itself."""
    try:
        found = COERCIONS[kind](value)
    except (ValueError, RecursionError):
        found = value if isinstance(value, str) else to_json(value)
    if isinstance(found, Decimal):
        return f"{_EXACT.normalize(found):f}" if found else "0"
    if isinstance(found, bool):
        return str(found).lower()
    if kind == "datetime" and isinstance(found, int):
        return (_EPOCH + timedelta(microseconds=found)).isoformat()
    return str(found)
