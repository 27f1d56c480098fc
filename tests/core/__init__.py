"""One suite for the core: the same tests over every transport, with every kind of authentication."""
