"""A handle's media in a browser page, in a cell."""
