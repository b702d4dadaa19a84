"""Read the partitions of one endpoint, and route their rows."""
