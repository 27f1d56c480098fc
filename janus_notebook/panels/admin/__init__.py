"""The panel of a server's Admin API."""
