"""Events of event handlers are read as what they are: recorded ones, odd ones, and ones with secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import EventLog, JanusProtocolError, MonitorEvent
from janus_notebook.monitor.log import MonitorLog
from janus_notebook.protocol.monitor_events import (
    KINDS,
    MASKS,
    MONITOR_NAMES,
    NEWS,
    ExternalNews,
    MediaStatsNews,
    News,
    SelectedPairNews,
    SessionNews,
    SlowLinkNews,
    StartupNews,
    TransportNews,
    read_event,
)
from janus_notebook.protocol.monitor_plugins import PLUGIN_NEWS, PluginNews, VideoRoomNews
from tests.monitor.golden import label, recorded

if TYPE_CHECKING:
    from janus_notebook.protocol.typed import Typed

# The facts: what any Janus from 1.0.0 to 1.4.2 tells its event handlers.
CATALOGUE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "monitor" / "catalogue.json").read_text())
TYPES: dict[str, Any] = CATALOGUE["types"]


def told(event: dict[str, Any]) -> MonitorEvent:
    """The entry that a log makes of an event."""
    text = json.dumps(event).encode()
    kind, session_id, handle_id, _ = read_event(text)
    entry = MonitorLog().record("monitor", kind, text, session_id, handle_id)
    assert type(entry) is MonitorEvent
    return entry


# -- the catalogue ----------------------------------------------------------------------------------------


def test_every_type_of_the_catalogue_has_its_kind_and_class() -> None:
    assert {int(number): facts["name"] for number, facts in TYPES.items()} == KINDS
    for number, facts in TYPES.items():
        if "subtypes" not in facts:
            assert number == "64" or (int(number), 0) in NEWS
        for subtype, about in facts.get("subtypes", {}).items():
            assert (int(number), int(subtype)) in NEWS
            assert about["name"].replace(" ", "-") in MONITOR_NAMES
    assert set(CATALOGUE["masks"]) == set(MASKS)


SUBTYPES = [
    pytest.param(int(number), int(subtype), about, id=f"{facts['name']}-{about['name']}")
    for number, facts in TYPES.items()
    for subtype, about in facts.get("subtypes", {}).items()
]


@pytest.mark.parametrize(("number", "subtype", "about"), SUBTYPES)
def test_every_field_of_a_subtype_is_a_field_of_its_class(
    number: int, subtype: int, about: dict[str, Any]
) -> None:
    for field in about["event"]:
        key = field.rstrip("?").split(" ")[0].split("{")[0]
        entry = told({"type": number, "subtype": subtype, "event": {key: "odd"}})
        detail: Typed = entry.detail.streams[0] if isinstance(entry.detail, MediaStatsNews) else entry.detail
        assert type(entry.detail) is NEWS[number, subtype]
        # A text is wrong for a number, and then the field says so; else it is the field's value.
        name = {"lost_lastsec": "lost", "local-candidate": "local", "remote-candidate": "remote"}.get(
            key, key
        )
        name = name.replace("-", "_")
        assert key in detail.unreadable or getattr(detail, name) == "odd", key


PLUGIN_EVENTS = [
    pytest.param(plugin, entry, id=f"{plugin.rpartition('.')[2]}-{entry['event']}")
    for plugin, entries in CATALOGUE["plugins"].items()
    for entry in entries
    if "event" in entry
]


@pytest.mark.parametrize(("plugin", "entry"), PLUGIN_EVENTS)
def test_every_event_of_a_plugin_has_its_name_and_its_fields(plugin: str, entry: dict[str, Any]) -> None:
    names = (entry["event"] or "").replace(" ", "").split("/")
    for name in names:
        data: dict[str, Any] = {} if not name else {entry.get("key", "event"): name}
        if plugin.endswith("voicemail"):
            data = {"status": "starting"}
        event = told({"type": 64, "event": {"plugin": plugin, "data": data}})
        assert event.name == (name or ("starting" if "status" in data else "configured"))
        assert event.name in PLUGIN_NEWS[plugin].names
        assert event.name in MONITOR_NAMES
        assert type(event.detail) is PLUGIN_NEWS[plugin]
        for field in entry.get("fields", ()):
            for key in field.rstrip("?").split(" or "):
                if key in ("event", entry.get("key"), "token"):
                    continue
                detail = told({"type": 64, "event": {"plugin": plugin, "data": data | {key: "odd"}}}).detail
                attribute = {"data": "data_", "audio-level-dBov-avg": "audio_level"}.get(key, key)
                attribute = attribute.replace("-", "_")
                assert key in detail.unreadable or getattr(detail, attribute) == "odd", key


# -- what the real server told ----------------------------------------------------------------------------

# What Janus 1.1.2 does not tell on demand, with the reason.
BY_HAND = {
    "media slowlink": "needs real losses",
}


@pytest.mark.parametrize("name", sorted(recorded()))
def test_a_recorded_event_is_read_as_its_type(name: str) -> None:
    event = told(recorded()[name])
    assert label(event) == name
    assert event.detail.unreadable == ()
    assert type(event.detail) not in (News, PluginNews) or event.raw["event"]["plugin"] not in PLUGIN_NEWS
    assert event.happened > 1_600_000_000
    assert event.emitter
    assert event.summary
    assert event.kind in KINDS.values()


def test_every_type_and_subtype_was_recorded() -> None:
    found = {(raw["type"], raw.get("subtype", 0)) for raw in recorded().values()}
    assert {*NEWS, (64, 0)} - found == {(32, 2)}
    assert "media slowlink" in BY_HAND


# -- single cases -----------------------------------------------------------------------------------------


def test_the_envelope() -> None:
    event = told(
        {
            "emitter": "my server",
            "type": 1,
            "timestamp": 1_767_225_600_500_000,
            "session_id": 2**53 - 1,
            "handle_id": 7,
            "opaque_id": "mine",
            "event": {"name": "created", "transport": {"transport": "janus.transport.http", "id": "1"}},
        }
    )
    assert (event.direction, event.kind, event.name) == ("monitor", "session", "created")
    assert (event.session_id, event.handle_id, event.opaque_id) == (2**53 - 1, 7, "mine")
    assert (event.emitter, event.type, event.subtype) == ("my server", 1, 0)
    assert event.happened == 1_767_225_600.5
    assert isinstance(event.detail, SessionNews)
    assert event.detail.transport == {"transport": "janus.transport.http", "id": "1"}
    assert event.summary == f"created over janus.transport.http (session {2**53 - 1})"


def test_what_we_do_not_know_passes_through() -> None:
    strange = {"type": 512, "subtype": 9, "timestamp": 1, "event": {"a": [1, {"b": None}]}, "new": True}
    event = told(strange)
    assert (event.kind, event.name, type(event.detail)) == ("type-512", "event", News)
    assert event.raw == strange
    assert event.detail["a"] == [1, {"b": None}]
    unknown = told({"type": 16, "subtype": 99, "event": {"x": 1}})
    assert (type(unknown.detail), unknown.summary) == (News, f"{unknown.name} x=1")
    odds: list[Any] = [None, [], "text", 5, {}]
    for odd in odds:
        assert told({"type": 2, "event": odd}).summary is not None
        assert told({"type": 64, "event": odd}).name
        assert told({"type": 64, "event": {"plugin": 5, "data": odd}}).summary is not None
        assert told({"type": 32, "subtype": 3, "event": odd}).summary is not None
        assert told({"type": 128, "event": {"data": odd}, "timestamp": odd, "subtype": odd}).happened


def test_a_script_of_lua_or_duktape_names_its_events_itself() -> None:
    event = told({"type": 64, "event": {"plugin": "janus.plugin.echolua", "data": {"event": "loaded"}}})
    assert (event.name, type(event.detail)) == ("loaded", PluginNews)


def test_statistics_of_all_media_at_once() -> None:
    audio = {"mid": "0", "mindex": 0, "media": "audio", "packets-received": 5, "lost-by-remote": 1}
    video = {"mid": "1", "mindex": 1, "media": "video-sim1", "packets-received": 7, "remb-bitrate": 3}
    single = told({"type": 32, "subtype": 3, "event": audio}).detail
    assert isinstance(single, MediaStatsNews)
    assert [stats.packets_received for stats in single.streams] == [5]
    both = told({"type": 32, "subtype": 3, "event": [audio, video]}).detail
    assert isinstance(both, MediaStatsNews)
    assert [(s.media, s.packets_received) for s in both.streams] == [("audio", 5), ("video-sim1", 7)]
    assert (both.streams[0].lost_by_remote, both.streams[1].remb_bitrate) == (1, 3)


def test_slow_links_by_hand() -> None:
    said = {"media": "video", "mid": "1", "slow_link": "uplink", "lost_lastsec": 12}
    detail = told({"type": 32, "subtype": 2, "event": said}).detail
    assert isinstance(detail, SlowLinkNews)
    assert (detail.lost, detail.slow_link) == (12, "uplink")
    assert detail.summary == "slowlink uplink, 12 video packets lost in a second (mid 1)"


def test_hyphenated_and_nested_fields() -> None:
    pair = {"selected-pair": "a <-> b", "candidates": {"local": {"port": 1}}, "stream_id": 1}
    detail = told({"type": 16, "subtype": 4, "event": pair}).detail
    assert isinstance(detail, SelectedPairNews)
    assert (detail.selected_pair, detail.candidates["local"]["port"]) == ("a <-> b", 1)
    talk = {"videoroom": "talking", "room": "1234", "id": 5, "audio-level-dBov-avg": 31.5}
    room = told({"type": 64, "event": {"plugin": "janus.plugin.videoroom", "data": talk}})
    assert isinstance(room.detail, VideoRoomNews)
    assert (room.name, room.detail.room, room.detail.audio_level) == ("talking", "1234", 31.5)
    place = {"event": "connected", "admin_api": True, "ip": "10.0.0.1", "port": 5}
    client = told({"type": 128, "event": {"transport": "janus.transport.http", "id": "9", "data": place}})
    assert isinstance(client.detail, TransportNews)
    assert client.summary == "connected janus.transport.http 10.0.0.1:5 to the Admin API"
    update = told({"type": 256, "subtype": 1, "event": {"status": "update", "info": {"sessions": 3}}})
    assert isinstance(update.detail, StartupNews)
    assert update.summary == "startup update sessions=3"
    external = told({"type": 4, "event": {"schema": "my.schema", "data": {"n": 1}}})
    assert isinstance(external.detail, ExternalNews)
    assert external.summary == "external my.schema n=1"


SIP = (
    "REGISTER sip:example.com SIP/2.0\r\n"
    "From: <sip:alice@example.com>\r\n"
    'Authorization: Digest username="alice",\r\n response="planted1", nonce="planted2"\r\n'
    'proxy-authorization : Digest response="planted3"\r\n'
    'WWW-Authenticate: Digest nonce="planted4"\r\n'
    'Authentication-Info: rspauth="planted5"\r\n'
    "Content-Length: 0\r\n\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:planted6|2^20\r\n"
)


def test_secrets_are_masked_wherever_they_stand(tmp_path: Path) -> None:
    events = [
        {"type": 2, "event": {"name": "attached", "plugin": "p", "token": "planted0"}},
        {"type": 64, "event": {"plugin": "janus.plugin.sip", "data": {"event": "sip-in", "sip": SIP}}},
        {"type": 64, "event": {"plugin": "janus.plugin.nosip", "data": {"event": "generated", "sdp": SIP}}},
        {"type": 64, "event": {"plugin": "janus.plugin.videoroom", "data": {"token": "planted7"}}},
        {"type": 4, "event": {"schema": "s", "data": {"list": [{"pin": "planted8"}]}}},
    ]
    log = MonitorLog()
    for event in events:
        text = json.dumps(event).encode()
        log.record("monitor", read_event(text)[0], text)
    entries = [entry for entry in log if isinstance(entry, MonitorEvent)]
    saved = log.save(tmp_path / "log.jsonl").read_text()
    shown = [saved, str(log.ladder()), *map(repr, entries), *(repr(entry.detail) for entry in entries)]
    shown += [json.dumps(entry.raw) for entry in entries]
    assert "planted" not in "".join(shown)
    assert "From: <sip:alice@example.com>" in entries[1].raw["event"]["data"]["sip"]
    assert "Content-Length: 0" in entries[1].raw["event"]["data"]["sip"]
    again = EventLog.load(tmp_path / "log.jsonl")
    assert [type(entry) for entry in again] == [MonitorEvent] * 5
    assert [entry.name for entry in again] == [entry.name for entry in entries]
    frame = again.to_frame()
    assert set(frame["direction"]) == {"monitor"}
    assert "planted" not in frame.to_csv()


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"5", b"{}", b'{"type": "1"}', b'{"type": null}'])
def test_what_is_no_event(data: bytes) -> None:
    with pytest.raises(JanusProtocolError):
        read_event(data)
