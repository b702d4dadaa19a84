"""Pages and lists: what brings the next page, and when a list is known to be complete."""
