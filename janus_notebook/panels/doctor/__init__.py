"""The doctor's panel: every step of an examination, and the browser's own part of it."""
