"""A short EchoTest: the server's ICE addresses, UDP both ways, DTLS, media there and back.

The steps follow one negotiation; each waits for its own part of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from janus_notebook.client.plugin import JanusPlugin
from janus_notebook.doctor.addresses import Candidate, candidates_in, doubt, kind_of, parsed
from janus_notebook.doctor.case import ECHOTEST, Case
from janus_notebook.doctor.results import Finding, failed, not_tried, ok, warning
from janus_notebook.errors import JanusError, JanusMediaError, JanusServerError, JanusTimeoutError

if TYPE_CHECKING:
    from janus_notebook.client.log import Subscription
    from janus_notebook.media import Peer

__all__ = ["candidates", "dtls", "echoed", "ice", "sent"]

T = TypeVar("T")

KINDS = ("audio", "video")
BODY = {"audio": True, "video": True}
# Janus gathers before it answers; what trickles comes with the answer.
GATHERING_SECONDS = 2.0
LOOK_SECONDS = 0.05
# The part of our packets that has to come back for a picture.
ENOUGH = 0.9
LARGE = "UDP packets of up to 1300 bytes (a VPN or tunnel with a smaller MTU drops them)"
PORTS = "rtp_port_range in the media section of janus.jcfg; any port without it"


async def candidates(case: Case) -> Finding:
    """Negotiate with EchoTest, and look at the addresses that Janus offers for media."""
    if ECHOTEST not in (case.server.get("plugins") or {}):
        return not_tried(f"this server has no {ECHOTEST}")
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        peer = case.peer = await asyncio.to_thread(_new_peer, case)
    except JanusMediaError as exc:
        return not_tried(exc.message)
    case.loading = loop.time() - began
    assert case.session is not None
    case.opened.push_async_callback(peer.close)
    handle = case.handle = JanusPlugin(ECHOTEST)
    await handle.attach(case.session)
    async with handle.events(["trickle", "hangup"]) as events:
        offer = await peer.offer(video="pattern", audio="tone", trickle=True)
        try:
            reply = await _unless_hung_up(handle, handle.request(BODY, offer, case.timeout))
            await handle.trickle(peer.candidates(), case.timeout)
        except JanusServerError as exc:
            return _refused(case, exc)
        except JanusTimeoutError as exc:
            return failed(
                exc.message, f"Look into the log of Janus: its {ECHOTEST} does not answer an offer."
            )
        if reply is None:
            return _no_addresses(f"Janus hung up before its answer: {handle.reason}")
        if reply.jsep is None:
            return failed(
                "EchoTest answered without an SDP",
                f"Look into the log of Janus: its {ECHOTEST} does not answer an offer with an SDP.",
            )
        offered = candidates_in(str(reply.jsep.get("sdp", "")))
        await peer.accept(reply.jsep)
        if case.server.get("full-trickle") or not offered:
            offered += await _trickled(case, events)
    if handle.state == "hungup":
        return _no_addresses(f"Janus hung up: {handle.reason or 'no reason given'}")
    seen = ", ".join(map(str, offered)) + _helpers(case)
    problem = doubt(offered, case.there)
    if problem is None:
        return ok(seen)
    case.doubt = problem.fix
    seen = problem.seen + _helpers(case)
    # What others can't use may still do from here: Janus can find the way to us by itself.
    return failed(seen, problem.fix, stops=not offered) if problem.certain else warning(seen, problem.fix)


async def _unless_hung_up(handle: JanusPlugin, asking: Coroutine[Any, Any, T]) -> T | None:
    """The answer to a request, or None if Janus hangs up first: then the answer may never come."""
    task = asyncio.create_task(asking, name="janus-doctor-request")
    async with handle.events(["hangup"]) as events:
        hangup = asyncio.create_task(anext(events), name="janus-doctor-hangup")
        try:
            await asyncio.wait([task, hangup], return_when=asyncio.FIRST_COMPLETED)
            return await task if task.done() else None
        finally:
            for one in (task, hangup):
                one.cancel()
            await asyncio.gather(task, hangup, return_exceptions=True)


def _new_peer(case: Case) -> Peer:
    """A peer connection of ours; aiortc takes a second to load, so this runs in a thread."""
    from janus_notebook.media import Peer

    return Peer(ice_servers=case.ice_servers)


def _helpers(case: Case) -> str:
    """The STUN and TURN servers that Janus says it uses."""
    named = {key: case.server[key] for key in ("stun-server", "turn-server") if case.server.get(key)}
    return "".join(f"; {key} {value}" for key, value in named.items())


def _refused(case: Case, exc: JanusServerError) -> Finding:
    """Janus can't set up a PeerConnection: in practice it found no address to gather."""
    assert case.handle is not None
    reason = case.handle.reason
    more = f" ({reason})" if reason not in exc.message else ""  # mostly the same words
    return _no_addresses(f"Janus could not set up a PeerConnection: {exc.message}{more}")


def _no_addresses(seen: str) -> Finding:
    problem = doubt([], "")
    assert problem is not None
    return failed(f"{seen}; it offers no ICE address", problem.fix)


async def _trickled(case: Case, events: Subscription) -> list[Candidate]:
    """Take the candidates that Janus trickles, until it says that these are all."""
    assert case.peer is not None
    found: list[Candidate] = []
    with suppress(TimeoutError):  # no end was told: what has come is what there is
        async with asyncio.timeout(min(GATHERING_SECONDS, case.timeout)):
            async for event in events:
                if event.kind == "hangup":
                    break
                told = event.raw.get("candidate")
                given = told if isinstance(told, dict) else {}
                candidate = parsed(str(given.get("candidate", "")))
                if candidate is not None:
                    found.append(candidate)
                with suppress(JanusMediaError):  # a text that is none
                    await case.peer.add_candidate(given)
                if given.get("completed"):
                    break
    return list(dict.fromkeys(found))


async def ice(case: Case) -> Finding:
    """Whether a pair of addresses works in both directions."""
    assert case.peer is not None
    facts = await _until(case, lambda known: known["ice"] in ("completed", "failed"))
    if facts["ice"] != "completed":
        ours = {candidate["candidate"].split()[4] for candidate in case.peer.local_candidates}
        seen = f"no pair of addresses works; ours: {', '.join(sorted(ours))}{await _janus_says(case)}"
        only_loopback = {kind_of(address) for address in ours} == {"loopback"}
        if only_loopback and kind_of(case.there or "elsewhere") != "loopback":
            return failed(
                seen, "Connect this machine to a network: it has no interface but loopback for media."
            )
        return failed(
            seen,
            case.doubt
            or f"Let UDP through between this machine and the media ports of Janus ({PORTS}), both ways, or "
            "give a TURN server (ice_servers=): STUN checks got no answer.",
        )
    pair = facts["pair"] or {}
    texts = [
        f"{side['type']} {side['address']}:{side['port']}"
        for key in ("local", "remote")
        if (side := pair.get(key)) is not None
    ]
    return ok(" to ".join(texts))


async def dtls(case: Case) -> Finding:
    """Whether the DTLS handshake is done on both sides."""
    assert case.handle is not None
    handle = case.handle
    facts = await _until(
        case,
        lambda known: (
            known["dtls"] in ("failed", "closed")
            or (known["dtls"] == "connected" and handle.state == "connected")
        ),
    )
    if facts["dtls"] == "connected" and handle.state == "connected":
        return ok("keys are exchanged; Janus says that the PeerConnection is up")
    seen = f"DTLS is {facts['dtls']} here, and the handle {handle.state} at Janus{await _janus_says(case)}"
    if facts["dtls"] == "failed" or "DTLS" in handle.reason:
        return failed(
            seen,
            "Let the SDPs pass unchanged between this machine and Janus (a=fingerprint above all), and check "
            "the certificate in the certificates section of janus.jcfg: the DTLS handshake was refused.",
        )
    return failed(
        seen,
        "Let DTLS through between this machine and Janus: a firewall on the way lets STUN pass, but not "
        "DTLS, or drops packets as large as dtls_mtu in the media section of janus.jcfg.",
    )


async def sent(case: Case) -> Finding:
    """Whether what we send arrives: Janus says so for each kind of media."""
    assert case.handle is not None
    assert case.peer is not None
    handle, peer = case.handle, case.peer
    arrived: set[str] = set()

    def all_there(_known: dict[str, Any]) -> bool:
        arrived.update(media.type for media in handle.media.values() if media.receiving)
        # What comes back has arrived; before 1.0 Janus does not tell its sections apart.
        arrived.update(track.kind for track in peer.tracks if track.frames_received)
        return arrived >= set(KINDS) or handle.state == "hungup"

    await _until(case, all_there)
    missing = [kind for kind in KINDS if kind not in arrived]
    if not missing:
        return ok("Janus receives audio and video")
    seen = f"{' and '.join(missing)} did not arrive at Janus{await _janus_says(case)}"
    if missing == ["video"]:
        return failed(
            seen,
            f"Let {LARGE} through from this machine to Janus: audio arrives, video does not.",
        )
    return failed(
        seen,
        f"Let UDP media (SRTP) through from this machine to the media ports of Janus ({PORTS}): the "
        f"connection is up, but {' and '.join(missing)} did not arrive there.",
    )


async def echoed(case: Case) -> Finding:
    """Whether what Janus sends back arrives, and can be decoded."""
    assert case.peer is not None
    peer = case.peer

    def frames(_known: dict[str, Any] | None = None) -> dict[str, int]:
        return {track.kind: track.frames_received for track in peer.tracks}

    await _until(case, lambda _known: all(frames().get(kind) for kind in KINDS))
    missing = [kind for kind in KINDS if not frames().get(kind)]
    stats = await peer.stats()
    if not missing:
        rtts = [media["rtt_secs"] for media in stats["media"].values() if media["rtt_secs"] is not None]
        delay = f", round trip {1000 * max(rtts):.0f} ms" if rtts else ""
        shown = " and ".join(f"{count} {kind} frames" for kind, count in frames().items())
        return ok(f"{shown} came back{delay}")
    words = " and ".join(missing)
    media = {medium["kind"]: medium for medium in stats["media"].values()}
    if all(media[kind]["packets_in"] for kind in missing):
        seen = f"{words}: packets come back, but no frame of them can be decoded{await _janus_says(case)}"
        if any(media[kind]["packets_in"] < ENOUGH * media[kind]["packets_out"] for kind in missing):
            return failed(seen, f"Let {LARGE} through in both directions: a part of {words} gets lost.")
        return failed(seen, f"Look into the codecs: {words} comes back whole, and can't be decoded here.")
    return failed(
        f"Janus receives our media, but no {words} came back{await _janus_says(case)}",
        f"Let UDP media (SRTP) through from the media ports of Janus ({PORTS}) to this machine: the "
        f"connection is up and our media arrives there, but {words} does not come back.",
    )


async def _until(case: Case, done: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Look at our peer connection until `done`, or the step's time is over; return what is known then.

    What is looked for has several sources, the peer, the handle and the tracks, of which not all tell.
    """
    assert case.peer is not None
    assert case.handle is not None
    loop = asyncio.get_running_loop()
    deadline = loop.time() + case.timeout
    while True:
        facts = case.peer.facts()
        gone = facts["state"] in ("failed", "closed") or case.handle.state in ("hungup", "detached")
        if done(facts) or gone or loop.time() > deadline:
            return facts
        await asyncio.sleep(LOOK_SECONDS)


async def _janus_says(case: Case) -> str:
    """Why Janus hung up, or what its Admin API knows: the end of a sentence, or ""."""
    if case.handle is not None and case.handle.state == "hungup":
        return f"; Janus hung up: {case.handle.reason or 'no reason given'}"
    if case.admin is None or case.session is None or case.handle is None:
        return ""
    if case.session.id is None or case.handle.id is None:
        return ""
    try:
        info = await case.admin.handle_info(case.session.id, case.handle.id, timeout=min(case.timeout, 2.0))
    except JanusError:
        return ""  # a detail; the fault that was found stands without it
    if info.webrtc is None:
        return "; the server has no PeerConnection any more"
    known = info.webrtc
    media = ", ".join(
        f"{m.type} {m.stats.in_.packets} packets in and {m.stats.out.packets} out"
        for m in known.media.values()
    )
    return f"; the server's side: ICE {known.ice.state}, DTLS {known.dtls.dtls_state or 'new'}, {media}"
