"""`RoomSubscriber`: one subscription to any number of feeds of a room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from janus_notebook.errors import (
    JanusError,
    JanusMediaError,
    JanusOptionError,
    JanusStateError,
    JanusTimeoutError,
    JanusVersionError,
)
from janus_notebook.plugins.requests import Id
from janus_notebook.plugins.videoroom.parameters import ConfigureStream, SubscribeStream, UnsubscribeStream
from janus_notebook.plugins.videoroom.plugin import JanusVideoRoomPlugin
from janus_notebook.plugins.videoroom.replies import (
    RoomDone,
    RoomJoined,
    RoomSubscription,
    RoomSwitched,
    SubscribedStream,
)
from janus_notebook.plugins.videoroom.room import Participant
from janus_notebook.texts import BLOCK_LIMIT, clean

if TYPE_CHECKING:
    from janus_notebook.client.session import JanusSession
    from janus_notebook.media import ReceivedTrack
    from janus_notebook.plugins.videoroom.room import RoomView

__all__ = ["RoomSubscriber"]

# How long `close` waits for a change that is under way.
SETTLE_SECONDS = 3.0

Wanted = dict[Id, frozenset[str] | None]
Feeds = Iterable[Id | Participant] | Mapping[Id, Iterable[str] | None]


class RoomSubscriber:
    """Receives feeds of a room over one PeerConnection, on a handle of its own.

    ::

        subscriber = await room.subscriber()
        await subscriber.set(room.view.feeds)
        feed = room.view.feeds[0]
        frame = await subscriber.track(feed, "video").snapshot()

    Every offer of Janus is answered, also those it sends by itself when a feed goes. Should the
    PeerConnection break, the next `set` makes a new one, and so does a `set` after `close`: it attaches a
    new handle, which another `close` detaches. When the room was destroyed, as `view` tells, it is over.
    Only one change is under way at a time.

    Args:
        session: the session to attach the handle to.
        room: the room.
        private_id: of the publisher it belongs to, where the room asks for it.
        pin: the room's pin, if it has one.
        token: a token of the room's ``allowed`` list, or a signed one.
        view: the view of somebody who has joined the room. It tells what the feeds consist of, who has
            left or was kicked, and that the room was destroyed: of that Janus says nothing to a subscriber.
        ice_servers: STUN and TURN servers; none by default.

    Attributes:
        handle: the handle (`JanusVideoRoomPlugin`), attached by the first `set`.
        room: the room.
    """

    def __init__(
        self,
        session: JanusSession,
        *,
        room: Id,
        private_id: int | None = None,
        pin: str | None = None,
        token: str | None = None,
        view: RoomView | None = None,
        ice_servers: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        self.session = session
        self.room = room
        self.handle = JanusVideoRoomPlugin()
        self._private_id = private_id
        self._pin = pin
        self._token = token
        self._view = view
        self._destructions = view.destructions(room) if view is not None else 0
        self._ice_servers = tuple(ice_servers)
        self._joined = False
        self._last: Wanted = {}  # what was asked for last
        self._stops: dict[Id, int] = {}  # how often each feed had stopped when it was subscribed to
        self._turn = asyncio.Lock()

    def __repr__(self) -> str:
        feeds = "; ".join(
            f"{feed!r}: {', '.join(f'{stream.type} (mid {stream.mid})' for stream in streams)}"
            for feed, streams in self.feeds.items()
        )
        state = "which was destroyed" if self._is_over() else self.handle.state
        return clean(f"<RoomSubscriber of room {self.room!r}, {state}: {feeds or 'no feeds'}>", BLOCK_LIMIT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    # -- what is known ------------------------------------------------------------------------

    @property
    def streams(self) -> dict[str, SubscribedStream]:
        """What each mid shows: feed, the publisher's mid, type, display, whether it is active."""
        return self.handle.subscribed

    @property
    def feeds(self) -> dict[Id, tuple[SubscribedStream, ...]]:
        """What is received, by feed; not what has stopped, as far as Janus or `view` says so."""
        found: dict[Id, tuple[SubscribedStream, ...]] = {}
        for stream in self.streams.values():
            for feed in _feeds_of(stream):
                if not self._has_stopped(feed):
                    found[feed] = (*found.get(feed, ()), stream)
        return found

    def stream(self, feed: Id | Participant, which: str = "video") -> SubscribedStream:
        """The stream of a feed: the first of a kind (``"audio"``, ``"video"``), or by the publisher's mid.

        Raises:
            JanusMediaError: it is not received; names what is.
        """
        wanted = _id_of(feed)
        for stream in self.feeds.get(wanted, ()):
            if which in (stream.type, stream.feed_mid):
                return stream
        hint = (
            f"Name the feed first: track(feed, {wanted!r})." if wanted in ("audio", "video", "data") else ""
        )
        raise JanusMediaError(f"no {which!r} of feed {wanted!r} is received: {self!r}", hint=hint)

    def track(self, feed: Id | Participant, which: str = "video") -> ReceivedTrack:
        """The received track of a feed; `which` as in `stream`. ``await track.snapshot()`` gives a frame.

        Raises:
            JanusMediaError: it is not received; names what is.
            JanusStateError: nothing was subscribed to yet.
        """
        return self.handle.track(self.stream(feed, which).mid)

    async def changed(self, timeout: float | None = None) -> Self:
        """Wait until something else is received, and return the subscriber.

        Raises:
            JanusTimeoutError: nothing changed within `timeout` seconds (None waits without end).
        """
        await self._wait(self.handle.subscription_bell.count, timeout, "nothing changed in the subscription")
        return self

    # -- changing it --------------------------------------------------------------------------

    async def set(self, feeds: Feeds, *, timeout: float = 15.0) -> dict[Id, tuple[SubscribedStream, ...]]:
        """Receive these feeds and no others, with one change for all of it; nothing is sent if it is so.

        Returns when the change was negotiated.

        Args:
            feeds: ids of publishers (or the publishers of a view), or a dict with the mids that are wanted
                of each: ``{1: ["0"], 2: None}``, where None means all.
            timeout: seconds for all of it.

        Returns:
            What is received now, as `feeds`.

        Raises:
            JanusPluginError: 428 NO_SUCH_FEED for a feed that does not publish, 426 NO_SUCH_ROOM, 433
                UNAUTHORIZED for a wrong pin; nothing was changed then.
            JanusOptionError: not feeds, or a mid that the feed does not have, as far as `view` knows it.
            JanusStateError: the room was destroyed, also if there is one of this id again.
            JanusMediaError: ICE or DTLS failed.
            JanusTimeoutError: it was not done in time.
        """
        wanted = _wanted(feeds)
        deadline = asyncio.get_running_loop().time() + timeout
        try:
            async with asyncio.timeout(timeout):
                await self._turn.acquire()
        except TimeoutError as exc:
            raise JanusTimeoutError(f"an earlier change took longer than {timeout:g} s") from exc
        change = _Change(self._carry_out(wanted, deadline), self.session.on_error)
        # Once begun it goes on, also if nobody waits: an offer without an answer would block all others.
        task = self.session.spawn(change.run(), name="janus-subscribe")
        task.add_done_callback(lambda _: self._turn.release())
        await change.wait_for(task)
        return self.feeds

    async def switch(
        self, streams: Mapping[str, tuple[Id | Participant, str]], *, timeout: float | None = None
    ) -> RoomSwitched:
        """Show other feeds under the mids that are there, without a new negotiation.

        Args:
            streams: for each own mid (see `streams`) the feed and the publisher's mid that it shows from
                now on: ``{"1": (feed, "1")}``.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 428 NO_SUCH_FEED.
            JanusStateError: the room was destroyed.
        """
        async with self._turn:
            self._check_not_over()
            touched = {stream.feed_id for stream in self.streams.values() if stream.mid in streams}
            reply = await self.handle.switch(
                streams=[
                    {"feed": _id_of(feed), "mid": mid, "sub_mid": own} for own, (feed, mid) in streams.items()
                ],
                timeout=timeout,
            )
            touched |= {_id_of(feed) for feed, _ in streams.values()}
            self._last = {
                feed: self._last.get(feed, frozenset()) for feed in self.feeds if feed not in touched
            }
            return reply

    async def configure(
        self,
        feed: Id | Participant,
        which: str = "video",
        *,
        timeout: float | None = None,
        **tuning: Any,
    ) -> None:
        """Tune one stream: ``await subscriber.configure(feed, substream=0)``.

        Args:
            feed, which: the stream, as in `stream`.
            timeout: seconds; None means the session's default.
            tuning: keys of `ConfigureStream`: ``send``, ``substream``, ``temporal``, ``spatial_layer``,
                ``temporal_layer``, ``fallback``, ``min_delay``, ``max_delay``, ``keyframe``.

        Raises:
            JanusOptionError: an unknown key (names the nearest).
            JanusMediaError: it is not received.
        """
        stream: ConfigureStream = {"mid": self.stream(feed, which).mid, **tuning}  # type: ignore[typeddict-item]
        await self.handle.configure(streams=[stream], timeout=timeout)

    async def pause(self, timeout: float | None = None) -> RoomDone:
        """Let Janus send nothing until `resume`."""
        return await self.handle.pause(timeout=timeout)

    async def resume(self, timeout: float | None = None) -> RoomDone:
        """Let Janus send again after `pause`."""
        return await self.handle.start(timeout=timeout)

    async def close(self) -> None:
        """End the subscription and detach its handle. Idempotent.

        A `set` after it begins anew, on a new handle; that one wants a `close` of its own.
        """
        with suppress(TimeoutError):  # what hangs then ends with the handle
            async with asyncio.timeout(SETTLE_SECONDS), self._turn:
                while self.handle.answering:
                    await self.handle.subscription_bell.wait(self.handle.subscription_bell.count)
        await self.handle.detach()

    # -- inside -------------------------------------------------------------------------------

    async def _carry_out(self, wanted: Wanted, deadline: float) -> None:
        self._check_not_over()
        self._check_mids(wanted)
        if self.handle.state == "connected":
            await self._change(wanted, deadline)
        elif wanted:
            await self._begin(wanted, deadline)

    def _is_over(self) -> bool:
        """Whether the room was destroyed. Its subscribers' PeerConnections outlive it, and carry nothing."""
        return self._view is not None and self._view.destructions(self.room) > self._destructions

    def _check_not_over(self) -> None:
        if self._is_over():
            raise JanusStateError(
                f"room {self.room!r} was destroyed", hint="Make a new subscriber: await room.subscriber()."
            ).within(plugin=self.handle.name, handle_id=self.handle.id)

    def _check_mids(self, wanted: Wanted) -> None:
        """Refuse mids that a feed does not have, where that is known: Janus would name the feed only."""
        for feed, mids in wanted.items():
            publisher = self._view.participant(feed) if self._view is not None else None
            known = {stream.mid: stream.type for stream in publisher.streams} if publisher is not None else {}
            unknown = sorted((mids or frozenset()) - known.keys(), key=str)
            if known and unknown:
                raise JanusOptionError(
                    f"feed {feed!r} has no mid {unknown[0]!r}",
                    hint=f"It has {', '.join(f'{mid!r} ({kind})' for mid, kind in known.items())}.",
                ).within(plugin=self.handle.name, handle_id=self.handle.id)

    async def _begin(self, wanted: Wanted, deadline: float) -> None:
        """Attach and join; a handle whose PeerConnection has ended can't be used again."""
        if self._joined:
            await self.handle.detach()
        await self.handle.attach(self.session)
        self._joined = False
        self._stops = self._stops_of(wanted)
        joined = await self.handle.join(
            room=self.room,
            ptype="subscriber",
            streams=[stream for feed, mids in wanted.items() for stream in _streams_of(feed, mids)],
            private_id=self._private_id,
            pin=self._pin,
            token=self._token,
            timeout=_left(deadline),
        )
        self._joined = True
        self._last = wanted
        await self._answer(joined, deadline)

    async def _change(self, wanted: Wanted, deadline: float) -> None:
        """Subscribe to what is missing and unsubscribe from what is too much."""
        subscribe, unsubscribe = self._difference(wanted)
        if not subscribe and not unsubscribe:
            self._last = wanted
            return
        since = self.handle.subscription_bell.count
        left = _left(deadline)
        stops = self._stops_of(stream["feed"] for stream in subscribe)
        try:
            reply = await self.handle.update(
                subscribe=subscribe or None, unsubscribe=unsubscribe or None, timeout=left
            )
        except JanusVersionError:
            if unsubscribe:
                reply = await self.handle.unsubscribe(streams=unsubscribe, timeout=left)
                await self._answer(reply, deadline)
            if subscribe:
                reply = await self.handle.subscribe(streams=subscribe, timeout=_left(deadline))
        self._last = wanted
        self._stops |= stops
        await self._answer(reply, deadline)
        if reply.videoroom == "updating":
            await self._offered(since, subscribe, unsubscribe, deadline)

    async def _answer(self, reply: RoomJoined | RoomSubscription, deadline: float) -> None:
        if reply.jsep is not None:
            await self.handle.answer(reply.jsep, ice_servers=self._ice_servers, timeout=_left(deadline))

    async def _offered(
        self,
        since: int,
        subscribe: Sequence[SubscribeStream],
        unsubscribe: Sequence[UnsubscribeStream],
        deadline: float,
    ) -> None:
        """Wait for the offer that Janus makes of a change while another offer waits for its answer."""

        def done() -> bool:
            received = {feed: self._mids(feed, streams) for feed, streams in self.feeds.items()}
            return all(
                stream["feed"] in received and stream.get("mid", "") in {"", *received[stream["feed"]]}
                for stream in subscribe
            ) and not any(
                stream["feed"] in received and stream.get("mid", "") in {"", *received[stream["feed"]]}
                for stream in unsubscribe
                if "feed" in stream and {**stream} not in subscribe
            )

        while not done() or self.handle.answering:
            await self._wait(since, _left(deadline), "Janus did not confirm the change of the subscription")
            since = self.handle.subscription_bell.count

    async def _wait(self, since: int, timeout: float | None, why_not: str) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self.handle.subscription_bell.wait(since)
        except TimeoutError as exc:
            raise JanusTimeoutError(f"{why_not} within {timeout:g} s").within(
                plugin=self.handle.name, handle_id=self.handle.id
            ) from exc

    def _difference(self, wanted: Wanted) -> tuple[list[SubscribeStream], list[UnsubscribeStream]]:
        subscribe: list[SubscribeStream] = []
        unsubscribe: list[UnsubscribeStream] = []
        received = self.feeds
        unsubscribe += [{"feed": feed} for feed in received if feed not in wanted]
        # By the own mid: Janus may know the feed no more, or another one by that id.
        unsubscribe += [
            {"sub_mid": stream.mid}
            for stream in self.streams.values()
            if stream.feed_id is not None and self._has_stopped(stream.feed_id)
        ]
        for feed, mids in wanted.items():
            have = self._mids(feed, received.get(feed, ()))
            published = self._mids_published(feed)
            if mids is not None:
                subscribe += [{"feed": feed, "mid": mid} for mid in sorted(mids - have)]
                unsubscribe += [{"feed": feed, "mid": mid} for mid in sorted(have - mids)]
            elif not have:
                subscribe.append({"feed": feed})
            elif published is not None:
                subscribe += [{"feed": feed, "mid": mid} for mid in sorted(published - have)]
            elif self._last.get(feed, frozenset()) is not None:
                # Nobody here can say what is missing. Janus ends the old before it adds the new.
                unsubscribe.append({"feed": feed})
                subscribe.append({"feed": feed})
        return subscribe, unsubscribe

    def _stops_of(self, feeds: Iterable[Id]) -> dict[Id, int]:
        return {feed: self._view.stops(feed) for feed in feeds} if self._view is not None else {}

    def _has_stopped(self, feed: Id) -> bool:
        """Whether a feed has stopped since it was subscribed to; it may have begun again.

        Janus makes an offer when somebody unpublishes or detaches, not when somebody leaves or is kicked.
        """
        if self._is_over():
            return True
        return self._view is not None and self._view.stops(feed) > self._stops.get(feed, 0)

    def _mids_published(self, feed: Id) -> frozenset[str] | None:
        """The mids that a feed publishes; None if that is not known."""
        publisher = self._view.participant(feed) if self._view is not None else None
        if publisher is None or not publisher.streams:
            return None
        return frozenset(stream.mid for stream in publisher.streams if not stream.disabled)

    def _mids(self, feed: Id, streams: Iterable[SubscribedStream]) -> frozenset[str]:
        """The publisher's mids of what is received of a feed."""
        streams = tuple(streams)
        mids = {stream.feed_mid for stream in streams if stream.feed_mid}
        if any(stream.type == "data" for stream in streams):
            # Data of all feeds share a mid, and Janus does not say what theirs are.
            publisher = self._view.participant(feed) if self._view is not None else None
            if publisher is not None:
                mids |= {stream.mid for stream in publisher.streams if stream.type == "data"}
            else:
                mids |= self._last.get(feed) or frozenset()
        return frozenset(mids)


class _Change:
    """Work that goes on when its caller gives up; its error then is recorded instead of raised."""

    def __init__(self, work: Coroutine[Any, Any, None], on_error: Callable[[JanusError], None]) -> None:
        self._work = work
        self._on_error = on_error
        self._error: JanusError | None = None
        self._alone = False

    async def run(self) -> None:
        try:
            await self._work
        except JanusError as exc:
            self._error = exc
            if self._alone:
                self._on_error(exc)

    async def wait_for(self, task: asyncio.Task[None]) -> None:
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            self._alone = True
            raise
        if self._error is not None:
            raise self._error


def _left(deadline: float) -> float:
    return max(deadline - asyncio.get_running_loop().time(), 0.001)


def _id_of(feed: Id | Participant) -> Id:
    found = feed.id if isinstance(feed, Participant) else feed
    if isinstance(found, bool) or not isinstance(found, int | str):
        raise JanusOptionError(
            f"not a feed: {found!r}", hint="Give ids of publishers, or those of room.view.publishers."
        )
    return found


def _wanted(feeds: Feeds) -> Wanted:
    hint = "For example set([1, 2]), set(room.view.feeds), or set({1: ['0'], 2: None})."
    if isinstance(feeds, str) or not isinstance(feeds, Iterable):
        raise JanusOptionError(f"feeds must be a list or a dict, not {feeds!r}", hint=hint)
    if not isinstance(feeds, Mapping):
        return dict.fromkeys(map(_id_of, feeds))
    wanted: Wanted = {}
    for feed, mids in feeds.items():
        if isinstance(mids, str) or not isinstance(mids, Iterable | None):
            raise JanusOptionError(f"the mids of a feed must be a list or None, not {mids!r}", hint=hint)
        chosen = None if mids is None else frozenset(mids)
        if chosen is None or chosen:  # no mids at all are no feed
            wanted[_id_of(feed)] = chosen
    return wanted


def _streams_of(feed: Id, mids: frozenset[str] | None) -> list[SubscribeStream]:
    return [{"feed": feed}] if mids is None else [{"feed": feed, "mid": mid} for mid in sorted(mids)]


def _feeds_of(stream: SubscribedStream) -> tuple[Id, ...]:
    return stream.source_ids if stream.feed_id is None else (stream.feed_id,)
