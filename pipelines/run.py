"""Loads PerfectGym data, as `perfectgym load` does: `python pipelines/run.py --help`."""

from perfectgym_source.cli.main import load

if __name__ == "__main__":
    load()
