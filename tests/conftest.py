"""What all tests have in common."""

import os
import signal
from pathlib import Path

# Read by dlt when it is imported: a folder without `.dlt`. The checkout's may be somebody's own.
os.environ["DLT_PROJECT_DIR"] = str(Path(__file__).parent)

# Tests that a shell starts in the background ignore Ctrl-C, and what they start would, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
