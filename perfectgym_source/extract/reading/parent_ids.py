"""The ids of an endpoint's rows, for the resources whose requests name them."""

from __future__ import annotations

from collections.abc import Iterable, Set
from itertools import compress

from ...api.paging.pages import Page
from ...catalog import Endpoint
from ...catalog.coerce import is_true
from ..context import ExtractContext
from ..partitions import Partition
from ..state.resource_state import ResourceState


class ParentIds:
    """Collects the ids of one endpoint.

    Args:
        context: The context.
        endpoint: The endpoint.

    Attributes:
        children: The states of the resources that take the ids, by name.
        ids: All ids received, if a resource takes them.
        pairs: The parents' ids with each of these ids, if a resource takes them together.
        read: The partitions that were received completely.
        is_complete: Whether `ids` are all ids of the endpoint.
        found: The ids that are new to each of the children, by its name.
    """

    def __init__(self, context: ExtractContext, endpoint: Endpoint) -> None:
        self.children: dict[str, ResourceState] = {}
        self.ids: dict[int, None] = {}
        self.pairs: dict[Partition, None] = {}
        self.read: set[Partition] = set()
        self.found: dict[str, dict[int, None]] = {}
        self.is_complete = False
        self._context = context
        self._endpoint = endpoint
        self._deleted: set[int | None] = set()

    def attach(self, state: ResourceState) -> None:
        """Collect the ids for a resource that takes them."""
        self.children[state.endpoint.name] = state
        self.found.setdefault(state.endpoint.name, {})

    def release(self) -> None:
        """Forget all ids, after the state has been written."""
        self.ids, self.pairs, self.read, self._deleted = {}, {}, set(), set()
        self.found = {name: {} for name in self.found}

    def is_deleted(self, identity: int) -> bool | None:
        """Return whether the endpoint itself says that a row is deleted: flagged, or missing.

        Returns:
            None if what this run has read does not tell.
        """
        if identity in self.ids:
            return self.is_flagged(identity)
        return True if self.is_complete else None

    def is_flagged(self, identity: int) -> bool:
        """Return whether a row that this run has received is flagged as deleted."""
        return identity in self._deleted

    def known(self) -> Set[int]:
        """Return the ids that all children have taken before; empty if one does not know them."""
        known = [self.known_to(child) for child in self.children.values()]
        if not all(known):
            return frozenset()
        return frozenset().union(*(ids for ids in known if ids))

    def known_to(self, child: ResourceState, loaded: Set[int] = frozenset()) -> Set[int] | None:
        """Return the ids that a resource has taken before; None if that is not known.

        Args:
            child: The resource's state. If it does not hold them, the ids in the table count.
            loaded: The ids in the endpoint's own table, if it is loaded and its state holds them.
        """
        names = [self._context.read_for(parent.table).name for parent in child.endpoint.parents]
        known = child.known_parents if names == [self._endpoint.name] else None
        return loaded or None if known is None else known

    def collect(
        self,
        partition: Partition,
        key: str,
        rows: Page,
        cursor_field: str | None,
        loaded: Set[int] = frozenset(),
    ) -> None:
        """Collect the ids of rows, and move the children's cursors.

        Args:
            partition: The parents' ids.
            key: The partition's key in the state.
            rows: Some or all of its rows.
            cursor_field: The field whose values the cursors follow.
            loaded: See `known_to`.
        """
        if not self.children:
            return
        ids = rows.ids(self._endpoint.identity)
        found = zip(rows.versions(cursor_field), ids)
        versions = [(version, identity) for version, identity in found if identity is not None]
        self.ids.update(dict.fromkeys(identity for _, identity in versions))
        self._note_deleted(ids, rows)
        if any(child.endpoint.pairs_from for child in self.children.values()):
            self.pairs.update(((*partition, identity), None) for _, identity in versions)
        overlap = self._context.settings.timestamp_overlap
        for name, child in self.children.items():
            cursor = child.cursor(self._endpoint.name)[key]
            found_new = compress(versions, cursor.are_new(versions, overlap))
            new = dict.fromkeys(identity for _, identity in found_new)
            if (known := self.known_to(child, loaded)) is not None:
                # An earlier run may have passed over them in a list that shifted.
                new.update(dict.fromkeys(id for _, id in versions if id not in known))
            self.found[name].update(new)
            cursor.receive(versions, overlap)

    def _note_deleted(self, ids: Iterable[int | None], rows: Page) -> None:
        """Record which rows are flagged as deleted now."""
        flag_field = self._endpoint.deleted_field
        flags = dict(zip(ids, rows.values(flag_field))) if flag_field else {}
        self._deleted.difference_update(flags)
        self._deleted.update(
            identity for identity, flag in flags.items() if identity is not None and is_true(flag)
        )
