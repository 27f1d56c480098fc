"""What a beginner types wrong: each is one line that says what to do, and no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from janus_notebook.gateway import LocalGateway
from tests.kernel.harness import Kernel, Result

pytestmark = [pytest.mark.kernel, pytest.mark.live]

# Each cell, and a part of the line that it gives. `echo` and `room` are handles of `session`; `gone` is
# a detached handle of it, `ended` a session that is over, and `number` is 5.
SLIPS = {
    # the command
    "wrong verb": ("%janus atach echotest", "Did you mean 'attach'? %janus help explains them."),
    "a verb of nothing known": ("%janus frobnicate", "%janus help explains them."),
    "a handle in place of the verb": ("%janus echo configure", "%janus request echo NAME"),
    "a session in place of the verb": ("%janus session", "To see it: %janus panel session."),
    "two percent signs": ("%%janus connect\n\n", "Write %janus connect."),
    "two percent signs with more": ("%%janus info\n1 + 1", "Write %janus info with one %"),
    "one percent sign too few": (
        '%janus echo\n{"request": "configure"}',
        "With a body below: %%janus echo.",
    ),
    "cell magic below the first line": ("x = 1\n%%janus echo\n{}", "must be in the first line"),
    "await": ("await %janus info", "Write %janus info without await."),
    "in brackets": ("print(%janus info)", "Write: result = %janus info"),
    "help of nothing": ("%janus help atach", "Did you mean 'attach'?"),
    # options
    "typo in an option": ("%janus attach echotest --ass e", "Did you mean '--as'?"),
    "an option that it does not have": ("%janus stop --force", "It takes no options."),
    "a missing value": ("%janus attach echotest --as", "expected one argument"),
    "two options that exclude each other": (
        "%janus record call.jsonl --live --stop",
        "not allowed with argument",
    ),
    "a name and --all": ("%janus destroy session --all", "not allowed with argument"),
    "a number where a name belongs": ("%janus attach echotest --as 3", "can't be a variable"),
    "no name": ("%janus handles -o 3x", "and no digit first"),
    "a word of Python": ("%janus handles -o class", "Choose another."),
    "no number": ("%janus request echo configure --timeout soon", "a number of seconds above 0"),
    "a negative number": ("%janus request echo configure --timeout -1", "a number of seconds above 0"),
    "no choice": ("%janus connect --recover maybe", "choose from"),
    "a missing argument": ("%janus attach", "which plugin? There are: "),
    "too many words": ("%janus attach echotest videoroom", "unexpected 'videoroom'"),
    "an open quote": ("%janus attach 'echotest", "Close the quote."),
    "typo in an option of a view": ("echo.view(widht=3)", "Did you mean 'width'?"),
    "typo in an option of attach": (
        "await session.attach('echotest', opaqueid='x')",
        "Did you mean 'opaque_id'?",
    ),
    # sessions and servers
    "a server that is down": ("%janus connect ws://127.0.0.1:1", "was refused"),
    "no scheme": ("%janus connect localhost:8188", "Did you mean 'ws://localhost:8188'?"),
    "wrong scheme": ("%janus connect wss:/127.0.0.1", "wss://"),
    "unknown scheme": ("%janus connect ftp://127.0.0.1", "ws://"),
    "no URL known": ("%janus connect", "Start one with %janus serve, or name one"),
    "a session that is gone": ("%janus destroy ended", "the session ended is closed"),
    "a session that never was": ("%janus info --session sesion", "Did you mean 'session'?"),
    "no session at all": ("%janus info --session number", "but int"),
    "nothing to stop": ("%janus stop", "no local gateway runs"),
    # handles
    "unknown plugin": ("%janus attach echotset", "echotest"),
    "a handle that is gone": ("%janus request gone configure", "Attach again: %janus attach PLUGIN."),
    "detached twice": ("%janus detach gone", "the handle gone is detached"),
    "a handle that never was": ("%janus detach ecko", "Did you mean 'echo'?"),
    "which of several": ("%janus detach", "There are: echo, room."),
    "unknown variable": ("%janus detach $ecco", "no handle is called '$ecco'"),
    # requests
    "misspelt request": ("%janus request echo configre", "configure"),
    "no request": ("%janus request room", "Known: "),
    "unknown parameter": ("%janus request echo configure vidoe=true", "Did you mean 'video'?"),
    "a missing parameter": ("%janus request room exists", "exists needs room"),
    "no parameter": ("%janus request room exists 1234", "Write room=1234"),
    "no value": ("%janus request room exists room=", "has no value"),
    "spaces around =": ("%janus request room exists room = 1234", "without spaces around the ="),
    "the request before the handle": ("%janus request configure echo", "%janus request echo configure"),
    "a parameter before the request": ("%janus request room room=1234", "comes before its parameters"),
    "a room of a wrong type": ("%janus request room exists room=[1234]", "room"),
    "a room that is not there": ("%janus request room listparticipants room=999", "No such room"),
    "no jsep": ("%janus request echo configure --jsep offer", "there is no such variable"),
    "jsep of something else": ("%janus request echo configure --jsep number", "is int"),
    "an open brace": ('%janus request room {"request": "list"', "Write }."),
    # bodies
    "no body": ("%%janus echo\n\n", "the body is empty"),
    "a trailing comma too much": (
        '%%janus echo\n{"request": "configure",,}',
        "line 2 of the cell, column 25",
    ),
    "a missing comma": ('%%janus echo\n{"request": "configure"\n "video": false}', "of the cell, column"),
    "a missing brace": ('%%janus echo\n{"request": "configure"', "line 2 of the cell, column 1"),
    "missing quotes": (
        "%%janus echo\n{\n  request: configure\n}",
        'line 3 of the cell, column 3: request is no value. A text needs quotes: "request".',
    ),
    "a missing quote": ('%%janus echo\n{"request": "configure}', "line 2 of the cell, column 13"),
    "code": ("%%janus echo\n{'request': str(1)}", "column 13: only values can stand here"),
    "Python below": ("%%janus echo\nx = 1", "line 2 of the cell, column 3"),
    "a list": ('%%janus echo\n["configure"]', "must be an object in braces, not list"),
    "a set": ("%%janus echo\n{'configure'}", 'Write {"name": value}.'),
    "misspelt in a body": ('%%janus room\n{"request": "lsit"}', "Did you mean 'list'?"),
    "a parameter misspelt in a body": ('%%janus echo\n{"vidoe": true}', "Did you mean 'video'?"),
    "no handle": ('%%janus ecko\n{"video": true}', "Did you mean 'echo'?"),
    "a message that is none": ("%janus send {janus: ping}", 'A text needs quotes: "janus"'),
    "a message of no kind": ('%janus send {"janus": "pnig"}', "pnig"),
    # files
    "a file that is not there": ("%janus replay missing.jsonl", "No such file"),
    "no recording": ("%janus replay other.txt", "Expected a file of events.save(path), whole."),
    "a speed of nothing": ("%janus replay missing.jsonl --speed 0", "a number above 0 is expected, not '0'"),
    "no file": ("%janus record", "which file?"),
    "another kind of file": ("%janus record call", "Write %janus record call.jsonl."),
    "a folder that is not there": ("%janus record nowhere/call.jsonl", "No such file"),
    "a file that is there": ("%janus record there.jsonl", "--overwrite replaces it."),
    "nothing to end": ("%janus record --stop", "nothing is being recorded"),
    # the support bundle, the doctor, the Admin API, the settings
    "a bundle of another kind": ("%janus bundle report.txt", "Write 'report.zip'."),
    "a bundle that is there": ("%janus bundle there.zip", "or pass overwrite=True (--overwrite) to"),
    "a bundle of nobody": ("%janus bundle --session ecko", "Did you mean 'echo'?"),
    "a bundle for a folder that is not there": ("%janus bundle nowhere/x.zip", "Make it first"),
    "a log in place of logs": ("await session.bundle('x.zip', logs='janus.log')", "For example logs={"),
    "a doctor for a session": ("%janus doctor session", "Write %janus doctor ws://127.0.0.1"),
    "a doctor for a handle": ("%janus doctor echo", "Write %janus doctor ws://127.0.0.1"),
    "a plugin without --plugin": ("%janus doctor ws://127.0.0.1:1 sip", "unexpected 'sip'. Usage: "),
    "a typo in an option of the doctor": ("%janus doctor --nomedia", "Did you mean '--no-media'?"),
    "a doctor in Python": ("session.doctor()", "has no 'doctor'. Known: "),
    "a URL for a verb of admin": ("%janus admin http://x:7088/admin", "await admin(URL, admin_secret=...)"),
    "a handle for a verb of admin": ("%janus admin echo", "Write %janus admin info echo."),
    "a setting of the server without a value": ("%janus admin set log_level", "set log_level VALUE."),
    "a setting of the server in one word": ("%janus admin set log_level=much", "whole number, not 'much'"),
    "a wrong name for the admin's secret": (
        "await admin('http://127.0.0.1:1/admin', secret='x')",
        "Did you mean 'admin_secret'?",
    ),
    "an Admin API that is not there": ("%janus admin sessions", "no Admin API to connect to."),
    "a setting set by config": ("%janus config timeout=20", "%config JanusMagics.timeout = 20"),
    "a setting asked for": ("%janus config url", "shows all settings, and takes no 'url'"),
    "a request of the line in the body": (
        "%%janus echo\nconfigure video=true",
        'A body is like {"request": "configure", "video": false}.',
    ),
    "a comment for a body": ("%%janus echo\n# nothing yet", "A body is like {"),
    "a request behind the handle": ('%%janus echo configure\n{"video": true}', "unexpected 'configure'"),
    "a session for a handle": ('%%janus session\n{"janus": "ping"}', "Known: echo, room."),
    # in Python, and the settings
    "an assignment": ("x = %janus inof", "Did you mean 'info'?"),
    "Python after it": ("%janus inof\nprint('not reached')", "Did you mean 'info'?"),
    "in a function": ("def f():\n    %janus inof\nf()", "Did you mean 'info'?"),
    "run_line_magic": ("get_ipython().run_line_magic('janus', 'inof')", "Did you mean 'info'?"),
    "a setting of a wrong type": ("%config JanusMagics.timeout = 'soon'", "'timeout' trait of a JanusMagics"),
    "a setting of a wrong kind": (
        "%config JanusMagics.recover = 'reclaim'",
        "any of ['claim', 'recreate', 'none']",
    ),
    "not loaded any more": ("%unload_ext janus_notebook\n%janus info", "Load it: %load_ext janus_notebook."),
}


def said(result: Result) -> str:
    """All that a front end shows of a cell."""
    assert not result.displays, result.displays
    return (result.stdout + result.stderr + result.traceback).strip()


@pytest.fixture(scope="module")
def kernel(gateway: LocalGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    folder: Path = tmp_path_factory.mktemp("notebook")
    (folder / "other.txt").write_text("no recording\n")
    (folder / "there.jsonl").write_text("")
    (folder / "there.zip").write_text("")
    with Kernel(cwd=folder) as kernel:
        kernel.run("%load_ext janus_notebook").check()
        kernel.run(
            f"session, ended = await connect({gateway.ws_url!r}), await connect({gateway.ws_url!r})\n"
            "echo, gone = await session.attach('echotest'), await session.attach('echotest')\n"
            "room = await session.attach('videoroom')\n"
            "await gone.detach()\nawait ended.destroy()\nnumber = 5"
        ).check()
        yield kernel


def test_the_bundle_of_a_session_that_has_ended(kernel: Kernel) -> None:
    """Its own, and not a file of that name about another one."""
    shown = kernel.run("%janus bundle ended").check().text or ""
    assert "/janus-bundle-" in shown
    assert f"-{kernel.value('session.id')}-" not in shown


def test_each_is_one_line_that_says_what_to_do(kernel: Kernel) -> None:
    wrong = {}
    for name, (cell, part) in SLIPS.items():
        result = kernel.run(cell)
        text = said(result)
        if part not in text or len(text.splitlines()) != 1 or "mistake in" in text:
            wrong[name] = text
    assert not wrong, "\n".join(f"{name}: {SLIPS[name][1]!r} in\n  {text}" for name, text in wrong.items())


def test_before_there_is_anything(gateway: LocalGateway, tmp_path: Path) -> None:
    """A kernel in which nothing was done yet; the settings have a mistake, too."""
    (tmp_path / "config.toml").write_text('ulr = "ws://host"\n')
    with Kernel(env={"JANUS_CONFIG": str(tmp_path / "config.toml")}) as kernel:
        loaded = kernel.run("%load_ext janus_notebook").check()
        assert said(loaded) == (
            f"Settings: file {tmp_path}/config.toml line 1: unknown setting 'ulr'. Did you mean 'url'?"
        )
        assert said(kernel.run("%reload_ext janus_notebook").check()) == ""
        for cell, part in {
            "%janus attach echotest": "there is no session. Make one: %janus connect",
            "%janus request echo configure": "there is no handle. Attach one",
            "%%janus echo\n{}": "there is no handle. Attach one",
            "%janus panel": "there is no session. Make one",
            "%janus connect": "unknown setting 'ulr'. Did you mean 'url'?",
        }.items():
            text = said(kernel.run(cell))
            assert part in text
            assert len(text.splitlines()) == 1, text
        assert "unknown setting 'ulr'" in str(kernel.run("%janus config").check().text)
        # Asked for, there is a traceback.
        whole = kernel.run("%janus --traceback attach echotest").traceback
        assert "most recent call last" in whole
        kernel.run("%config JanusMagics.traceback = True").check()
        assert "most recent call last" in kernel.run("%janus attach echotest").traceback
        kernel.run("%config JanusMagics.traceback = False").check()
        assert "most recent call last" not in kernel.run("%janus attach echotest").traceback
        kernel.run(f"session = await connect({gateway.ws_url!r})").check()
