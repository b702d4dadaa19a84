"""The pace of requests: how many at a time, and how many a second."""
