"""Compare the tables with the API, and repair what differs."""
