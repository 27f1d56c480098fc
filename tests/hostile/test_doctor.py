"""The doctor at a server all of whose words are hostile text: its checks, report, JSON and panel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook.config import MASK
from janus_notebook.doctor import Diagnosis, diagnose, neighbours
from janus_notebook.doctor.browser import take_report
from janus_notebook.panels import static
from janus_notebook.panels.display import wrapped
from janus_notebook.panels.doctor.static import doctor_parts, doctor_snapshot
from tests.client.admin_answers import admin_server
from tests.client.scripted import Message, ScriptedServer, run, scripted
from tests.hostile.corpus import (
    BAIT,
    CORPUS,
    FEW,
    MARK,
    check_html,
    check_text,
    check_values,
    encodable,
    poisoned,
)
from tests.protocol.texts import JSEP, SERVER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Answer = Callable[[ScriptedServer, Message], Iterable[Message]]

LINE = 401
FORM = 60_000
TIMEOUT = 20.0  # for a step that comes to its end by itself
TEXT = CORPUS["terminal"] + CORPUS["bidirectional"]
WORD = TEXT.replace(" ", "")
ECHOTEST: dict[str, Any] = {"janus.plugin.echotest": {}}


@pytest.fixture(autouse=True)
def nobody_at_the_usual_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever runs on this machine beside the tests is not asked."""
    monkeypatch.setattr(neighbours, "USUAL", {})


def check(found: Diagnosis) -> str:
    """Hold all that shows a diagnosis against what may be shown; return its text."""
    for one in found.checks:
        for text in (one.seen, one.fix):
            check_text(text, LINE, lines=False)
    check_text(repr(found), 4_000, lines=False)
    check_text(str(found), FORM)
    assert len(str(found).splitlines()) <= 3 + 2 * len(found.checks)
    check_text(found.to_json(), FORM)
    assert json.loads(found.to_json())["exit_code"] == found.exit_code
    snapshot = doctor_snapshot(found)
    check_values(snapshot, FORM)
    parts = doctor_parts(snapshot)
    check_html(wrapped(parts, "1"), FORM)
    check_text(static.plain(parts), FORM)
    return str(found)


@pytest.mark.parametrize("name", FEW)
def test_what_a_server_says_of_itself(name: str) -> None:
    text = encodable(CORPUS[name])[:20_000]

    async def main() -> None:
        async with scripted() as server, admin_server() as admin:
            server.info = poisoned(SERVER, text) | {
                "janus": "server_info",
                "session-timeout": text,
                "server-name": text,
                "plugins": {text: {}, f"janus.plugin.{text}": text},
            }
            admin.on["get_status"] = lambda request: [admin.error(request, 403, text)]
            found = await diagnose(server.url, admin_url=admin.url, plugins=["sip"], media=False)
            assert found.check("secret").status == "ok"
            assert found.check("plugins").status == "failed"
            assert MARK[:5] in check(found) or name in ("spreadsheet", "paths", "statements")
            refusals = iter((403, 472, 490))
            server.on["create"] = lambda request: [server.error(request, next(refusals), text)]
            for _ in range(3):
                found = await diagnose(server.url, media=False)
                assert found.fault == found.check("secret")
                check(found)
            server.on["info"] = lambda request: [server.reply(request, janus=text)]
            found = await diagnose(server.url, media=False)
            assert found.fault == found.check("janus")
            check(found)

    run(main())


@pytest.mark.parametrize("name", FEW)
def test_what_a_page_says_of_its_browser(name: str) -> None:
    text = CORPUS[name]
    names = ("origin", "permission", "camera", "detail", "secure", "devices", "cameras", "candidates")
    for facts in (
        dict.fromkeys(names, text),
        {"origin": text, "secure": False},
        {"secure": True, "camera": text},
        {"secure": True, "camera": "ok", "detail": text},
    ):
        found = Diagnosis("ws://janus.example:8188", done=True)
        take_report(found, facts)
        check(found)


def event(server: ScriptedServer, request: Message, **more: Any) -> Message:
    return {"janus": "event", "session_id": request["session_id"], "sender": request["handle_id"], **more}


def answered(jsep: object) -> Answer:
    return lambda server, request: [server.event(request, echotest="event", result="ok") | {"jsep": jsep}]


def described(line: str) -> Answer:
    """An answer that mirrors the offer, with one line more in each media section."""

    def answer(server: ScriptedServer, request: Message) -> Iterable[Message]:
        kept = [
            one for one in request["jsep"]["sdp"].splitlines() if not one.startswith(("a=cand", "a=end-of"))
        ]
        sdp = "\r\n".join([*kept, line, ""]).replace("a=setup:actpass", "a=setup:active")
        return answered({"type": "answer", "sdp": sdp})(server, request)

    return answer


def trickled(candidate: object) -> Answer:
    def answer(server: ScriptedServer, request: Message) -> Iterable[Message]:
        yield from described("a=x")(server, request)
        for one in (candidate, {"completed": True}):
            yield event(server, request, janus="trickle", candidate=one)

    return answer


# What is answered to EchoTest's offer, and what the report has to name.
ANSWERS: dict[str, tuple[Answer, str]] = {
    "no text": (answered({"type": "answer", "sdp": 7}), "must have type 'answer' and a text sdp"),
    "no type": (answered({"type": TEXT, "sdp": JSEP["sdp"]}), "must have type 'answer'"),
    "no jsep": (answered([TEXT]), "without an SDP"),
    "no SDP": (answered({"type": "answer", "sdp": TEXT}), "not understood"),
    "a long one": (answered({"type": "answer", "sdp": CORPUS["long words"]}), "not understood"),
    "a bundle of nobody": (
        lambda server, request: [
            message
            | {"jsep": {"type": "answer", "sdp": message["jsep"]["sdp"].replace("BUNDLE", "BUNDLE x")}}
            for message in described("a=x")(server, request)
        ],
        "bundle begins with 'x'",
    ),
    "an address": (
        described(f"a=candidate:1 1 tcp 1 {WORD} 9 typ host\r\na=end-of-candidates"),
        "no UDP address",
    ),
    "an address that is none": (described(f"c=IN IP4 {WORD}"), "not understood"),
    "a port of another script": (described("a=candidate:1 1 udp 1 192.0.2.1 ² typ host"), "not understood"),
    "a port without end": (
        described(f"a=candidate:1 1 udp 1 192.0.2.1 {'9' * 5_000} typ host"),
        "not understood",
    ),
    "a hangup": (
        lambda server, request: [event(server, request, janus="hangup", reason=TEXT)],
        "Janus hung up",
    ),
    "a hangup for no word": (
        lambda server, request: [event(server, request, janus="hangup", reason=[TEXT])],
        "Janus hung up",
    ),
    "a refusal": (lambda server, request: [server.error(request, 490, TEXT)], "could not set up"),
    "a refusal by no number": (
        lambda server, request: [
            {**server.error(request, 1, TEXT), "error": {"code": TEXT, "reason": [TEXT]}}
        ],
        "could not set up",
    ),
    "the plugin's": (lambda server, request: [server.event(request, error_code=TEXT, error=TEXT)], MARK),
    "a detach": (lambda server, request: [event(server, request, janus="detached")], "detached"),
    "a candidate": (trickled({"candidate": f"candidate:1 1 tcp 1 {WORD} 9 typ {WORD}"}), "no UDP address"),
    "a candidate that is none": (trickled({"candidate": TEXT, "sdpMid": TEXT}), "no ICE address at all"),
    "a candidate of a wrong type": (trickled({"candidate": 7}), "no ICE address at all"),
    "a word for a candidate": (trickled(TEXT), "no ICE address at all"),
    "a list for a candidate": (trickled([TEXT]), "no ICE address at all"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_echotest_answers(name: str) -> None:
    answer, said = ANSWERS[name]

    async def main() -> Diagnosis:
        async with scripted() as server:
            server.info |= {"plugins": ECHOTEST, "full-trickle": True, "stun-server": {TEXT: TEXT}}
            server.on["message"] = lambda request: answer(server, request)
            return await diagnose(server.url, timeout=TIMEOUT)

    found = run(main())
    assert found.fault == found.check("candidates")
    assert said in check(found), str(found)


def test_a_server_that_repeats_the_secrets_that_it_was_given() -> None:
    given = {"api_secret": "planted-api", "token": "planted-token", "admin_secret": "planted-admin"}

    async def main() -> None:
        async with scripted() as server, admin_server() as admin:
            said = " ".join(given.values()) + f" {BAIT}"
            url = server.url.replace("ws://", "ws://user:planted-password@") + "/?token=planted-query"
            server.info |= {"plugins": {said: {}}, "name": said, "server-name": said}
            server.on["create"] = lambda request: [server.error(request, 403, said)]
            admin.on["get_status"] = lambda request: [admin.error(request, 403, said)]
            admin_url = admin.url.replace("ws://", "ws://user:planted-password@")
            found = await diagnose(url, media=False, plugins=["sip"], admin_url=admin_url, **given)  # type: ignore[arg-type]  # strings
            shown = check(found)
            assert "planted" not in shown + repr(found) + found.to_json()
            assert f"{MASK} {MASK} {MASK} {BAIT}" in shown
            server.on["info"] = lambda request: [server.reply(request, janus=said)]
            assert "planted" not in check(await diagnose(url, media=False, **given))  # type: ignore[arg-type]

    run(main())
