"""The panel of a plugin handle."""
