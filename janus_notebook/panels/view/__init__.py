"""The panel that shows received video."""
