"""`JanusTextRoomPlugin`: the handle, with a method for each request."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from janus_notebook.client.deadlines import check_seconds
from janus_notebook.client.replies import PluginReply
from janus_notebook.client.requests import Extra, Id, body_of, request
from janus_notebook.errors import JanusOptionError, JanusStateError
from janus_notebook.plugins.textroom.conversation import Conversation
from janus_notebook.plugins.textroom.events import DETAILS
from janus_notebook.plugins.textroom.replies import (
    TextAllowed,
    TextAnswer,
    TextJoined,
    TextMessageSent,
    TextParticipants,
    TextRoomCreated,
    TextRoomDestroyed,
    TextRoomEdited,
    TextRoomExists,
    TextRoomList,
    TextSignalled,
)
from janus_notebook.plugins.textroom.rooms import JoinedRoom, JoinedRooms
from janus_notebook.plugins.webrtc import WebRtcPlugin
from janus_notebook.protocol.events import DataEvent, HangupEvent, JanusEvent
from janus_notebook.protocol.messages import Message

if TYPE_CHECKING:
    from janus_notebook.client.session import JanusSession

__all__ = ["JanusTextRoomPlugin"]

# Janus answers on the channel of this name, whatever others there are.
LABEL = "JanusDataChannel"

# For ICE, DTLS and the data channel, as in `WebRtcPlugin.publish`.
SETUP_SECONDS = 15.0

R = TypeVar("R", bound=PluginReply)


class JanusTextRoomPlugin(WebRtcPlugin):
    """A handle on TextRoom (``janus.plugin.textroom``).

    A handle is set up once: when its PeerConnection has ended, another handle is needed. To write needs
    the ``media`` extra, to manage rooms does not. ::

        await text.join(room=1234, username="me")
        await text.message(room=1234, text="hello")
        text.rooms[1234].messages                   # what was written so far
        async for event in text.events(["message"]):
            print(event.detail.sender, event.detail.text)
    """

    plugin_name: ClassVar[str] = "janus.plugin.textroom"
    begins_media = "join()"
    details = DETAILS

    def __init__(self, name: str | None = None, *, opaque_id: str | None = None) -> None:
        super().__init__(name, opaque_id=opaque_id)
        self._rooms = JoinedRooms()
        self._conversation: Conversation | None = None
        self._set_up: TextSignalled | None = None
        self._setting_up = asyncio.Lock()

    @property
    def rooms(self) -> Mapping[Id, JoinedRoom]:
        """The rooms that this handle is in, by id, each with who is in it now, and what was written.

        Right after every join, leave, kick and message, and empty once the data channel is closed.
        """
        return self._rooms.now

    # -- rooms, over the Janus API ----------------------------------------------------------------

    @request()
    async def list(
        self, *, admin_key: str | None = None, extra: Extra = None, timeout: float | None = None
    ) -> TextRoomList:
        """List the rooms.

        Args:
            admin_key: the server's key; with it private rooms are listed too.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 419 UNAUTHORIZED for a wrong key.
        """
        return await self._ask("list", TextRoomList, locals())

    @request()
    async def listparticipants(
        self, *, room: Id, extra: Extra = None, timeout: float | None = None
    ) -> TextParticipants:
        """List who is in a room; one need not be in it.

        Args:
            room: its id.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 417 NO_SUCH_ROOM.
        """
        return await self._ask("listparticipants", TextParticipants, locals())

    @request()
    async def exists(self, *, room: Id, extra: Extra = None, timeout: float | None = None) -> TextRoomExists:
        """Ask whether a room exists, private ones too.

        Args:
            room: its id.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("exists", TextRoomExists, locals())

    @request()
    async def create(
        self,
        *,
        room: Id | None = None,
        description: str | None = None,
        secret: str | None = None,
        pin: str | None = None,
        is_private: bool | None = None,
        history: int | None = None,
        allowed: Sequence[str] | None = None,
        post: str | None = None,
        permanent: bool | None = None,
        admin_key: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> TextRoomCreated:
        """Make a room.

        Args:
            room: its id; the server makes one up if it is not given.
            description: a text for people.
            secret: what `edit`, `destroy`, `kick`, `allowed` and `announcement` will ask for.
            pin: what `join` will ask for.
            is_private: keep it out of `list`.
            history: how many messages are kept for those who join later; none by default.
            allowed: tokens, one of which `join` will ask for.
            post: an HTTP address that the server posts each message to.
            permanent: write it to the server's configuration file, so that it survives a restart.
            admin_key: the server's key, where it lets only those who have it make rooms.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 418 ROOM_EXISTS, 419 UNAUTHORIZED (a missing or wrong `admin_key`), 414
                INVALID_ELEMENT, 499 UNKNOWN_ERROR (it could not be written).
        """
        return await self._ask("create", TextRoomCreated, locals())

    @request()
    async def edit(
        self,
        *,
        room: Id,
        secret: str | None = None,
        new_description: str | None = None,
        new_secret: str | None = None,
        new_pin: str | None = None,
        new_is_private: bool | None = None,
        new_post: str | None = None,
        permanent: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> TextRoomEdited:
        """Change a room; what is not given stays. Those who are in it are not told.

        Args:
            room: its id.
            secret: its secret, where it has one.
            new_description: a text for people.
            new_secret: the secret from now on.
            new_pin: the PIN from now on.
            new_is_private: whether it is kept out of `list`.
            new_post: the address that messages are posted to.
            permanent: write the change to the server's configuration file.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 417 NO_SUCH_ROOM, 419 UNAUTHORIZED (a missing or wrong `secret`).
        """
        return await self._ask("edit", TextRoomEdited, locals())

    @request()
    async def destroy(
        self,
        *,
        room: Id,
        secret: str | None = None,
        permanent: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> TextRoomDestroyed:
        """Destroy a room; those who are in it are told by ``destroyed``.

        Args:
            room: its id.
            secret: its secret, where it has one.
            permanent: take it out of the server's configuration file too.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 417 NO_SUCH_ROOM, 419 UNAUTHORIZED (a missing or wrong `secret`).
        """
        return await self._ask("destroy", TextRoomDestroyed, locals())

    @request()
    async def allowed(
        self,
        *,
        room: Id,
        action: str,
        allowed: Sequence[str] | None = None,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> TextAllowed:
        """Change by which tokens a room may be joined.

        Args:
            room: its id.
            action: ``enable`` or ``disable`` the check of tokens, ``add`` or ``remove`` some.
            allowed: the tokens to add or remove.
            secret: the room's secret, where it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 414 INVALID_ELEMENT (no such action, or a token that is no text), 417
                NO_SUCH_ROOM, 419 UNAUTHORIZED (a missing or wrong `secret`).
        """
        return await self._ask("allowed", TextAllowed, locals())

    @request()
    async def kick(
        self,
        *,
        room: Id,
        username: str,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> TextAnswer:
        """Remove somebody from a room; all in it are told by ``kicked``, that one too.

        Args:
            room: its id.
            username: who.
            secret: the room's secret, where it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 417 NO_SUCH_ROOM, 419 UNAUTHORIZED (a missing or wrong `secret`), 423
                NO_SUCH_USER.
        """
        return await self._ask("kick", TextAnswer, locals())

    @request()
    async def announcement(
        self,
        *,
        room: Id,
        text: str,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> TextAnswer:
        """Write to all in a room without being in it; they get ``announcement``.

        Args:
            room: its id.
            text: what to say.
            secret: the room's secret, where it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 417 NO_SUCH_ROOM, 419 UNAUTHORIZED (a missing or wrong `secret`).
        """
        return await self._ask("announcement", TextAnswer, locals())

    # -- the data channel -------------------------------------------------------------------------

    @request()
    async def setup(
        self,
        *,
        connect: bool = True,
        ice_servers: Iterable[Mapping[str, Any]] = (),
        extra: Extra = None,
        timeout: float | None = None,
    ) -> TextSignalled:
        """Make the data channel: Janus offers, our peer answers, and the channel is open when it returns.

        `join` does it by itself where it was not done. While the channel is open a second call changes
        nothing and returns the same answer.

        Args:
            connect: False only asks for Janus's offer (`PluginReply.jsep`), for a PeerConnection of your
                own: its answer goes into `ack`, and the messages over its channel are yours to read and
                to write.
            ice_servers: STUN and TURN servers (``{"urls", "username", "credential"}``). None by
                default: no public server is asked.
            extra: further parameters that a newer server knows.
            timeout: seconds for all of it; None means 15, or without `connect` the session's default.

        Raises:
            JanusPluginError: 416 ALREADY_SETUP: this handle was set up before.
            JanusStateError: it was, here, and its PeerConnection has ended: attach another handle.
            JanusMediaError, JanusTimeoutError: the data channel did not come about; attach another
                handle to try again.
        """
        ask = body_of("setup", {"extra": extra})
        if not connect:
            return await self._signal(ask, timeout)
        async with self._setting_up:
            if self._conversation is not None:
                if self._conversation.reason:
                    raise self._conversation.error().within(plugin=self.name, handle_id=self.id)
                assert self._set_up is not None
                return self._set_up
            seconds = SETUP_SECONDS if timeout is None else check_seconds("timeout", timeout)
            self._set_up = await self._connect_channel(ask, ice_servers, seconds)
            return self._set_up

    @request()
    async def ack(
        self, *, jsep: Mapping[str, Any], extra: Extra = None, timeout: float | None = None
    ) -> TextSignalled:
        """Answer the offer of `setup` or `restart`, for a PeerConnection of your own.

        Args:
            jsep: the SDP answer, ``{"type": "answer", "sdp": ...}``.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusServerError: 465 JSEP_INVALID_SDP, 469 UNEXPECTED_ANSWER (there was no offer).
        """
        return await self._ask("ack", TextSignalled, locals())

    @request()
    async def restart(self, *, extra: Extra = None, timeout: float | None = None) -> TextSignalled:
        """Restart ICE, for a PeerConnection of your own: returns a new offer, to be answered by `ack`.

        Args:
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 416 ALREADY_SETUP: strangely, that there was no `setup`.
            JanusStateError: the PeerConnection is ours; it cannot restart ICE.
        """
        if self._peer is not None:
            raise JanusStateError(
                "our own PeerConnection cannot restart ICE", hint="Attach another handle, and join again."
            ).within(plugin=self.name, handle_id=self.id)
        return await self._ask("restart", TextSignalled, locals())

    @request()
    async def join(
        self,
        *,
        room: Id,
        username: str,
        display: str | None = None,
        pin: str | None = None,
        token: str | None = None,
        history: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> TextJoined:
        """Join a room; a handle can be in several. Makes the data channel first, if there is none.

        What the room keeps of its history comes as ``message`` events, before this returns.

        Args:
            room: its id.
            username: what to be called; unique in the room.
            display: a name to show, which need not be unique.
            pin: the room's PIN, where it has one.
            token: a token, where the room asks for one.
            history: False to leave out the messages from before.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default. A `setup` has its own.

        Returns:
            Who was in the room; `rooms` has them from now on.

        Raises:
            JanusPluginError: 417 NO_SUCH_ROOM, 419 UNAUTHORIZED (a missing or wrong `pin` or `token`),
                420 USERNAME_EXISTS, 421 ALREADY_IN_ROOM.
            JanusStateError: the PeerConnection of this handle has ended: attach another one.
            JanusMediaError, JanusTimeoutError: see `setup`.
        """
        arguments = locals()
        self._attached()
        if self._conversation is None:
            await self.setup()
        return await self._talk("join", TextJoined, arguments)

    @request()
    async def leave(self, *, room: Id, extra: Extra = None, timeout: float | None = None) -> TextAnswer:
        """Leave a room.

        Args:
            room: its id.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 417 NO_SUCH_ROOM, 422 NOT_IN_ROOM.
            JanusStateError: there is no data channel.
        """
        return await self._talk("leave", TextAnswer, locals())

    @request()
    async def message(
        self,
        *,
        room: Id,
        text: str,
        to: str | None = None,
        tos: Sequence[str] | None = None,
        ack: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> TextMessageSent:
        """Write to a room that one has joined, or to some who are in it.

        Args:
            room: its id.
            text: the message; it may be anything, JSON too.
            to: write to this one only.
            tos: write to these only.
            ack: False asks for no acknowledgement: it returns once the message is sent, and what is
                wrong with it comes as an event ``error_message``.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Returns:
            The acknowledgement; `TextMessageSent.sent` tells for `to` and `tos` who is in the room.

        Raises:
            JanusPluginError: 417 NO_SUCH_ROOM, 422 NOT_IN_ROOM, 414 INVALID_ELEMENT.
            JanusOptionError: `to` is not a text, or `tos` not a list of texts.
            JanusStateError: there is no data channel.
        """
        arguments = locals()
        body = body_of("", arguments)
        _check_recipients(body)
        if body.get("ack") is not False:
            return await self._talk("message", TextMessageSent, arguments)
        await self._talking().tell("message", body, self._seconds(timeout))
        return TextMessageSent(data={}, jsep=None, raw={}, room=room)

    # -- inside -----------------------------------------------------------------------------------

    async def _connect_channel(
        self, ask: Mapping[str, Any], ice_servers: Iterable[Mapping[str, Any]], timeout: float
    ) -> TextSignalled:
        session, handle_id = self._attached()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        reply = await self._signal(ask, timeout)

        async def send(answer: Mapping[str, Any]) -> TextSignalled:
            return await self.ack(jsep=answer)

        left = max(deadline - loop.time(), 0.001)
        await self._answer(reply.jsep or {}, send, receive=(), ice_servers=ice_servers, timeout=left)
        channel = self._channel(LABEL)
        conversation = Conversation(session, handle_id, self.name, channel, self._rooms)
        try:
            await channel.opened(max(deadline - loop.time(), 0.001))
        except BaseException:
            conversation.end("it did not open")
            session.spawn(self.hangup(), name="janus-setup-undo")
            raise
        finally:
            self._conversation = conversation
        return reply

    async def _signal(self, body: Mapping[str, Any], timeout: float | None) -> TextSignalled:
        message: Message = {"janus": "message", "body": dict(body)}
        return TextSignalled.from_message(await self._send(message, timeout))

    async def _talk(self, name: str, reply: type[R], arguments: Mapping[str, Any]) -> R:
        """`_ask`, over the data channel."""
        body = body_of("", arguments)
        answer = await self._talking().ask(name, body, self._seconds(arguments.get("timeout")))
        return reply.from_message(answer)

    def _talking(self) -> Conversation:
        self._attached()
        if self._conversation is None:
            raise JanusStateError("there is no data channel yet", hint="Join a room first.").within(
                plugin=self.name, handle_id=self.id
            )
        return self._conversation

    def _seconds(self, timeout: float | None) -> float:
        session, _ = self._attached()
        return session.timeout if timeout is None else check_seconds("timeout", timeout)

    def on_event(self, event: JanusEvent) -> None:
        """Follow who is in the rooms, and the end of the PeerConnection."""
        super().on_event(event)
        if isinstance(event, DataEvent):
            self._rooms.heard(event.detail)
        elif isinstance(event, HangupEvent):
            self._hush(f"the PeerConnection was closed ({event.reason})")

    def begin(self, session: JanusSession, handle_id: int, message: Message) -> None:
        """A handle that was attached anew can be set up anew."""
        self._hush("the handle was attached anew")
        self._conversation = self._set_up = None
        super().begin(session, handle_id, message)

    def end(self, reason: str) -> None:
        """The handle is gone: nobody answers any more."""
        self._hush(reason or "the handle was detached")
        super().end(reason)

    def _hush(self, reason: str) -> None:
        if self._conversation is not None:
            self._conversation.end(reason)


def _check_recipients(body: Mapping[str, Any]) -> None:
    """Refuse what is no user name: Janus 1.1.2 crashes over it."""
    to, tos = body.get("to"), body.get("tos")
    if to is not None and not isinstance(to, str):
        raise JanusOptionError(f"to must be a user name, not {to!r}", hint="Several go into tos.")
    if tos is not None and not isinstance(tos, list | tuple):
        raise JanusOptionError(f"tos must be a list of user names, not {tos!r}", hint="One goes into to.")
    for name in tos or ():
        if not isinstance(name, str):
            raise JanusOptionError(f"tos must be a list of user names; {name!r} is none")
