"""The README's table of tables: `python -m perfectgym_source.catalog.readme` prints it."""

from __future__ import annotations

from .api_version import ApiVersion
from .tables import table_layout
from .v1 import V1


def readme_table(api: ApiVersion = V1) -> str:
    """Return all tables as Markdown: what one row is, by group, with the groups' costs."""
    lines: list[str] = []
    for group, cost in api.groups.items():
        mark = ", by default" if group in api.default_groups else ""
        lines += [f"**{group}**{mark}. {cost}", "", "| table | one row is | child tables |"]
        lines += ["|---|---|---|"]
        for entry in api.endpoints.values():
            if entry.group != group or entry.table is not None:
                continue
            children = list(table_layout(entry).with_children())[1:]
            names = ", ".join(f"`{child.name[len(entry.name) :]}`" for child in children)
            lines.append(f"| `{entry.name}` | {entry.description} | {names} |")
        lines.append("")
    return "\n".join(lines).rstrip()


if __name__ == "__main__":
    print(readme_table())
