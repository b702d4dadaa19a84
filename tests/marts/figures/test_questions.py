"""Every question of docs/questions.md has the result that stands there."""

from __future__ import annotations

import pytest
from support.pages import PROSE
from support.questions import answered, queries

pytestmark = pytest.mark.timeout(600)

PAGE = PROSE["docs/questions.md"]


def test_the_results_are_those_of_the_page(ask):
    assert answered(PAGE, ask) == PAGE


def test_there_are_fifteen_questions_with_an_answer_each(ask):
    assert len(queries(PAGE)) == 15
    for query in queries(PAGE):
        assert ask("v2.2", query)[1]


def test_queries_run_in_postgresql(in_postgres):
    for query in queries(PAGE):
        in_postgres.query(query.replace("perfectgym_marts.", ""))
