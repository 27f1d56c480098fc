"""The TextRoom plugin: rooms in which people write to each other, over a data channel.

Rooms are managed over the Janus API; joining, leaving and writing go over the data channel, in a dialect
of its own that these methods speak. ::

    text = JanusTextRoomPlugin()
    await text.attach(session)
    await text.join(room=1234, username="me", display="Me")
    await text.message(room=1234, text="hello")
    async for event in text.events(["message"]):
        print(event.detail.sender, event.detail.text)

Source: "TextRoom plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

from janus_notebook.plugins.textroom.events import (
    DETAILS,
    TextAnnouncement,
    TextDestroyed,
    TextError,
    TextJoin,
    TextKicked,
    TextLeave,
    TextMessage,
    detail_class,
)
from janus_notebook.plugins.textroom.plugin import JanusTextRoomPlugin
from janus_notebook.plugins.textroom.replies import (
    TextAllowed,
    TextAnswer,
    TextJoined,
    TextMessageSent,
    TextParticipant,
    TextParticipants,
    TextRoomCreated,
    TextRoomDestroyed,
    TextRoomEdited,
    TextRoomExists,
    TextRoomInfo,
    TextRoomList,
    TextSignalled,
)
from janus_notebook.plugins.textroom.rooms import JoinedRoom
from janus_notebook.protocol.plugin_events import register_details

__all__ = [
    "JanusTextRoomPlugin",
    "JoinedRoom",
    "TextAllowed",
    "TextAnnouncement",
    "TextAnswer",
    "TextDestroyed",
    "TextError",
    "TextJoin",
    "TextJoined",
    "TextKicked",
    "TextLeave",
    "TextMessage",
    "TextMessageSent",
    "TextParticipant",
    "TextParticipants",
    "TextRoomCreated",
    "TextRoomDestroyed",
    "TextRoomEdited",
    "TextRoomExists",
    "TextRoomInfo",
    "TextRoomList",
    "TextSignalled",
]

register_details(JanusTextRoomPlugin.plugin_name, detail_class, DETAILS)
