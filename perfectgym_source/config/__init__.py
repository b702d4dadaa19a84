"""dlt's configuration, read once at the edge into typed objects, and checked."""
