"""Janus's protocol without I/O: messages, events, and the router. Feed in, effects out.

Nothing here awaits, opens a socket or reads a clock, so that any fault replays as a list of messages.
"""
