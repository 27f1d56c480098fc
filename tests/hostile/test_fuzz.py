"""Texts that nobody thought of, through every field and panel, for some minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from janus_notebook.client.ladder import ladder_of
from janus_notebook.panels import static
from janus_notebook.panels.events.snapshot import stream_snapshot
from janus_notebook.panels.events.static import stream_parts
from janus_notebook.panels.handle.snapshot import handle_snapshot
from janus_notebook.panels.handle.static import handle_parts
from janus_notebook.panels.session.snapshot import session_snapshot
from janus_notebook.panels.session.static import session_parts
from janus_notebook.panels.snapshot import event_row
from tests.hostile.corpus import check_html, check_text, check_values, texts
from tests.hostile.messages import hostile_log
from tests.hostile.sessions import hostile_room, hostile_session

if TYPE_CHECKING:
    from janus_notebook.bridge import BackgroundLoop

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(1800)]

long = settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))


@long
@given(texts)
def test_an_entry_of_any_text(text: str) -> None:
    log = hostile_log(text)
    for event in log:
        check_text(repr(event), 1_300, lines=False)
        check_values(event_row(event), 200)
    ladder = ladder_of(log, keepalives=True, candidates=True)
    check_text(ladder.text, 200_000)
    statements = ladder.mermaid.splitlines()
    assert len(statements) == 1 + len(ladder.participants) + len(ladder.steps) + bool(ladder.left_out)


@settings(long, max_examples=300)
@given(texts)
def test_panels_of_any_text(loop: BackgroundLoop, text: str) -> None:
    session = loop.run_sync(hostile_session, text, timeout=60)
    check_text(repr(loop.run_sync(hostile_room, text)), 10_000)
    for parts in (
        session_parts(loop.run_sync(session_snapshot, session)),
        stream_parts(loop.run_sync(stream_snapshot, session.events)),
        *(handle_parts(loop.run_sync(handle_snapshot, plugin)) for plugin in session.plugins),
    ):
        check_html(static.html(parts), 200_000)
        check_text(static.plain(parts), 200_000)
