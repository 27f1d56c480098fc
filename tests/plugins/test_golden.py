"""The recorded messages of the real Janus are read as the types of events that they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from janus_notebook.plugins import known_plugins, plugin_class
from janus_notebook.protocol.events import PluginEvent
from janus_notebook.protocol.plugin_events import PluginDetail
from tests.plugins.golden import recorded

# Events that Janus 1.1.2 does not send, or not on demand, with the reason; their data are made by hand
# after the catalogue, so that at least their types are proven.
BY_HAND: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {
    ("videoroom", "slow_link"): (
        "needs real losses",
        {"videoroom": "slow_link", "current-bitrate": 64000},
    ),
    ("videoroom", "layer"): (
        "needs simulcast",
        {"videoroom": "event", "room": 1, "mid": "1", "substream": 1},
    ),
    ("sip", "calling"): (
        "an event only if something else answers `call` first",
        {"sip": "event", "result": {"event": "calling", "call_id": "a"}, "call_id": "a"},
    ),
    ("sip", "dtmf"): (
        "sent by newer servers only",
        {"sip": "event", "result": {"event": "dtmf", "sender": "sip:a@b", "signal": "5", "duration": 1600}},
    ),
    ("echotest", "ok"): ("sent on its own in no case that we know", {"echotest": "event", "result": "ok"}),
    ("echotest", "slow_link"): (
        "needs real losses",
        {"echotest": "event", "result": {"status": "slow_link", "bitrate": 1000}},
    ),
    ("videocall", "simulcast"): (
        "needs simulcast",
        {"videocall": "event", "result": {"event": "simulcast", "videocodec": "vp8", "substream": 1}},
    ),
    ("videocall", "slow_link"): (
        "needs real losses",
        {
            "videocall": "event",
            "result": {"event": "slow_link", "media": "video", "current-bitrate": 64_000},
        },
    ),
    ("echotest", "layer"): (
        "needs simulcast",
        {"echotest": "event", "videocodec": "vp8", "substream": 1},
    ),
    ("audiobridge", "suspended"): (
        "Janus 1.2.1 and newer",
        {"audiobridge": "event", "room": 1234, "suspended": 5},
    ),
    ("audiobridge", "resumed"): (
        "Janus 1.2.1 and newer",
        {"audiobridge": "event", "room": 1234, "resumed": 5, "participants": [{"id": 6, "setup": True}]},
    ),
    ("recordplay", "slow_link"): (
        "needs real losses",
        {"recordplay": "event", "result": {"status": "slow_link", "media": "audio", "uplink": 1}},
    ),
    ("streaming", "rtsp-disconnected"): ("since Janus 1.3.3", {"event": "rtsp-disconnected", "id": 1}),
    ("streaming", "rtsp-reconnected"): ("since Janus 1.3.3", {"event": "rtsp-reconnected", "id": "x"}),
}

CASES = [
    pytest.param(plugin, detail, id=f"{plugin.rpartition('.')[2]}-{detail.name}")
    for plugin in known_plugins()
    for detail in getattr(plugin_class(plugin), "details", ())
]


@pytest.mark.parametrize(("plugin", "detail"), CASES)
def test_an_event_is_read_as_its_type(plugin: str, detail: type[PluginDetail]) -> None:
    short = plugin.rpartition(".")[2]
    message = recorded(short).get(detail.name)
    if message is None:
        assert (short, detail.name) in BY_HAND, f"no golden message of {detail.name}, and no reason why"
        _, data = BY_HAND[short, detail.name]
        message = {"janus": "event", "plugindata": {"plugin": plugin, "data": data}}
    text = json.dumps(message).encode()
    event = PluginEvent(1, 0.0, 0.0, "event", message["janus"], 1, 2, text)
    assert type(event.detail) is detail
    assert event.name == detail.name
    assert event.detail.unreadable == ()
    assert event.summary
