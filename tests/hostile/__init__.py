"""Text of peers and servers that wants to be more than text, through everything that shows it."""
