"""What a long load keeps in memory."""

from __future__ import annotations

import gc
import weakref

from loading import Target

from perfectgym_source import resources
from perfectgym_source.reading import outbox


def test_rows_that_were_handed_to_dlt_do_not_stay_in_memory(tmp_path, sandbox, monkeypatch):
    monkeypatch.setenv("DATA_WRITER__BUFFER_MAX_ITEMS", "1")
    monkeypatch.setattr(resources, "ITEM_BYTES", 1)
    monkeypatch.setattr(outbox, "BATCH_ROWS", 20)
    handed, alive, item = [], [], resources._item

    def noted(endpoint, name, table):
        alive.append(sum(reference() is not None for reference in handed))
        handed.append(weakref.ref(table))
        return item(endpoint, name, table)

    monkeypatch.setattr(resources, "_item", noted)
    gc.disable()
    try:
        Target(tmp_path, sandbox).load("classes")
    finally:
        gc.enable()
    assert len(handed) > 5
    assert max(alive) <= 2
