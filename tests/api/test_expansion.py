"""Lists inside rows that the API has cut off, from servers with other limits than documented."""

import re

import pytest

from perfectgym_source.api.paging.expansion import completed
from perfectgym_source.api.paging.pages import Page
from perfectgym_source.catalog import V22
from perfectgym_source.errors import PagingError

TAGS = V22.endpoints["members_to_tags"]
PLANS = V22.endpoints["payment_plans"]
ELEMENTS = [{"id": number} for number in range(1, 231)]


def read_of(most=None, skips=True):
    """Return what reads the parts of a list, with so many elements at most, and the requests."""
    requests = []

    def read(params):
        requests.append(params["$expand"])
        skipped = int(re.search(r"\$skip=(\d+)", params["$expand"])[1]) if skips else 0
        part = ELEMENTS[skipped:][:most]
        nested = "currentMembershipFee" in params["$expand"]
        row = {"currentMembershipFee": {"taxes": part}} if nested else tags(part)
        return Page([{"id": 1, **row}])

    return read, requests


def tags(elements):
    return {"tags": elements}


@pytest.mark.parametrize("most", [100, 150, 230, None])
def test_a_list_is_complete_and_without_repetitions_whatever_the_limit(most):
    read, _ = read_of(most)
    page = completed(V22, TAGS, Page([{"id": 1, **tags(ELEMENTS[:most])}]), read)
    assert page.elements[0]["tags"] == ELEMENTS


def test_a_list_in_a_linked_row_is_completed_beside_what_the_row_holds():
    read, requests = read_of(100)
    fee = {"id": 7, "taxes": ELEMENTS[:100]}
    page = completed(V22, PLANS, Page([{"id": 1, "currentMembershipFee": fee}]), read)
    assert page.elements[0]["currentMembershipFee"] == {"id": 7, "taxes": ELEMENTS}
    assert requests[2] == "currentMembershipFee($expand=taxes($orderby=id;$skip=200))"


def test_the_rest_of_a_list_that_is_its_start_again_is_an_error_at_once():
    read, requests = read_of(100, skips=False)
    with pytest.raises(PagingError, match="its start is repeated"):
        completed(V22, TAGS, Page([{"id": 1, **tags(ELEMENTS[:100])}]), read)
    assert len(requests) == 2
