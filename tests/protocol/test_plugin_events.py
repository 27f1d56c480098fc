"""The table of who reads the events of which plugin."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock

import pytest

from janus_notebook import EventLog, Subscription
from janus_notebook.protocol import plugin_events
from janus_notebook.protocol.events import PluginEvent
from janus_notebook.protocol.plugin_events import PluginDetail, detail_of, event_names, register_details

if TYPE_CHECKING:
    from collections.abc import Iterator


class Talking(PluginDetail, frozen=True, kw_only=True):
    """``talking``: somebody talks."""

    name: ClassVar[str] = "test-talking"

    id: int = 0

    @property
    def summary(self) -> str:
        return f"{self.id} talks"


@pytest.fixture(autouse=True)
def a_table_of_our_own() -> Iterator[None]:
    with mock.patch.dict(plugin_events._readers), mock.patch.object(plugin_events, "_names", set()):
        yield


def test_a_plugins_reader_chooses_the_class() -> None:
    def reader(data: dict[str, Any]) -> type[PluginDetail]:
        return Talking if "talking" in data else PluginDetail

    register_details("janus.plugin.test", reader, [Talking])
    detail = detail_of("janus.plugin.test", {"talking": True, "id": 7})
    assert isinstance(detail, Talking)
    assert (detail.id, detail.name, detail.summary) == (7, "test-talking", "7 talks")
    other = detail_of("janus.plugin.test", {"x": 1})
    assert type(other) is PluginDetail
    assert (other.name, other.summary, other["x"]) == ("event", "", 1)
    assert event_names() == {"test-talking"}


def test_a_plugin_without_a_reader_keeps_its_data() -> None:
    detail = detail_of("janus.plugin.nobodys", {"x": 1})
    assert detail == PluginDetail(data={"x": 1})
    assert event_names() == frozenset()


def test_an_event_has_its_plugins_name_and_words_and_can_be_followed() -> None:
    register_details("janus.plugin.test", lambda _data: Talking, [Talking])
    log = EventLog()
    named, others = log.subscribe(["test-talking"]), log.subscribe(["media"])
    plugindata = {"plugin": "janus.plugin.test", "data": {"id": 7}}
    event = log.record(
        "event", "event", {"janus": "event", "plugindata": plugindata, "jsep": {"type": "offer"}}
    )
    log.record("event", "event", {"janus": "event", "plugindata": {"plugin": "another", "data": {}}})
    log.record("event", "media", {"janus": "media"})
    assert isinstance(event, PluginEvent)
    assert isinstance(event.detail, Talking)
    assert (event.name, event.summary) == ("test-talking", "7 talks + offer")
    named.close()
    others.close()

    async def read(stream: Subscription) -> list[str]:
        return [entry.name async for entry in stream]

    assert asyncio.run(read(named)) == ["test-talking"]
    assert asyncio.run(read(others)) == ["media"]
