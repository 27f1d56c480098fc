"""The same conversation with the practice gateway and with the real Janus, as two transcripts to compare."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from janus_notebook.gateway.practice import sdp
from tests.gateway.practice.speaker import speaking

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.gateway.practice.speaker import Handle, Message, Speaker

TRANSPORT = (
    "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=setup:actpass\r\na=fingerprint:sha-256 "
    + ":".join(["AB"] * 32)
    + "\r\n"
)
SESSION = "v=0\r\no=- 1234 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
AUDIO = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 96 9 0 8\r\nc=IN IP4 0.0.0.0\r\na=sendrecv\r\na=mid:0\r\na=rtcp-mux\r\n"
    "a=rtpmap:96 opus/48000/2\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
) + TRANSPORT
VIDEO = (
    "m=video 9 UDP/TLS/RTP/SAVPF 97 98 99\r\nc=IN IP4 0.0.0.0\r\na=sendrecv\r\na=mid:1\r\na=rtcp-mux\r\n"
    "a=rtpmap:97 VP8/90000\r\na=rtpmap:98 rtx/90000\r\na=fmtp:98 apt=97\r\na=rtpmap:99 H264/90000\r\n"
    "a=fmtp:99 packetization-mode=1;profile-level-id=42e01f\r\n"
) + TRANSPORT
DATA = (
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\na=sctp-port:5000\r\n"
) + TRANSPORT
OFFER = SESSION + "a=group:BUNDLE 0 1\r\n" + AUDIO + VIDEO

# Who speaks; a body, a verb of the core, or "hung up" to wait for that event; and what comes as jsep:
# "offer", "answer" to the last offer, "media" for an offer whose media are really sent, or an SDP.
Step = tuple[str, Any] | tuple[str, Any, str]

LARGEST_CHOSEN = 10_000_000  # ids above it were chosen by the gateway
CORE_EVENTS = ("hangup", "detached", "webrtcup")


@dataclass
class Transcript:
    """What was answered, in order, and what each handle was sent without having asked, by handle."""

    replies: list[Any] = field(default_factory=list)
    events: dict[str, list[Any]] = field(default_factory=dict)


async def converse(
    url: str, plugin: str, steps: Iterable[Step], *, like: Transcript | None = None, media: bool = False
) -> Transcript:
    """Have a conversation.

    Args:
        url: of the gateway.
        plugin: what every handle is attached to.
        steps: in order; a handle is attached when it first speaks.
        like: another transcript; wait until as many events have come as there.
        media: whether "media" offers are connected, and awaited; else they are offers only.
    """
    async with speaking(url) as speaker, AsyncExitStack() as stack:
        handles: dict[str, Handle] = {}
        transcript = Transcript()
        for who, what, *jsep in steps:
            if who not in handles:
                handles[who] = await speaker.attach(plugin)
            reply = await _step(speaker, handles[who], what, jsep[0] if jsep else "", stack, media)
            transcript.replies.append((who, what, normalised(reply)))
        if like is not None:
            await _as_many(speaker, handles, like)
        transcript.events = {who: _events(handle) for who, handle in handles.items()}
        return transcript


async def _step(
    speaker: Speaker, handle: Handle, what: Any, jsep: str, stack: AsyncExitStack, media: bool
) -> Message:
    if what == "hung up":
        return await speaker.wait(lambda m: m["janus"] == "hangup" and m["sender"] == handle.id)
    if isinstance(what, str):
        reply = await handle.ask(what)
        if what == "detach":  # Janus tells the others later, and says so to this one last
            await speaker.wait(lambda m: m["janus"] == "detached" and m["sender"] == handle.id)
        return reply
    if jsep != "media":
        return await handle.request(what, described(handle, jsep))
    from janus_notebook.media import Peer

    peer = Peer()
    stack.push_async_callback(peer.close)
    since, old = len(speaker.heard), len(handle.events("trickle"))
    reply = await handle.request(what, await peer.offer(video="pattern", audio="tone"))
    if media:
        await handle.ask("trickle", candidates=peer.candidates())
        await speaker.wait(lambda m: m["janus"] == "trickle" and "completed" in m["candidate"], since)
        for event in handle.events("trickle")[old:]:
            await peer.add_candidate(event["candidate"])
        await peer.accept(reply["jsep"])
        await speaker.wait(lambda m: m["janus"] == "webrtcup" and m["sender"] == handle.id, since)
    return reply


def described(handle: Handle, jsep: str) -> Message | None:
    """Return the ``jsep`` of a step."""
    if jsep == "answer":
        offers = [m["jsep"] for m in handle.speaker.heard if m.get("sender") == handle.id and m.get("jsep")]
        text = offers[-1]["sdp"].replace("a=sendonly", "a=recvonly").replace("actpass", "active")
        return {"type": "answer", "sdp": text}
    return {"type": "offer", "sdp": OFFER if jsep == "offer" else jsep} if jsep else None


async def _as_many(speaker: Speaker, handles: dict[str, Handle], like: Transcript) -> None:
    """Wait until there are as many events as in another transcript."""

    def missing() -> bool:
        return any(len(_events(handles[who])) < len(events) for who, events in like.events.items())

    await speaker.wait(lambda _: not missing())


def _events(handle: Handle) -> list[Any]:
    """Return what a handle was sent without having asked, in any order that can be compared."""
    plugin = [normalised(message) for message in handle.events()]
    core = [(kind, message.get("reason")) for kind in CORE_EVENTS[:2] for message in handle.events(kind)]
    # Janus may or may not get round to it before the handle is gone.
    core = [event for event in core if event != ("hangup", "Detach")]
    return sorted([*plugin, *core], key=repr)


def normalised(message: Message) -> Any:
    """Return an answer or event without what differs from one run to the next."""
    data = message.get("plugindata", {}).get("data")
    short: dict[str, Any] = {"janus": message["janus"]}
    if "error" in message:
        short["error"] = message["error"]
    if data is not None:
        short["data"] = _plain(data)
    if message.get("jsep"):
        short["jsep"] = (message["jsep"]["type"], _outline(message["jsep"]["sdp"]))
    return short


def _plain(value: Any) -> Any:
    """Name the ids that the gateway chose; leave out what only media tell."""
    if isinstance(value, dict):
        return {
            key: "<chosen>" if key == "private_id" else _plain(item)
            for key, item in value.items()
            if key != "talking"
        }
    if isinstance(value, list):
        items = [_plain(item) for item in value]
        # Janus lists rooms and people in no order, streams in theirs.
        return sorted(items, key=_name) if items and _name(items[0]) is not None else items
    if type(value) is int and value > LARGEST_CHOSEN:
        return "<chosen>"
    return value


def _name(item: object) -> Any:
    return (
        next((item[key] for key in ("id", "room") if key in item), None) if isinstance(item, dict) else None
    )


def _outline(text: str) -> list[Any]:
    """Return what a description says: for each section its kind, mid, direction and codecs."""
    description = sdp.parsed(text)
    return [
        (s.kind, s.mid, "rejected" if s.rejected else s.direction, sorted(s.codecs()))
        for s in description.sections
    ]
