"""Golden events: one recorded event of the real Janus for each type; see tests/plugins/golden.py.

``RECORD_GOLDEN=1 sh tests/run tests/live/test_monitor.py`` records anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from janus_notebook import MonitorEvent
from janus_notebook.protocol.monitor_events import ConnectionNews
from janus_notebook.protocol.monitor_plugins import PluginNews
from tests.plugins.golden import shape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from janus_notebook import JanusEvent

PATH = Path(__file__).parent / "golden.json"


def recorded() -> dict[str, dict[str, Any]]:
    """The events by `label`."""
    found: dict[str, dict[str, Any]] = json.loads(PATH.read_text()) if PATH.exists() else {}
    return found


def label(event: JanusEvent) -> str:
    """What kind of event it is: ``webrtc ice``, ``plugin videoroom joined``."""
    assert isinstance(event, MonitorEvent)
    detail = event.detail
    of = f"{detail.plugin.rpartition('.')[2]} " if isinstance(detail, PluginNews) else ""
    if isinstance(detail, ConnectionNews):
        return f"{event.kind} {event.name} {detail.connection}"
    return f"{event.kind} {of}{event.name}"


def check(events: Iterable[JanusEvent]) -> set[str]:
    """Hold events of the real Janus against the recorded ones; return their labels.

    Of a plugin's event and of the server's own description only that they were recorded: what is in them
    depends on the call and on the machine.
    """
    known = recorded()
    seen = set()
    for event in events:
        if event.direction != "monitor":
            continue
        name, raw = label(event), event.raw
        if os.environ.get("RECORD_GOLDEN") and name not in seen:
            known[name] = raw
            PATH.write_text(json.dumps(dict(sorted(known.items())), indent=1, ensure_ascii=False) + "\n")
        seen.add(name)
        assert name in known, f"{name} was never recorded (RECORD_GOLDEN=1)"
        if event.kind in ("session", "handle", "webrtc", "jsep", "external"):
            assert shape(raw) == shape(known[name]), name
    return seen
