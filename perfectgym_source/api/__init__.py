"""The HTTP API: sign-in, one client for all threads, responses, pages and paginators."""
