"""PerfectGym for dlt: every list of the API as a typed table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .source import perfectgym_source

__all__ = ["perfectgym_source"]


def __getattr__(name: str) -> Any:
    """The source, imported when somebody asks for it: dlt takes a second, and completion in a shell
    does without."""
    if name == "perfectgym_source":
        from .prerequisites import check_versions

        check_versions()
        from .source import perfectgym_source

        return perfectgym_source
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
