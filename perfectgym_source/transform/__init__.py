"""From the rows of a page to typed Arrow tables."""
