"""The README's tables of settings: `python -m perfectgym_source.config.readme` prints them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .pipeline_settings import AlertSettings, Checks, NamedPipeline, shown
from .setting import Setting, default_of, settings_of
from .settings import SETTINGS, Settings


def readme_tables() -> dict[str, str]:
    """Return the tables as Markdown, by the name of their markers in the README."""
    tables = {
        "settings": ("key", Settings, SETTINGS),
        "pipelines": ("key of a pipeline", NamedPipeline, settings_of(NamedPipeline)),
        "checks": ("key under `[checks]`", Checks, settings_of(Checks)),
        "alerts": ("key under `[alerts]`", AlertSettings, settings_of(AlertSettings)),
    }
    return {name: "\n".join(_lines(*parts)) for name, parts in tables.items()}


def _lines(head: str, table: type, settings: Mapping[str, Setting]) -> Iterator[str]:
    yield f"| {head} | default | meaning |"
    yield "|---|---|---|"
    for name, entry in settings.items():
        default = entry.default or _shown(default_of(table, name))
        yield f"| `{name}` | {default} | {entry.meaning} |"


def _shown(value: object) -> str:
    text = shown(value)
    is_word = isinstance(value, bool) or (text != "–" and not isinstance(value, (int, float)))
    return f"`{text}`" if is_word else text


if __name__ == "__main__":
    for name, table in readme_tables().items():
        print(f"<!-- {name} -->\n{table}\n")
