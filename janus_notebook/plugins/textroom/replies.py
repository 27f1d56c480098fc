"""TextRoom's answers, over the Janus API and over the data channel."""

from __future__ import annotations

import msgspec

from janus_notebook.client.replies import PluginReply
from janus_notebook.client.requests import Id
from janus_notebook.protocol.typed import Record

__all__ = [
    "TextAllowed",
    "TextAnswer",
    "TextJoined",
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


class TextAnswer(PluginReply, frozen=True, kw_only=True):
    """An answer that says no more than that it was done.

    Attributes:
        textroom: ``success``; "" from Janus 1.1.2's `kick`, which misspells the key.
    """

    textroom: str = ""


class TextSignalled(PluginReply, frozen=True, kw_only=True):
    """The answer to `setup`, `ack` and `restart`; the first and the last carry an offer (`jsep`).

    Attributes:
        textroom: ``event``.
        result: ``ok``.
    """

    textroom: str = ""
    result: str = ""


class TextRoomInfo(Record, frozen=True, kw_only=True):
    """A room in the list of rooms.

    Attributes:
        room: its id.
        description: a text for people.
        pin_required: whether a PIN is needed to join.
        num_participants: how many are in it.
        history: how many messages it keeps for those who come later.
    """

    room: Id
    description: str = ""
    pin_required: bool = False
    num_participants: int = 0
    history: int = 0


class TextRoomList(PluginReply, frozen=True, kw_only=True):
    """The answer to `list`.

    Attributes:
        textroom: ``success``.
        rooms: the rooms (Janus's ``list``).
    """

    textroom: str = ""
    rooms: tuple[TextRoomInfo, ...] = msgspec.field(name="list", default=())


class TextParticipant(Record, frozen=True, kw_only=True):
    """Somebody in a room.

    Attributes:
        username: unique in the room.
        display: the name to show; None if there is none.
    """

    username: str
    display: str | None = None


class TextParticipants(PluginReply, frozen=True, kw_only=True):
    """The answer to `listparticipants`.

    Attributes:
        room: its id.
        participants: who is in it.
    """

    room: Id = 0
    participants: tuple[TextParticipant, ...] = ()


class TextRoomExists(PluginReply, frozen=True, kw_only=True):
    """The answer to `exists`.

    Attributes:
        room: the id that was asked for.
        exists: whether there is such a room.
    """

    room: Id = 0
    exists: bool = False


class TextRoomCreated(PluginReply, frozen=True, kw_only=True):
    """The answer to `create`.

    Attributes:
        room: its id.
        permanent: whether it was written to the server's configuration.
    """

    room: Id = 0
    permanent: bool = False


class TextRoomEdited(PluginReply, frozen=True, kw_only=True):
    """The answer to `edit`.

    Attributes:
        room: its id.
        permanent: whether the change was written to the server's configuration.
    """

    room: Id = 0
    permanent: bool = False


class TextRoomDestroyed(PluginReply, frozen=True, kw_only=True):
    """The answer to `destroy`.

    Attributes:
        room: its id.
        permanent: whether it was taken out of the server's configuration.
    """

    room: Id = 0
    permanent: bool = False


class TextAllowed(PluginReply, frozen=True, kw_only=True):
    """The answer to `allowed`.

    Attributes:
        room: its id.
        allowed: the tokens that may join now.
    """

    room: Id = 0
    allowed: tuple[str, ...] = ()


class TextJoined(PluginReply, frozen=True, kw_only=True):
    """The answer to `join`.

    Attributes:
        room: its id; 0 from a server that does not repeat it.
        participants: who was in the room before.
    """

    room: Id = 0
    participants: tuple[TextParticipant, ...] = ()


class TextMessageSent(PluginReply, frozen=True, kw_only=True):
    """The acknowledgement of a message.

    Attributes:
        room: its id; 0 from a server that does not repeat it.
        sent: for a message to certain people, whether each of them is in the room and was sent it.
    """

    room: Id = 0
    sent: dict[str, bool] = msgspec.field(default_factory=dict)
