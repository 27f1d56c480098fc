"""Tokens: those of a function, renewed when they are refused, and those that are signed on this side."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

import pytest

import janus_notebook
from janus_notebook import (
    JanusOptionError,
    JanusPlugin,
    JanusServerError,
    JanusSession,
    JanusStateError,
    JanusTimeoutError,
    signed_token,
)
from janus_notebook.client import connection as connection_module
from tests.client.scripted import errors_in, run, until
from tests.client.test_recovery import back, hold, keeping, lose, once, sent, session_with

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "FIRST_PAUSE", 0.002)


# -- signed here ------------------------------------------------------------------------------------


def test_a_signed_token() -> None:
    token = signed_token("secret", ["echotest", "janus.plugin.videoroom"], expires=2_000_000_000)
    text, _, signature = token.rpartition(":")
    assert text == "2000000000,janus,janus.plugin.echotest,janus.plugin.videoroom"
    assert base64.b64decode(signature) == hmac.new(b"secret", text.encode(), hashlib.sha1).digest()
    assert signed_token("secret", expires=1).startswith("1,janus:")
    before = int(time.time())
    expiry = int(signed_token("secret", seconds=60).partition(",")[0])
    assert before + 60 <= expiry <= int(time.time()) + 60
    assert janus_notebook.signed_token is signed_token


@pytest.mark.parametrize(
    ("arguments", "options", "text"),
    [
        (("",), {}, "must be a text that is not empty"),
        ((b"secret",), {}, "must be a text that is not empty"),
        (("s", "echotest"), {}, r"must be a list of names, not 'echotest'"),
        (("s",), {"seconds": 0}, "seconds must be seconds above 0"),
        (("s",), {"seconds": "10"}, "seconds must be seconds above 0, and finite, not '10'"),
        (("s", ["a,b"]), {}, "'janus.plugin.a,b' is not a plugin's name"),
        (("s", ["a:b"]), {}, "is not a plugin's name"),
        (("s", [""]), {}, "a plugin's name is expected"),
    ],
)
def test_what_can_not_be_put_into_a_token(arguments: Any, options: Any, text: str) -> None:
    with pytest.raises(JanusOptionError, match=text):
        signed_token(*arguments, **options)


# -- from a function --------------------------------------------------------------------------------


@pytest.mark.parametrize("asynchronous", [False, True])
def test_the_token_is_asked_for_on_each_connection(asynchronous: bool) -> None:
    async def main() -> None:
        given: list[str] = []

        def token() -> str:
            given.append(f"token {len(given)}")
            return given[-1]

        async def later() -> str:
            await asyncio.sleep(0)
            return token()

        async with (
            keeping() as server,
            session_with(server, token=later if asynchronous else token) as (
                session,
                (plugin,),
            ),
        ):
            assert given == ["token 0"]
            await lose(server, session)
            await back(session)
            await plugin.request({})
            assert given == ["token 0", "token 1"]
            assert {request["token"] for request in server.received if request["janus"] != "info"} == {
                "token 1"
            }
            assert "token" not in sent(server, "info")[0]

    run(main())


@pytest.mark.parametrize("verb", ["message", "keepalive", "attach"])
def test_a_refused_token_is_renewed_and_the_request_sent_again_once(verb: str) -> None:
    async def main() -> None:
        valid, given = ["old"], []

        def token() -> str:
            given.append(valid[-1])
            return valid[-1]

        async with keeping() as server:
            for name in ("message", "keepalive", "attach"):
                polite = server.on[name]
                server.on[name] = lambda request, polite=polite: (  # type: ignore[misc]
                    polite(request)
                    if request["token"] == valid[-1]
                    else [server.error(request, 403, "Unauthorized request")]
                )
            async with session_with(server, token=token) as (session, (plugin,)):
                valid.append("new")
                calls: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
                    "message": lambda: plugin.request({}),
                    "keepalive": lambda: session.send({"janus": "keepalive"}),
                    "attach": lambda: JanusPlugin("scripted").attach(session),
                }
                await calls[verb]()
                assert [request["token"] for request in sent(server, verb)] == ["old", "new"]
                assert given == ["old", "new"]
                server.received.clear()
                function, session.credentials._token = session.credentials._token, lambda: "wrong"
                valid.append("newest")
                with pytest.raises(JanusServerError, match="403"):
                    await calls[verb]()
                assert [request["token"] for request in sent(server, verb)] == ["new", "wrong"]
                with pytest.raises(JanusServerError, match="403"):
                    await calls[verb]()  # the function has no other token: one try is enough
                assert len(sent(server, verb)) == 3
                session.credentials._token = function

    run(main())


def test_requests_that_are_refused_together_share_the_new_token() -> None:
    async def main() -> None:
        valid, asked = ["old"], 0

        async def token() -> str:
            nonlocal asked
            asked += 1
            await asyncio.sleep(0)
            return valid[-1]

        async with keeping() as server:
            polite = server.on["message"]
            server.on["message"] = lambda request: (
                polite(request)
                if request["token"] == valid[-1]
                else [server.error(request, 403, "Unauthorized request")]
            )
            async with session_with(server, token=token) as (_, (plugin,)):
                valid.append("new")
                first = await plugin.request({"n": 0})
                assert first["body"] == {"n": 0}
                valid.append("newer")
                held = hold(server, "message")
                calls = [asyncio.create_task(plugin.request({"n": n})) for n in range(2)]
                await until(lambda: len(held) == 2)
                server.on["message"] = polite
                server.push(server.error(held[0], 403))
                assert (await calls[0])["body"] == {"n": 0}
                count = asked
                server.push(server.error(held[1], 403))
                assert (await calls[1])["body"] == {"n": 1}
                assert asked == count

    run(main())


class UnwellError(Exception):
    pass


FAILURES: dict[str, Any] = {
    "the token function failed: UnwellError: no token today": UnwellError("no token today"),
    "the token function failed: TimeoutError: too slow": TimeoutError("too slow"),
    "the token function returned int": 17,
}


@pytest.mark.parametrize("text", FAILURES)
def test_a_token_function_that_fails_is_asked_again_while_there_is_time(text: str) -> None:
    async def main() -> None:
        well = True

        def token() -> Any:
            answer = "t" if well else FAILURES[text]
            if isinstance(answer, Exception):
                raise answer
            return answer

        async with keeping() as server, session_with(server, token=token) as (session, (plugin,)):
            well = False
            await lose(server, session)
            await until(lambda: len([error for error in errors_in(session) if text in error]) >= 3)
            assert session.state == "reconnecting"
            well = True
            await plugin.request({})
            assert str(session.state) == "recovered"
            well = False
            await session.destroy()
            with pytest.raises(JanusOptionError, match=text):
                await session.create()
            assert str(session.state) == "closed"
            well = True
            await session.create()

    run(main())


def test_a_token_function_that_fails_for_too_long() -> None:
    async def main() -> None:
        well = True

        def token() -> str:
            if well:
                return "t"
            raise UnwellError("no token today")

        async with (
            keeping() as server,
            session_with(server, token=token, recover_timeout=0.5) as (session, (plugin,)),
        ):
            well = False
            await lose(server, session)
            await until(lambda: session.state == "lost")
            assert "did not come back within 0.5 s: the token function failed: UnwellError" in session.reason
            with pytest.raises(JanusStateError, match="Its session has ended: create\\(\\) one"):
                await plugin.request({})

    run(main())


def test_a_token_function_that_hangs_has_a_deadline() -> None:
    async def main() -> None:
        async def token() -> str:
            await asyncio.Event().wait()
            return "never"

        async with keeping() as server:
            session = JanusSession(server.url, token=token, timeout=1)
            with pytest.raises(JanusTimeoutError, match=r"the token function gave none within 1 s"):
                await session.create()
            assert session.state == "closed"

    run(main())


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "Pass api_secret=... or token=... as this server expects it."),
        ({"api_secret": "s"}, "The server refused this api_secret."),
        ({"token": "t"}, "The server refused this token; is it spelt right"),
        ({"token": signed_token("key", expires=1)}, r"The token expired \d+ s ago; a function as token="),
        ({"token": signed_token("key")}, "The server refused this token; is it spelt right"),
    ],
)
def test_a_refusal_says_what_was_refused(options: Any, text: str) -> None:
    async def main() -> None:
        async with keeping() as server:
            session = JanusSession(server.url, **options)
            once(server, "create", lambda request: [server.error(request, 403, "Unauthorized request")])
            with pytest.raises(JanusServerError, match=text):
                await session.create()
            await session.create()
            once(server, "attach", lambda request: [server.error(request, 403, "Unauthorized request")])
            with pytest.raises(JanusServerError, match=text):
                await JanusPlugin("scripted").attach(session)
            await session.destroy()

    run(main())


def test_a_token_function_that_fails_on_a_refused_request() -> None:
    async def main() -> None:
        answers: list[Any] = ["t", UnwellError("no token today")]

        def token() -> str:
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return str(answer)

        async with keeping() as server, session_with(server, token=token) as (session, (plugin,)):
            once(server, "message", lambda request: [server.error(request, 403)])
            with pytest.raises(
                JanusOptionError, match="the token function failed: UnwellError: no token today"
            ):
                await plugin.request({})
            assert session.state == "connected"
            await plugin.request({})

    run(main())


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"api_secret": 1}, "api_secret must be a text, not int"),
        ({"token": 1}, "token must be a text or a function that returns one, not int"),
    ],
)
def test_credentials_that_are_none(options: Any, text: str) -> None:
    with pytest.raises(JanusOptionError, match=text):
        JanusSession("ws://localhost", **options)
    assert "secret-7" not in repr(JanusSession("ws://localhost", token="secret-7").credentials)
