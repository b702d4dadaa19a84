"""Only two modules of `extract/state` know the keys of the state; what it stores stays readable."""

from __future__ import annotations

import ast
from datetime import date, datetime, timezone
from pathlib import Path

from support.each import for_each

import perfectgym_source
from perfectgym_source.extract.state import source_state, stored
from perfectgym_source.extract.state.cursors import Cursors
from perfectgym_source.extract.state.source_state import DatasetIdentity, SourceState

PACKAGE = Path(perfectgym_source.__file__).parent
OWNERS = (Path(stored.__file__), Path(source_state.__file__))
KEYS = {
    "cursors",
    "pending",
    "pending_lists",
    "gone",
    "swept_at",
    "ids",
    "digests",
    "counts",
    "left_out",
}
LITERALS = ('f"in {', '"in "', '.get("perfectgym"', '["perfectgym"]')
DATASET_KEYS = {"is_shared", "start_date", "pii"}


def used_keys(path: Path) -> set[str]:
    """Return the keys that a module looks up: `x["key"]`, `x.get("key")`, `"key" in x`, ..."""
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Subscript):
            found.append(node.slice)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("get", "pop", "setdefault"):
                found += node.args[:1]
        elif isinstance(node, ast.Compare):
            found += [node.left, *node.comparators]
    return {e.value for e in found if isinstance(e, ast.Constant) and isinstance(e.value, str)}


OTHERS = [p for p in PACKAGE.rglob("*.py") if p not in OWNERS and "sandbox" not in p.parts]


@for_each(OTHERS)
def test_no_other_module_knows_the_keys(path: Path) -> None:
    text = path.read_text()
    assert not used_keys(path) & KEYS
    assert not [each for each in LITERALS if each in text]
    # They look up settings, and fields of data files, by the same names.
    if path.parent.name not in ("config", "cli", "v22"):
        assert not used_keys(path) & DATASET_KEYS


def test_a_module_that_looks_up_a_key_is_noticed(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    for text in ('x.get("gone", ())', 'x["gone"] = 1', '"gone" in x', 'x.pop("gone")'):
        module.write_text(text)
        assert used_keys(module) == {"gone"}


def test_the_format_of_the_state_does_not_change() -> None:
    state: dict[str, object] = {}
    source = SourceState(state)
    stored = source.resource("users", "north")
    stored.pending = {"users": [(2,), (1,)], "clubs": [(7,)]}
    stored.deleted = {"clubs": [(7,)]}
    stored.swept_at = datetime(2026, 1, 2, tzinfo=timezone.utc)
    stored.start_date = date(2026, 1, 1)
    stored.digests = {"1": "aa"}
    stored.left_out = {"users.b", "users.a"}
    stored.ids = set()
    source.identity = DatasetIdentity("", True, {"rules": {}, "key": None})
    assert state == {
        "installation": "",
        "is_shared": True,
        "pii": {"rules": {}, "key": None},
        "resources": {
            "users": {
                "in north": {
                    "pending": [[2], [1]],
                    "pending_lists": {"clubs": [[7]]},
                    "gone": {"clubs": [[7]]},
                    "swept_at": "2026-01-02T00:00:00+00:00",
                    "start_date": "2026-01-01",
                    "digests": {"1": "aa"},
                    "left_out": ["users.a", "users.b"],
                }
            }
        },
    }
    assert not stored.is_loaded
    stored.ids = {3, 1}
    stored.save_cursors({"users": Cursors()}, 0)
    assert stored.is_loaded
    [read] = SourceState.of_pipeline({"sources": {"perfectgym": state}}).stored()
    assert (read.resource, read.installation) == ("users", "north")
    assert read.pending == {"users": [(2,), (1,)], "clubs": [(7,)]}
    assert read.deleted == {"clubs": {(7,)}}
    assert read.ids == {1, 3}
    assert read.left_out == {"users.a", "users.b"}
    assert read.summary().pending == 3


def test_what_tells_deleted_rows_is_not_forgotten() -> None:
    stored = SourceState().resource("users")
    assert not stored.forget()
    stored.ids, stored.digests = {1}, {"1|2": "aa"}
    stored.pending = {"users": [(1,)]}
    assert stored.forget()
    assert (stored.ids, stored.digests, stored.pending) == ({1}, {"1|2": ""}, {"users": []})
    stored.counts = {(1, 2): 3, (1, 3): 0}
    assert stored.forget()
    assert stored.counts == {(1, 2): 3}
