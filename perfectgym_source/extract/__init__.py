"""Read the API: which endpoints, for which partitions, from which cursor, side by side."""
