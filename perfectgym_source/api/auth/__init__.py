"""Sign requests: the password grant with its tokens, and key headers."""
