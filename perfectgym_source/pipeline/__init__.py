"""The pipeline: from the source to a destination, and the command line around it."""
