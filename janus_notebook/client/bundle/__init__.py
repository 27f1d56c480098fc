"""The support bundle: all that is known of a session, without its secrets, in one file for a bug report."""
