"""No test reads the configuration of the checkout: it may be somebody's own."""

import os
from pathlib import Path

# Read by dlt when it is imported: a folder without `.dlt`.
os.environ["DLT_PROJECT_DIR"] = str(Path(__file__).parent)
