"""The endpoints and row types of the API v1, as data."""
