"""Who is let in, and what nobody may see."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import pytest

from janus_notebook import JanusEchoTestPlugin, JanusPlugin, JanusServerError
from tests.admin import sessions
from tests.client.scripted import run

if TYPE_CHECKING:
    from tests.core.targets import Target


def test_a_wrong_secret_is_one_error_at_once(guarded: Target) -> None:
    wrong = guarded.wrong
    assert wrong is not None

    async def main() -> None:
        session = guarded.session(timeout=30, **wrong)
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(JanusServerError) as caught:
                await session.create()
            assert time.monotonic() - began < 5
            assert (caught.value.code, caught.value.name) == (403, "UNAUTHORIZED")
            assert session.state == "closed"
        nothing = type(session)(guarded.url)
        with pytest.raises(JanusServerError, match="403"):
            await nothing.create()
        assert await asyncio.to_thread(sessions, guarded.admin) == []

    run(main())


def test_a_token_opens_its_plugins_only(with_tokens: Target) -> None:
    limited = with_tokens.limited
    assert limited is not None

    async def main() -> None:
        async with with_tokens.session(**limited) as session:
            echo = JanusEchoTestPlugin()
            await echo.attach(session)
            await echo.configure(audio=True)
            with pytest.raises(JanusServerError) as caught:
                await JanusPlugin("videoroom").attach(session)
            assert (caught.value.code, caught.value.name) == (405, "UNAUTHORIZED_PLUGIN")
            assert caught.value.plugin == "janus.plugin.videoroom"

    run(main())


def test_no_secret_is_logged_or_shown(guarded: Target, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def main() -> str:
        shown = []
        async with guarded.session() as session:
            plugin = JanusEchoTestPlugin()
            await plugin.attach(session)
            await plugin.configure(audio=True)
            with pytest.raises(JanusServerError) as caught:
                await session.send({"janus": "nonsense"})
            shown += [repr(caught.value), repr(caught.value.request), repr(session.connection)]
        if guarded.wrong is not None:
            with pytest.raises(JanusServerError) as caught:
                await guarded.session(**guarded.wrong).create()
            shown += [repr(caught.value), repr(caught.value.request)]
        return "".join([*shown, *(f"{event!r}{event.raw}" for event in session.events)])

    # asyncio's own record of its selector shows that there is something to see
    seen = run(main()) + caplog.text
    for secret in guarded.secrets:
        assert secret not in seen
        assert secret.replace(" ", "+") not in seen
        assert secret.replace(" ", "%20") not in seen
