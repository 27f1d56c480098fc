"""A receiver for Janus's event handlers: what the whole server does, as events of a log."""

from janus_notebook.monitor.monitor import Monitor

__all__ = ["Monitor"]
