"""``%janus`` in a real kernel, connected to a server all of whose words are hostile text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hostile.corpus import check_bundle, check_text
from tests.kernel.harness import Kernel

pytestmark = [pytest.mark.kernel]

LINES = """
%janus status
%janus info
%janus handles
%janus events session --last 200
%janus events echo --last 20
%janus panel session
%janus panel echo
%janus ladder session
%janus request echo x
%janus request room list
%janus send ping
%janus send {"janus": "nonsense"}
%janus bundle bundle.zip
%janus bundle /nowhere/bundle.zip
%janus config
print(session, echo, room)
session
room
session.server
session.events
session.ladder()
session.events.to_frame()
session.events.save('log.jsonl')
replayed = replay('log.jsonl'); replayed.seek(1e9); replayed
%janus replay log.jsonl --as again
await room.request({'request': 'list'})
call = room.request({'request': 'list'})
call
call.exception()
await session.attach('no-such-thing')
%janus attach nothing
%janus admin
%janus admin sessions
%janus admin handles
%janus admin handles 77
%janus admin info 77 77
%janus admin info 77 77 --plugin
%janus admin status
%janus admin loops
%janus admin message videoroom list
%janus admin resolve localhost
%janus admin stun 127.0.0.1 --yes
%janus admin set log_level 4
%janus admin set log_colors off
%janus admin accept on
%janus admin tokens
%janus admin tokens --secrets
%janus admin tokens add x videoroom
%janus admin log x
%janus admin capture 77 77 --seconds 0.01
%janus admin destroy 77 --yes
server = await admin()
server
await server.info()
await server.handle_info(77, 77)
await server.list_tokens()
server.capture(77, 77)
%janus panel server
%janus doctor $url --plugin sip --as found
found
print(found)
print(found.to_json())
%janus monitor
await post(watching.http_url)
watching
watching.events
watching.events.to_frame().drop(columns='raw')
watching.events.ladder()
[*watching.events][-1]
%janus record call.jsonl
%janus record live.jsonl --live
%janus record --stop
print(open('call.jsonl').read(100_000))
%janus detach echo
%janus destroy session
%janus status
%janus connect
%janus serve --binary $said
""".strip().splitlines()
LIMIT = 200_000
SECONDS = 100.0  # a busy machine
# What shows data as such is as long as what was said.
DATA = ("session.server", "%janus send", "%janus admin message")
WHOLE = 3_000_000

# What was said is in the environment and in the settings file, too.
SETUP = r"""
import asyncio, json, os, tempfile
os.chdir(tempfile.mkdtemp())
from tests.hostile import server
from tests.hostile.corpus import CORPUS, encodable, poisoned
from tests.hostile.messages import monitor_events
from tests.monitor.test_receiver import request, talk
said = encodable(CORPUS[{name!r}])[:20_000].replace('\0', '')
url, admin_url = server.serve(CORPUS[{name!r}])
os.environ |= dict(JANUS_ADMIN_URL=admin_url, JANUS_URL=said, JANUS_TIMEOUT=said, JANUS_RECOVER=said)
os.environ |= dict(JANUS_CONFIG='config.toml', JANUS_BINARY=said, JANUS_API_SECRET=said)
open('config.toml', 'w').write(json.dumps(said) + ' = 1\nurl = ' + json.dumps(said))
async def post(url):
    for message in [*map(lambda one: poisoned(one, said), monitor_events()), said, [said]]:
        await talk(url, request(json.dumps(message).encode()))
"""


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    with Kernel() as kernel:
        kernel.run("%load_ext janus_notebook").check()
        yield kernel


@pytest.mark.parametrize(
    "name",
    ["terminal", pytest.param("escapes", marks=[pytest.mark.nightly, pytest.mark.timeout(900)])],
)
def test_whatever_a_cell_shows_is_harmless(kernel: Kernel, name: str) -> None:
    kernel.run(SETUP.format(name=name)).check()
    seen = 0
    for line in (
        *("%janus connect $url", "%janus attach echotest --as echo", "%janus attach videoroom --as room"),
        *LINES,
    ):
        result = kernel.run(line, SECONDS)
        shown = (result.stdout, result.stderr, result.traceback, result.error_value or "")
        limit = WHOLE if line.startswith(DATA) else LIMIT
        for text in shown:
            check_text(text, limit)
        for bundle in result.displays:
            check_bundle({kind: text for kind, text in bundle.items() if kind.startswith("text/")}, limit)
        seen += any(
            "Mallory" in text for text in (*shown, *(d.get("text/plain", "") for d in result.displays))
        )
    assert kernel.value("session.state") == "closed"
    assert seen >= 40
    for line in ("%janus attach ", "%janus panel ", "%janus events ", "%janus request room "):
        for word in kernel.complete(line):
            check_text(word, 200, lines=False)
