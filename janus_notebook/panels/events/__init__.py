"""The event stream: a log as it grows."""
