"""PerfectGym for dlt: every list of the API as a typed table."""

from .source import perfectgym_source

__all__ = ["perfectgym_source"]
