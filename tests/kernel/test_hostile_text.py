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
%janus detach echo
%janus destroy session
%janus status
""".strip().splitlines()
LIMIT = 200_000


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    with Kernel() as kernel:
        kernel.run("%load_ext janus_notebook").check()
        yield kernel


@pytest.mark.parametrize("name", ["terminal", pytest.param("escapes", marks=pytest.mark.nightly)])
def test_whatever_a_cell_shows_is_harmless(kernel: Kernel, name: str) -> None:
    kernel.run(
        "import os, tempfile; os.chdir(tempfile.mkdtemp())\n"
        "from tests.hostile import server\nfrom tests.hostile.corpus import CORPUS\n"
        f"url = server.serve(CORPUS[{name!r}])"
    ).check()
    seen = 0
    for line in (
        *("%janus connect $url", "%janus attach echotest --as echo", "%janus attach videoroom --as room"),
        *LINES,
    ):
        result = kernel.run(line)
        shown = (result.stdout, result.stderr, result.traceback, result.error_value or "")
        for text in shown:
            check_text(text, LIMIT)
        for bundle in result.displays:
            check_bundle({kind: text for kind, text in bundle.items() if kind.startswith("text/")}, LIMIT)
        seen += any(
            "Mallory" in text for text in (*shown, *(d.get("text/plain", "") for d in result.displays))
        )
    assert kernel.value("session.state") == "closed"
    assert seen >= 15
    for line in ("%janus attach ", "%janus panel ", "%janus events ", "%janus request room "):
        for word in kernel.complete(line):
            check_text(word, 200, lines=False)
