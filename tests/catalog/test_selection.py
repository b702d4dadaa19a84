"""Which endpoints a run reads."""

from itertools import product

import pytest

from perfectgym_source.catalog import DEFAULT_GROUPS, ENDPOINTS, GROUPS, V1
from perfectgym_source.catalog.selection import (
    ancestors,
    is_own_row,
    own_parent,
    parents,
    selected_endpoints,
)
from perfectgym_source.errors import ConfigurationError


def names(*args, **kwargs):
    return [entry.name for entry in selected_endpoints(V1, *args, **kwargs)]


def test_without_a_wish_the_default_groups_are_read():
    assert names("employee") == names("employee", groups=DEFAULT_GROUPS)
    assert {ENDPOINTS[name].group for name in names("employee")} == set(DEFAULT_GROUPS)


def test_names_alone_select_only_these_in_the_catalogs_order():
    assert names("employee", resources=["users", "clubs", "users"]) == ["clubs", "users"]


def test_a_group_brings_all_its_members_of_the_mode():
    for group, mode in product(GROUPS, ("employee", "user")):
        found = {
            entry.name
            for entry in ENDPOINTS.values()
            if entry.group == group and entry.in_groups and mode in entry.modes
        }
        if found:
            assert set(names(mode, groups=[group])) == found
            continue
        with pytest.raises(ConfigurationError, match=f"In {mode} mode, .* nothing of .* {group}"):
            names(mode, groups=[group])


def test_names_and_groups_add_up():
    both = names("employee", resources=["cities"], groups=["contract"])
    assert set(both) == {"cities", *names("employee", groups=["contract"])}
    assert "clubs" not in both


def test_a_group_leaves_out_what_the_mode_may_not_call():
    assert "contracts" in names("employee", groups=["company"])
    assert "contracts" not in names("user", groups=["company"])
    assert "users_in_club" in names("user", groups=["club"])
    assert "users_in_club" not in names("employee", groups=["club"])


def test_the_window_of_classes_comes_by_name_only():
    assert "classes_window" not in names("employee", groups=list(GROUPS))
    assert names("employee", resources=["classes_window"]) == ["classes_window"]


def test_a_name_of_the_other_mode_is_refused_with_the_modes_that_may():
    with pytest.raises(ConfigurationError, match="'contracts' cannot be read in user mode") as e:
        names("user", resources=["contracts"])
    assert "employee accounts only" in str(e.value)


@pytest.mark.parametrize(
    ("wish", "near"),
    [({"resources": ["club"]}, "clubs"), ({"groups": ["compny"]}, "company")],
)
def test_an_unknown_name_is_refused_with_the_nearest_one(wish, near):
    with pytest.raises(ConfigurationError, match=f"did you mean '{near}'"):
        names("employee", **wish)


def test_a_name_that_resembles_nothing_is_refused_without_a_guess():
    with pytest.raises(ConfigurationError, match=r"There is no resource 'qqqqqq'\."):
        names("employee", resources=["qqqqqq"])


@pytest.mark.parametrize(
    ("name", "mode", "near", "all_of_them"),
    [
        ("clubs", "employee", [], set()),
        ("user_classes", "employee", ["users", "clubs"], {"users", "clubs"}),
        ("user_classes", "user", ["user_details", "clubs"], {"user_details", "clubs"}),
        ("message_details", "employee", ["messages"], {"messages", "users"}),
        # Which instructors belong to which clubs is read from one endpoint.
        ("instructor_schedules", "employee", ["club_instructors"], {"club_instructors", "clubs"}),
        ("user_details", "employee", ["users"], {"users"}),
        ("user_details", "user", [], set()),
    ],
)
def test_parents_and_their_parents(name, mode, near, all_of_them):
    endpoint = ENDPOINTS[name]
    assert parents(V1, endpoint, mode) == near
    assert ancestors(V1, endpoint, mode) == all_of_them


def test_the_own_row_stands_in_for_the_list_of_users_in_user_mode_only():
    own = [e.name for e in ENDPOINTS.values() if is_own_row(V1, e, "user")]
    assert own == ["user_details"]
    assert not [e.name for e in ENDPOINTS.values() if is_own_row(V1, e, "employee")]
    measurements = ENDPOINTS["measurements"]
    assert own_parent(V1, measurements, "user") == "user_details"
    assert own_parent(V1, measurements, "employee") is None
    assert own_parent(V1, ENDPOINTS["clubs"], "user") is None


def test_the_special_fields_of_an_endpoint_have_columns():
    clubs, seats = ENDPOINTS["clubs"], ENDPOINTS["class_available_seats"]
    assert (clubs.id_column, clubs.version_column, clubs.deleted_column) == (
        "id", "timestamp", "is_deleted",
    )  # fmt: skip
    # An id and a mark of deletion may come without being documented.
    assert (seats.id_column, seats.version_column, seats.deleted_column) == (
        "id", None, "is_deleted",
    )  # fmt: skip
