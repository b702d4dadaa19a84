"""A DuckDB file: loaded beside the published one, and published with one rename."""
