"""When the static form in the notebook is published again."""

from __future__ import annotations

from typing import Any

from janus_notebook.panels.display import REFRESH_SECONDS, StaticForm
from janus_notebook.panels.handle.panel import HandlePanel
from janus_notebook.panels.handle.snapshot import handle_snapshot
from janus_notebook.panels.handle.static import handle_parts
from tests.panels.conftest import event, make_handle, make_session


class Publisher:
    """Stands for the kernel's display publisher and its session, and counts the updates.

    It has no `publish`: that waits for the kernel's output, and an update comes from the background loop.
    """

    pub_socket = object()
    topic = b"display_data"

    def __init__(self) -> None:
        self.session = self
        self.parent_header = {"msg_id": "the cell's"}
        self.updates: list[str] = []

    def send(self, socket: object, kind: str, content: dict[str, Any], **sent: Any) -> None:
        assert (socket, kind) == (self.pub_socket, "update_display_data")
        assert sent == {"parent": self.parent_header, "ident": self.topic}
        assert content["transient"]["display_id"].startswith("janus-")
        assert content["metadata"] == {}
        self.updates.append(content["data"]["text/plain"])


def test_it_is_renewed_for_what_happens_and_not_for_what_counts() -> None:
    session = make_session()
    plugin = make_handle(session)
    frames, now = 0, 100.0

    def take() -> dict[str, Any]:
        snapshot = handle_snapshot(plugin)
        media = [{**row, "frames": frames} for row in snapshot["media"]]
        return {**snapshot, "media": media, "taken": int(now)}

    event(session, "media", 42, mid="0", type="video", receiving=True)
    form, publisher = StaticForm("id", handle_parts, HandlePanel.steady), Publisher()
    form.follow(take(), publisher, now)

    def refreshed(*, final: bool = False) -> int:
        form.refresh(now, take, final=final)
        return len(publisher.updates)

    frames, now = 30, now + 10 * REFRESH_SECONDS
    assert refreshed() == 0
    event(session, "slowlink", 42, mid="0", media="video", uplink=True, lost=7)
    assert refreshed() == 1
    event(session, "slowlink", 42, mid="0", media="video", uplink=True, lost=8)
    now += REFRESH_SECONDS / 2
    assert refreshed() == 1
    now += REFRESH_SECONDS / 2
    assert refreshed() == 2
    # At the end the counts are brought up to date too, once.
    frames = 60
    assert refreshed(final=True) == 3
    for _ in range(3):
        now += 1
        assert refreshed(final=True) == 3
