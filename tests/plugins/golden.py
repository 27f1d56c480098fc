"""Golden messages: one recorded message of the real Janus for each type of event.

A live test that has provoked an event calls `check` with it: the message must look as the recorded one
does. ``RECORD_GOLDEN=1 sh tests/run tests/live`` records anew. ``test_golden.py`` reads them all.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.gateways import janus_before

if TYPE_CHECKING:
    from janus_notebook import JanusEvent

FOLDER = Path(__file__).parent / "golden"


def recorded(plugin: str) -> dict[str, Any]:
    """The messages of a plugin (``videoroom``), or of the ``core``, by the name of the event."""
    path = FOLDER / f"{plugin}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def check(*events: JanusEvent) -> None:
    """Hold events of the real Janus against the recorded ones: the same keys, with the same types."""
    for event in events:
        raw = event.raw
        plugin = raw["plugindata"]["plugin"].rpartition(".")[2] if "plugindata" in raw else "core"
        known = recorded(plugin)
        if os.environ.get("RECORD_GOLDEN"):
            known[event.name] = raw
            FOLDER.mkdir(exist_ok=True)
            text = json.dumps(dict(sorted(known.items())), indent=1, ensure_ascii=False)
            (FOLDER / f"{plugin}.json").write_text(text + "\n")
        assert event.name in known, f"{event.name} of {plugin} was never recorded (RECORD_GOLDEN=1)"
        seen, expected = shape(raw), shape(known[event.name])
        if not janus_before("1.1.4"):  # it may say more than the one that was recorded
            seen = common(seen, expected)
        assert seen == expected, event.name


def common(seen: Any, expected: Any) -> Any:
    """What is seen, without the keys that are not expected."""
    if isinstance(seen, dict) and isinstance(expected, dict):
        return {key: common(seen[key], expected[key]) for key in seen if key in expected}
    return seen


def shape(value: Any) -> Any:
    """The keys and types of a message; of a list what its objects have in common."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items() if key != "jsep"}
    if isinstance(value, list):
        return [shape(value[0])] if value and not isinstance(value[0], dict) else []
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )
