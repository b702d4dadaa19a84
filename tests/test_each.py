"""The decorator that makes one test of many cases fails where one of them does."""

import pytest
from support.each import for_each


def test_a_rule_that_one_of_many_breaks_fails_with_all_offenders():
    @for_each([("a", 1), ("b", 2), ("c", 3)])
    def rule(name, number):
        assert number == 2, "odd"

    with pytest.raises(AssertionError, match=r"2 of 3:\na: AssertionError: odd[^b]*\nc: "):
        rule()


def test_an_error_counts_as_broken_and_no_case_as_a_failure():
    with pytest.raises(AssertionError, match="x: KeyError"):
        for_each(["x"])(lambda name: {}[name])()
    with pytest.raises(AssertionError):
        for_each([])(lambda name: None)()
