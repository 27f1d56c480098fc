"""An in-process gateway that speaks the Janus API, for machines without Janus and for tests."""
