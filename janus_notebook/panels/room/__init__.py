"""The panel of a VideoRoom, as somebody in it sees it."""
