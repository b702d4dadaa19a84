"""`$filter` expressions: parsed strictly, against the types of the facts, into predicates."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from perfectgym_source.sandbox.store import Row
from perfectgym_source.sandbox.v22.errors import ODataError
from perfectgym_source.sandbox.v22.paths import Path, Paths

Test = Callable[[Row], Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')"
    r"|(?P<duration>duration'[^']*')"
    r"|(?P<datetime>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?)"
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[A-Za-z_][\w]*(?:/[A-Za-z_][\w]*)*)"
    r"|(?P<mark>[(),:]))"
)
_LARGEST = 100
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_TEXT_CHANGES: dict[str, Callable[[str], str]] = {"tolower": str.lower, "toupper": str.upper}
_NUMBERS = ("int32", "int64", "double", "number")
_TEXTS = ("string", "duration", "base64")


@dataclass(frozen=True)
class Bound:
    """A comparison of an own property with a number, of those that must all hold."""

    property: str
    operator: str
    value: int | Decimal


@dataclass(frozen=True)
class Filter:
    """A predicate, and the bounds that any row it accepts keeps."""

    accepts: Test
    bounds: tuple[Bound, ...]


@dataclass(frozen=True)
class _Operand:
    """A part of an expression: how to get its value, and of which kind it is."""

    value: Test
    kind: str
    name: str = ""
    literal: Any = None
    is_literal: bool = False


def parse(text: str, paths: Paths, name: str) -> Filter:
    """The filter that an expression means for rows of a type.

    Raises:
        ODataError: it is malformed, or names what cannot be filtered.
    """
    return _Parser(text, paths, name).parse()


def instant(text: Any) -> datetime | None:
    """A date-time of the API as an instant; one without an offset counts as UTC."""
    if text is None:
        return None
    plain = re.sub(r"(\.\d{6})\d+", r"\1", str(text)).replace("Z", "+00:00")
    plain = re.sub(r"\.(\d+)", lambda found: f".{found[1]:0<6}", plain)
    moment = datetime.fromisoformat(plain)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


class _Parser:
    """Reads one expression from left to right."""

    def __init__(self, text: str, paths: Paths, name: str) -> None:
        self._paths = paths
        self._scopes: dict[str, str] = {"": name}
        self._tokens = _split(text)
        self._place = 0
        self._depth = 0
        self._comparisons = 0
        self._bounds: list[Bound] = []
        self._is_certain = True

    def parse(self) -> Filter:
        test = self._or()
        if self._place < len(self._tokens):
            raise ODataError(f"Syntax error at '{self._tokens[self._place][1]}' in the filter.")
        return Filter(test, tuple(self._bounds) if self._is_certain else ())

    def _peek(self) -> str:
        if self._place >= len(self._tokens):
            return ""
        kind, text = self._tokens[self._place]
        return text if kind in ("word", "mark") else ""

    def _next(self) -> tuple[str, str]:
        if self._place >= len(self._tokens):
            raise ODataError("Syntax error: the filter breaks off.")
        self._place += 1
        return self._tokens[self._place - 1]

    def _expect(self, mark: str) -> None:
        if self._next()[1] != mark:
            raise ODataError(f"Syntax error: '{mark}' is expected in the filter.")

    def _or(self) -> Test:
        test = self._and()
        while self._peek() == "or":
            self._next()
            self._is_certain = False
            left, right = test, self._and()
            test = _either(left, right)
        return test

    def _and(self) -> Test:
        test = self._not()
        while self._peek() == "and":
            self._next()
            test = _both(test, self._not())
        return test

    def _not(self) -> Test:
        if self._peek() == "not":
            self._next()
            self._is_certain = False
            test = self._not()
            return lambda row: not test(row)
        return self._comparison()

    def _comparison(self) -> Test:
        if self._peek() == "(":
            self._next()
            test = self._or()
            self._expect(")")
            return test
        left = self._operand()
        self._comparisons += 1
        if self._comparisons > _LARGEST:
            raise ODataError(f"The node count limit of '{_LARGEST}' has been exceeded.")
        word = self._peek()
        if word == "in":
            self._next()
            return self._in(left)
        if word not in _COMPARISONS:
            if left.kind != "boolean":
                raise ODataError("The filter is not a Boolean expression.")
            return lambda row: left.value(row) is True
        self._next()
        right = self._operand()
        self._note_bound(left, word, right)
        return _compare(left, word, right)

    def _note_bound(self, left: _Operand, word: str, right: _Operand) -> None:
        is_own = bool(left.name) and "/" not in left.name and len(self._scopes) == 1
        if is_own and right.is_literal and right.kind == "number":
            self._bounds.append(Bound(left.name, word, right.literal))

    def _in(self, left: _Operand) -> Test:
        self._expect("(")
        values = [self._operand()]
        while self._peek() == ",":
            self._next()
            values.append(self._operand())
            self._comparisons += 1
        self._expect(")")
        if self._comparisons > _LARGEST:
            raise ODataError(f"The node count limit of '{_LARGEST}' has been exceeded.")
        tests = [_compare(left, "eq", value) for value in values]
        return lambda row: any(test(row) for test in tests)

    def _operand(self) -> _Operand:
        kind, text = self._next()
        if kind == "word":
            return self._word(text)
        if kind == "mark":
            raise ODataError(f"Syntax error at '{text}' in the filter.")
        return _literal(kind, text)

    def _word(self, text: str) -> _Operand:
        if text in ("true", "false", "null"):
            value = {"true": True, "false": False, "null": None}[text]
            kind = "null" if value is None else "boolean"
            return _Operand(lambda _: value, kind, literal=value, is_literal=True)
        if text in _TEXT_TESTS or text in _TEXT_CHANGES:
            return self._function(text)
        if text.endswith("/any"):
            return self._any(text.removesuffix("/any"))
        scope, _, rest = text.partition("/")
        if scope in self._scopes:
            return self._path(self._paths.path(self._scopes[scope], rest), "/")
        return self._path(self._paths.path(self._scopes[""], text), "")

    def _path(self, path: Path, mark: str) -> _Operand:
        if "F" not in path.operations:
            raise ODataError(
                f"The property '{path.name}' cannot be used in the $filter query option."
            )
        read = path.value
        if path.kind == "datetime":
            return _Operand(lambda row: instant(read(row)), path.kind, mark + path.name)
        return _Operand(read, path.kind, mark + path.name)

    def _function(self, name: str) -> _Operand:
        self._expect("(")
        text = self._operand()
        if name in _TEXT_CHANGES:
            self._expect(")")
            change = _TEXT_CHANGES[name]
            return _Operand(lambda row: _on_text(change, text.value(row)), "string")
        self._expect(",")
        part = self._operand()
        self._expect(")")
        if text.kind not in _TEXTS or part.kind != "string":
            raise ODataError(f"No function signature for the function '{name}' matches.")
        test = _TEXT_TESTS[name]

        def holds(row: Row) -> bool:
            whole = text.value(row)
            return whole is not None and test(whole, part.value(row))

        return _Operand(holds, "boolean")

    def _any(self, link: str) -> _Operand:
        rows, of = self._paths.list(self._scopes[""], link)
        self._expect("(")
        if self._peek() == ")":
            self._next()
            return _Operand(lambda row: bool(rows(row)), "boolean")
        variable = self._next()[1]
        self._expect(":")
        self._scopes[variable] = of
        test = self._or()
        del self._scopes[variable]
        self._expect(")")
        return _Operand(lambda row: any(test(each) for each in rows(row)), "boolean")


def _split(text: str) -> list[tuple[str, str]]:
    tokens, place, text = [], 0, text.strip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise ODataError(f"Syntax error at position {place} in '{text}'.")
        kind = str(found.lastgroup)
        tokens.append((kind, found[kind]))
        place = found.end()
    if not tokens:
        raise ODataError("The filter is empty.")
    return tokens


def _literal(kind: str, text: str) -> _Operand:
    value: Any = text
    if kind == "string":
        value = text[1:-1].replace("''", "'")
    elif kind == "duration":
        value = text[len("duration'") : -1]
    elif kind == "number":
        value = int(text) if re.fullmatch(r"-?\d+", text) else Decimal(text)
    elif not re.search(r"T.*(Z|[+-]\d\d:\d\d)$", text):
        raise ODataError(f"'{text}' is no Edm.DateTimeOffset: it has no offset.")
    else:
        value = instant(text)
    return _Operand(lambda _: value, kind, literal=value, is_literal=True)


def _either(left: Test, right: Test) -> Test:
    return lambda row: left(row) or right(row)


def _both(left: Test, right: Test) -> Test:
    return lambda row: left(row) and right(row)


def _on_text(change: Callable[[str], str], text: Any) -> Any:
    return None if text is None else change(text)


def _family(kind: str) -> str:
    if kind in _NUMBERS:
        return "number"
    return "string" if kind in _TEXTS else kind


def _compare(left: _Operand, word: str, right: _Operand) -> Test:
    families = {_family(left.kind), _family(right.kind)} - {"null"}
    if len(families) > 1:
        raise ODataError(
            "A binary operator with incompatible types was detected. Found operand types "
            f"'{left.kind}' and '{right.kind}' for operator kind '{word}'."
        )
    compare = _COMPARISONS[word]
    if word in ("eq", "ne"):
        return lambda row: compare(left.value(row), right.value(row))

    def holds(row: Row) -> bool:
        first, second = left.value(row), right.value(row)
        return first is not None and second is not None and compare(first, second)

    return holds
