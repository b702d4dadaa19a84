"""Where the rows go: a DuckDB file that is published, files written from it, or an SQL server."""
