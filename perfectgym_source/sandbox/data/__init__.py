"""Words, names and places from which the sandbox's world is made."""
