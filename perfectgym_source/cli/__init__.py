"""The command line: options in, text or JSON and an exit code out."""
