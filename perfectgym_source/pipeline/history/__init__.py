"""The run history: what each run did, and how long that is kept."""
