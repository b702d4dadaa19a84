"""`$filter` expressions: parsed strictly, against the types of the facts, into predicates."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ...store.rows import Row
from .errors import ODataError
from .operands import (
    COMPARISONS,
    TEXTS,
    Operand,
    Test,
    compared,
    instant,
    literal,
)
from .paths import Path, Paths

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')"
    r"|(?P<duration>duration'[^']*')"
    r"|(?P<datetime>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?)"
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[A-Za-z_][\w]*(?:/[A-Za-z_][\w]*)*)"
    r"|(?P<mark>[(),:]))"
)
_LARGEST = 100
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_TEXT_CHANGES: dict[str, Callable[[str], str]] = {"tolower": str.lower, "toupper": str.upper}


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


def parse(text: str, paths: Paths, name: str) -> Filter:
    """The filter that an expression means for rows of a type.

    Raises:
        ODataError: it is malformed, or names what cannot be filtered.
    """
    return _Parser(text, paths, name).parse()


class _Parser:
    """Reads one expression from left to right."""

    def __init__(self, text: str, paths: Paths, name: str) -> None:
        self._paths = paths
        self._scopes: dict[str, str] = {"": name}
        self._tokens = _split(text)
        self._place = 0
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
        if word not in COMPARISONS:
            if left.kind != "boolean":
                raise ODataError("The filter is not a Boolean expression.")
            return lambda row: left.value(row) is True
        self._next()
        right = self._operand()
        self._note_bound(left, word, right)
        return compared(left, word, right)

    def _note_bound(self, left: Operand, word: str, right: Operand) -> None:
        is_own = bool(left.name) and "/" not in left.name and len(self._scopes) == 1
        if is_own and right.is_literal and right.kind == "number":
            self._bounds.append(Bound(left.name, word, right.literal))

    def _in(self, left: Operand) -> Test:
        self._expect("(")
        values = [self._operand()]
        while self._peek() == ",":
            self._next()
            values.append(self._operand())
            self._comparisons += 1
        self._expect(")")
        if self._comparisons > _LARGEST:
            raise ODataError(f"The node count limit of '{_LARGEST}' has been exceeded.")
        tests = [compared(left, "eq", value) for value in values]
        return lambda row: any(test(row) for test in tests)

    def _operand(self) -> Operand:
        kind, text = self._next()
        if kind == "word":
            return self._word(text)
        if kind == "mark":
            raise ODataError(f"Syntax error at '{text}' in the filter.")
        return literal(kind, text)

    def _word(self, text: str) -> Operand:
        if text in ("true", "false", "null"):
            value = {"true": True, "false": False, "null": None}[text]
            kind = "null" if value is None else "boolean"
            return Operand(lambda _: value, kind, literal=value, is_literal=True)
        if text in _TEXT_TESTS or text in _TEXT_CHANGES:
            return self._function(text)
        if text.endswith("/any"):
            return self._any(text.removesuffix("/any"))
        scope, _, rest = text.partition("/")
        if scope in self._scopes:
            return self._path(self._paths.path(self._scopes[scope], rest), "/")
        return self._path(self._paths.path(self._scopes[""], text), "")

    def _path(self, path: Path, mark: str) -> Operand:
        if "F" not in path.operations:
            raise ODataError(
                f"The property '{path.name}' cannot be used in the $filter query option."
            )
        read = path.value
        if path.kind == "datetime":
            return Operand(lambda row: instant(read(row)), path.kind, mark + path.name)
        return Operand(read, path.kind, mark + path.name)

    def _function(self, name: str) -> Operand:
        self._expect("(")
        text = self._operand()
        if name in _TEXT_CHANGES:
            self._expect(")")
            change = _TEXT_CHANGES[name]
            return Operand(lambda row: _on_text(change, text.value(row)), "string")
        self._expect(",")
        part = self._operand()
        self._expect(")")
        if text.kind not in TEXTS or part.kind != "string":
            raise ODataError(f"No function signature for the function '{name}' matches.")
        test = _TEXT_TESTS[name]

        def holds(row: Row) -> bool:
            whole = text.value(row)
            return whole is not None and test(whole, part.value(row))

        return Operand(holds, "boolean")

    def _any(self, link: str) -> Operand:
        rows, of = self._paths.list(self._scopes[""], link)
        self._expect("(")
        if self._peek() == ")":
            self._next()
            return Operand(lambda row: bool(rows(row)), "boolean")
        variable = self._next()[1]
        self._expect(":")
        self._scopes[variable] = of
        test = self._or()
        del self._scopes[variable]
        self._expect(")")
        return Operand(lambda row: any(test(each) for each in rows(row)), "boolean")


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


def _either(left: Test, right: Test) -> Test:
    return lambda row: left(row) or right(row)


def _both(left: Test, right: Test) -> Test:
    return lambda row: left(row) and right(row)


def _on_text(change: Callable[[str], str], text: Any) -> Any:
    return None if text is None else change(text)
