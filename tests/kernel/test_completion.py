"""Tab on ``%janus`` and ``%%janus`` lines, asked of a real kernel as a front end does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from janus_notebook.gateway import LocalGateway
from tests.kernel.harness import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.live]

ROOM = 567123


@pytest.fixture(scope="module")
def kernel(gateway: LocalGateway) -> Iterator[Kernel]:
    with Kernel(env={"JANUS_URL": gateway.ws_url}) as kernel:
        kernel.run("%load_ext janus_notebook").check()
        kernel.run(
            "session = await connect()\n"
            "echo, room = await session.attach('echotest'), await session.attach('videoroom')\n"
            "other = await connect()\n"
            "offer = {'type': 'offer', 'sdp': ''}\n"
            f"await room.create(room={ROOM}, secret='s3cret')\n"
            "open('call.jsonl', 'w').close(), open('notes.txt', 'w').close()\n"
            "import os; os.mkdir('calls'); open('calls/one.jsonl', 'w').close()"
        ).check()
        yield kernel
        kernel.run(f"await room.destroy(room={ROOM}, secret='s3cret')\nawait session.destroy()").check()


# What is typed, what is offered for it, and what is not.
TYPED = [
    ("%janus ", {"serve", "connect", "request", "config", "help"}, {"session", "print"}),
    ("%janus re", {"record", "replay", "request"}, {"serve", "return"}),
    ("x = %janus inf", {"info"}, set()),
    ("%janus --tr", {"--traceback"}, set()),
    ("%janus attach vide", {"videoroom", "videocall"}, {"echotest"}),
    ("%janus attach echotest --s", {"--session"}, {"--as"}),
    ("%janus attach echotest --session ", {"session", "other"}, {"echo", "--as"}),
    ("%janus connect --recover ", {"claim", "recreate", "none"}, {"--as"}),
    ("%janus detach ", {"echo", "room", "--timeout"}, {"session"}),
    ("%janus destroy o", {"other"}, {"open"}),
    ("%janus events e", {"echo"}, {"enumerate"}),
    ("%janus help mon", {"monitor"}, set()),
    ("%janus admin s", {"sessions", "set"}, {"handles"}),
    ("%janus admin set log_c", {"log_colors"}, {"log_level"}),
    ("%janus request e", {"echo"}, {"room", "enumerate"}),
    ("%janus request room list", {"list", "listparticipants"}, {"join"}),
    ("%janus request --timeout 3 room jo", {"join", "joinandconfigure"}, {"list"}),
    ("%janus request room join ", {"room=", "display=", "--jsep"}, {"list", "secret="}),
    ("%janus request room join room=5 d", {"display="}, {"room="}),
    ("%janus request room join room=", {f"room={ROOM}"}, {"room=true"}),
    ("%janus request echo configure video=", {"video=true", "video=false"}, set()),
    ("%janus request room destroy secret=", set(), {'secret="s3cret"'}),
    ("%janus request echo configure --jsep o", {"offer"}, {"other", "open"}),
    ("%janus replay ", {"call.jsonl", "calls/"}, {"notes.txt"}),
    ("%janus replay calls/o", {"calls/one.jsonl"}, set()),
    ("%%janus ", {"echo", "room"}, {"session", "info"}),
    ("%%janus room --js", {"--jsep"}, set()),
    ('%%janus room\n{"re', {"request"}, {"return", "room"}),
    ('%%janus room\n{"request": "jo', {"join", "joinandconfigure"}, {"list"}),
    ('%%janus room\n{"request": "join",\n "dis', {"display"}, {"request"}),
    ('%%janus room\n{"request": "join", "room": ', {str(ROOM)}, set()),
    ('%%janus echo\n{"video": t', {"true"}, {"type", "try"}),
]


@pytest.mark.parametrize("jedi", [True, False])
def test_what_tab_offers(kernel: Kernel, jedi: bool) -> None:
    kernel.run(f"%config IPCompleter.use_jedi = {jedi}").check()
    sent = kernel.value("session.counters['requests'] + other.counters['requests']")
    wrong = []
    for typed, offered, not_offered in TYPED:
        found = set(kernel.complete(typed))
        if not offered <= found or found & not_offered:
            wrong.append((typed, offered - found, found & not_offered, sorted(found)[:10]))
    assert not wrong, "\n".join(map(str, wrong))
    # Nobody was asked; keepalives go on, and there are few of them.
    assert kernel.value("session.counters['requests'] + other.counters['requests']") - sent <= 20
    # Python's own is as it was.
    assert "print" in kernel.complete("pri")
    assert "pinfo" in str(kernel.complete("%pinf"))


def test_what_is_offered_replaces_what_was_typed(kernel: Kernel) -> None:
    """The plain API of the completer, which a terminal uses."""
    for typed, expected in {
        "%janus request room join room=56": f"room={ROOM}",
        "%janus replay calls/o": "calls/one.jsonl",
        "%janus detach ec": "echo",
    }.items():
        fragment, found = kernel.value(f"get_ipython().complete(None, {typed!r})")
        assert found == [expected]
        assert typed.endswith(fragment)
        assert expected.startswith(fragment)


def test_loading_again_and_again_leaves_one_of_each(kernel: Kernel) -> None:
    kernel.run(
        "def hooks():\n"
        "    shell, events = get_ipython(), get_ipython().events.callbacks\n"
        "    return (len(shell.Completer.custom_matchers), len(shell.input_transformers_post),\n"
        "            len(events['pre_run_cell']), len(events['post_run_cell']), len(shell.configurables),\n"
        "            len(shell.magics_manager.registry), len(shell.magics_manager.magics['line']),\n"
        "            len(shell.strdispatchers.get('complete_command', {}).strs\n"
        "                if 'complete_command' in shell.strdispatchers else ()))"
    ).check()
    loaded = kernel.value("hooks()")
    for line in (
        "load",
        "reload",
        "reload",
        "unload",
        "unload",
        "load",
        "load",
        "unload",
        "reload",
        "reload",
    ):
        kernel.run(f"%{line}_ext janus_notebook").check()
        if line != "unload":
            assert kernel.value("hooks()") == loaded
            assert kernel.complete("%janus inf") == ["info"]
            assert str(kernel.run("%janus status").check().text).startswith("what ")
        else:
            assert "janus" not in str(kernel.value("list(get_ipython().magics_manager.registry)"))
            assert kernel.complete("%janus inf") == []
    kernel.run("%unload_ext janus_notebook").check()
    assert kernel.value("[a - b for a, b in zip(hooks(), " + repr(loaded) + ")]") == [
        -1,
        -1,
        -1,
        -1,
        -1,
        -1,
        0,
        0,
    ]
    kernel.run(
        "%load_ext janus_notebook\nsession = await connect()\nroom = await session.attach('videoroom')"
    ).check()
