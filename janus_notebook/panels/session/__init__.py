"""The panel of a session."""
