"""Work with the Janus WebRTC server from Python, in a notebook or out of it."""
