"""The client as notebook users hold it: the same verbs, answered by a `Call` from the background loop."""
