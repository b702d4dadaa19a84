"""What an installation offers: the facts, less what it lacks, plus what it has besides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from . import facts
from .facts import EntitySet, Link, Property, Type

_ADDED_TYPE: Type = {
    "name": Property("name", "string", operations="FO"),
    "id": Property("id", "int64", nullable=False, operations="FO"),
    "isDeleted": Property("isDeleted", "boolean", nullable=False, operations="F"),
    "version": Property("version", "int64", nullable=False, operations="FO"),
}


@dataclass(frozen=True)
class Installation:
    """How an installation differs from the facts, and how it pages.

    Attributes:
        lacks: sets (`MemberNotes`) and properties (`Members.secondName`, `Clubs.version`) that
            it does not have.
        adds: sets and text properties that the facts do not name, written alike.
        inline: whether the properties whose place the facts leave open come without `$expand`,
            and by it no more.
        page_size: rows on a page of a set.
        next_links: what moves a next link forward: `skip`, as offsets do, or `skiptoken`, which
            continues after the last row; `none`: no page has one.
        unstable_ties: whether rows with the same value of what they are ordered by come in another
            order at each request, as from a database that was asked for no more.
        slow: seconds that each request to a set waits, by the name of the set.
    """

    lacks: Iterable[str] = ()
    adds: Iterable[str] = ()
    inline: bool = False
    page_size: int = 500
    next_links: str = "skip"
    unstable_ties: bool = False
    slow: dict[str, float] = field(default_factory=dict)


class Schema:
    """The sets and types of an installation.

    Attributes:
        sets: its sets by name.
        types: its types by name, with their properties by name.
    """

    def __init__(self, installation: Installation) -> None:
        self.sets: dict[str, EntitySet] = dict(facts.entity_sets())
        self.types: dict[str, Type] = {key: dict(each) for key, each in facts.types().items()}
        self.added = [name for name in installation.adds if "." not in name]
        self.is_plain = not any("." in name for name in (*installation.lacks, *installation.adds))
        for name in self.added:
            self.sets[name] = EntitySet(name, name)
            self.types[name] = dict(_ADDED_TYPE)
        for name in installation.adds:
            place, _, added = name.partition(".")
            if added:
                self._type_of(place)[added] = Property(added, "string", operations="F")
        for name in installation.lacks:
            place, _, lacking = name.partition(".")
            if lacking:
                self._type_of(place).pop(lacking)
        for name in installation.lacks:
            if "." not in name:
                del self.sets[name]
        self._inline = installation.inline
        self._names: dict[str, dict[str, Property]] = {}

    def _type_of(self, place: str) -> Type:
        return self.types[self.sets[place].type if place in self.sets else place]

    def property(self, name: str, spelled: str) -> Property | None:
        """A property of a type by its name in any case; None if there is none."""
        if name not in self._names:
            properties = self.types[name].values()
            self._names[name] = {each.name.lower(): each for each in properties}
        return self._names[name].get(spelled.lower())

    def is_link(self, each: Property) -> bool:
        """Whether a property comes by `$expand` only."""
        return each.link or (each.undocumented and not self._inline)

    def inline(self, name: str) -> list[tuple[str, Link]]:
        """Links of a type whose rows come with each row, unasked."""
        if not self._inline:
            return []
        return [
            (each.name, facts.links()[name][each.name])
            for each in self.types[name].values()
            if each.undocumented
        ]
