"""The rows of a world: how they are kept, grouped, changed, and found by requests."""
