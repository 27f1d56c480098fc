"""`replay` in a notebook: a form that plays on the background loop."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import pytest

from janus_notebook import EventLog, JanusOptionError, JanusStateError, replay
from janus_notebook.bridge import background
from janus_notebook.notebook.connect import NotebookEventLog, NotebookHandle
from janus_notebook.notebook.forms import core_of
from janus_notebook.notebook.replays import NotebookReplay
from janus_notebook.notebook.workspace import workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def bridge() -> Iterator[None]:
    yield
    workspace().close()
    background().stop()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Half an hour of a call with a handle."""
    moments = iter([0.0, 0.1, 0.2, 1800.0])
    log = EventLog(clock=lambda: next(moments))
    log.record("local", "state", {"state": "connected", "before": "connecting", "reason": ""}, 7)
    attached = {"state": "attached", "before": "new", "reason": "", "plugin": "janus.plugin.videoroom"}
    log.record("local", "state", attached, 7, 42)
    data = {"videoroom": "event", "room": 1234, "leaving": 5}
    log.record("event", "event", {"plugindata": {"plugin": "janus.plugin.videoroom", "data": data}}, 7, 42)
    return log.save(tmp_path / "call.jsonl")


def test_it_plays_and_can_be_waited_for(saved: Path) -> None:
    form = replay(saved, speed=math.inf)
    form.finished().result(5)
    assert isinstance(form, NotebookReplay)
    assert (form.state, form.id, form.ended) == ("connected", 7, True)
    (handle,) = form.plugins
    assert isinstance(handle, NotebookHandle)
    assert (handle.name, handle.state) == ("janus.plugin.videoroom", "attached")
    assert isinstance(form.events, NotebookEventLog)
    # The events are read as what they are, although no VideoRoom was ever attached here.
    assert core_of(form).events[-1].name == "leaving"
    assert "leaving" in form.events.ladder().text


def test_it_is_steered_from_a_cell(saved: Path) -> None:
    form = replay(saved)
    form.pause()
    assert not form.playing
    form.seek(100)
    assert form.position == 100
    form.play()
    assert form.playing
    assert re.search("playing, 100.. of 1800.0 s", repr(form))
    with pytest.raises(JanusStateError, match="this is a recording"):
        form.plugins[0].hangup().result(5)
    form.close().result(5)
    assert not form.playing


def test_it_ends_with_the_kernel(saved: Path) -> None:
    form = replay(str(saved))
    assert form.playing
    workspace().close()
    assert not form.playing


def test_arguments_that_are_misspelt(saved: Path) -> None:
    with pytest.raises(JanusOptionError, match=r"parameter of replay\(\) 'sped'. Did you mean 'speed'"):
        replay(saved, sped=2)  # type: ignore[call-arg]
    with pytest.raises(JanusOptionError, match=r"replay\(\): missing a required argument: 'path'"):
        replay()  # type: ignore[call-arg]


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(JanusOptionError, match=r"none\.jsonl cannot be read"):
        replay(tmp_path / "none.jsonl")
