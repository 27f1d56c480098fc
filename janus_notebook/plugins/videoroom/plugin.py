"""`JanusVideoRoomPlugin`: the requests of VideoRoom, and what follows from them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from janus_notebook.errors import JanusStateError
from janus_notebook.plugins.requests import Id
from janus_notebook.plugins.videoroom import events
from janus_notebook.plugins.videoroom.forwarding import Forwarding
from janus_notebook.plugins.videoroom.managing import Managing
from janus_notebook.plugins.videoroom.publishing import Publishing
from janus_notebook.plugins.videoroom.room import RoomView
from janus_notebook.plugins.videoroom.subscribing import Subscribing
from janus_notebook.protocol.events import HangupEvent, JanusEvent, PluginEvent
from janus_notebook.protocol.messages import Message
from janus_notebook.protocol.plugin_events import register_details

if TYPE_CHECKING:
    from janus_notebook.client.session import JanusSession
    from janus_notebook.plugins.videoroom.subscriber import RoomSubscriber

__all__ = ["JanusVideoRoomPlugin"]


class JanusVideoRoomPlugin(Managing, Forwarding, Publishing, Subscribing):
    """A handle on VideoRoom (``janus.plugin.videoroom``).

    ::

        room = JanusVideoRoomPlugin()
        await room.attach(session)
        await room.join(room=1234, display="me")
        await room.publish()
        subscriber = await room.subscriber()
        await subscriber.set(room.view.feeds)
        feed = room.view.feeds[0]
        frame = await subscriber.track(feed, "video").snapshot()

    Attributes:
        view: who is in the room that was joined, and what they publish (`RoomView`).
        subscribed: of a subscriber's handle, what each of its mids shows (`SubscribedStream`).
    """

    plugin_name: ClassVar[str] = "janus.plugin.videoroom"
    begins_media = "join() and publish()"
    details = events.DETAILS

    def __init__(self, name: str | None = None, *, opaque_id: str | None = None) -> None:
        super().__init__(name, opaque_id=opaque_id)
        # The pin and token that opened the room of `view`, for its subscribers.
        self._keys: dict[str, str] = {}
        self._secrets: dict[Id, str] = {}
        self.view.handle = self

    def secret_of(self, room: Id) -> str | None:
        """The secret that this handle has made a room with, or given it later; None if it did not."""
        return self._secrets.get(room)

    async def subscriber(
        self, *, room: Id | None = None, pin: str | None = None, token: str | None = None
    ) -> RoomSubscriber:
        """Attach a handle that subscribes to feeds of this room: ``await subscriber.set(room.view.feeds)``.

        Args:
            room: the room; None for the one that this handle has joined.
            pin: the room's pin; None for the one that this handle has joined it with, if any.
            token: a token of the room's ``allowed`` list, or a signed one; None as for `pin`.

        Raises:
            JanusStateError: this handle has joined no room, and none was given.
        """
        from janus_notebook.plugins.videoroom.subscriber import RoomSubscriber

        session, _ = self._attached()
        view = self.view if self.view.state == "joined" and room in (None, self.view.room) else None
        wanted = room if room is not None else self.view.room
        if wanted is None:
            raise JanusStateError(
                f"{self.name} has joined no room", hint="Give room=..., or join() first."
            ).within(plugin=self.name, handle_id=self.id)
        keys = self._keys if wanted == self.view.room else {}
        made = RoomSubscriber(
            session,
            room=wanted,
            private_id=view.private_id if view is not None else None,
            pin=keys.get("pin") if pin is None else pin,
            token=keys.get("token") if token is None else token,
            view=view,
        )
        await made.handle.attach(session)
        return made

    async def refresh(self, timeout: float | None = None) -> RoomView:
        """Hold `view` against Janus's own list, as after a connection that was lost for a while.

        Raises:
            JanusStateError: no room was joined.
        """
        if self.view.state != "joined" or self.view.room is None:
            raise JanusStateError(f"{self.name} is in no room", hint="join() first.").within(
                plugin=self.name, handle_id=self.id
            )
        listed = await self.listparticipants(room=self.view.room, timeout=timeout)
        self.view.correct(listed.participants)
        return self.view

    # -- following ----------------------------------------------------------------------------

    async def _send(self, message: Message, timeout: float | None) -> Message:
        """Send, and follow the answer before anything that comes after it is read."""
        session, handle_id = self._attached()
        body = message.get("body", {})
        came: list[Message] = []

        def on_reply(answer: Message) -> None:
            came.append(answer)
            self._on_answer(body, answer)

        try:
            return await session.exchange(
                {**message, "handle_id": handle_id},
                timeout,
                on_reply=on_reply,
                on_late=partial(self._on_late_answer, body),
            )
        except asyncio.CancelledError:
            for answer in came:  # it came in the instant of the cancellation
                self._answer_later(answer)
            raise

    def _on_answer(self, body: Mapping[str, Any], message: Message) -> None:
        plugindata = message.get("plugindata")
        data = plugindata.get("data") if isinstance(plugindata, dict) else None
        if isinstance(data, dict) and "error" not in data:
            if data.get("videoroom") == "joined":
                self._keys = {key: body[key] for key in ("pin", "token") if key in body}
            self._keep_secret(data, body)
            self.view.follow(data, body)
            self.follow_streams(data)
            if data.get("configured") == "ok":
                self.follow_sends(body)

    def _keep_secret(self, data: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        key = {"created": "secret", "edited": "new_secret"}.get(str(data.get("videoroom")), "")
        room, secret = data.get("room"), body.get(key)
        if isinstance(room, int | str) and isinstance(secret, str):
            self._secrets[room] = secret

    def _on_late_answer(self, body: Mapping[str, Any], message: Message) -> None:
        self._on_answer(body, message)
        self._answer_later(message)

    def _answer_later(self, message: Message) -> None:
        jsep = message.get("jsep")
        if isinstance(jsep, dict):
            self.answer_later(jsep)

    def begin(self, session: JanusSession, handle_id: int, message: Message) -> None:
        """A new handle is in no room."""
        super().begin(session, handle_id, message)
        self.view.begin()
        self._keys = {}
        self.forget_streams()

    def end(self, reason: str) -> None:
        """Without its handle one is in no room."""
        super().end(reason)
        self.view.end("left")
        self.forget_streams()

    def on_event(self, event: JanusEvent) -> None:
        """Follow the room and the subscription."""
        super().on_event(event)
        if isinstance(event, PluginEvent):
            self.view.follow(event.data)
            self.follow_streams(event.data)
        elif isinstance(event, HangupEvent):
            self.view.follow_media(up=False)
            self.forget_streams()
        elif event.kind == "webrtcup":
            self.view.follow_media(up=True)


register_details(JanusVideoRoomPlugin.plugin_name, events.detail, events.DETAILS)
