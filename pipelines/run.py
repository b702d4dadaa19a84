"""Loads PerfectGym data: `python pipelines/run.py --help`."""

from perfectgym_source.cli.main import main

if __name__ == "__main__":
    main()
