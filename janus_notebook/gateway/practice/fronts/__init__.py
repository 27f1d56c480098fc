"""The transports of a practice gateway: each listens, and turns what it reads into requests."""
