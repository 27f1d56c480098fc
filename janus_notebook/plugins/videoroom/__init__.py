"""The VideoRoom plugin: rooms in which everybody may publish, and subscribe to who publishes.

Source: "VideoRoom plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

from janus_notebook.plugins.videoroom.plugin import JanusVideoRoomPlugin
from janus_notebook.plugins.videoroom.room import Participant, RoomView
from janus_notebook.plugins.videoroom.subscriber import RoomSubscriber

__all__ = ["JanusVideoRoomPlugin", "Participant", "RoomSubscriber", "RoomView"]
